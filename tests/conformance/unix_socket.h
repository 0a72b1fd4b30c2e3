/* What the programs about AF_UNIX sockets share: unix(7). */
#ifndef UNIX_SOCKET_H
#define UNIX_SOCKET_H

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "check.h"

static inline void pair(int type, int fds[2])
{
	OK(socketpair(AF_UNIX, type, 0, fds));
}

static inline socklen_t path_name(struct sockaddr_un *name, const char *path)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	strcpy(name->sun_path, path);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

/* An abstract name of this process's own. */
static inline socklen_t abstract_name(struct sockaddr_un *name, const char *text)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)snprintf(name->sun_path + 1, sizeof name->sun_path - 1, "%s-%d",
				   text, (int)getpid()));
}

static inline int listener(int type, const char *path)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, path);
	int fd = OK(socket(AF_UNIX, type, 0));

	OK(bind(fd, (struct sockaddr *)&name, size));
	if (type != SOCK_DGRAM)
		OK(listen(fd, 5));
	return fd;
}

static inline int connect_path(int fd, const char *path)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, path);

	return connect(fd, (struct sockaddr *)&name, size);
}

static inline int connected(int type, const char *path)
{
	int fd = OK(socket(AF_UNIX, type, 0));

	OK(connect_path(fd, path));
	return fd;
}

static inline int ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	OK(poll(&p, 1, 0));
	return p.revents;
}

static inline int option(int fd, int which)
{
	int value = -1;
	socklen_t size = sizeof value;

	OK(getsockopt(fd, SOL_SOCKET, which, &value, &size));
	EQUAL(size, sizeof value);
	return value;
}

static volatile sig_atomic_t signals __attribute__((unused));

static inline void count(int number)
{
	(void)number;
	signals++;
}

#endif
