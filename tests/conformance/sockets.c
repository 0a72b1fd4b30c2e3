/* AF_UNIX sockets: unix(7), socket(2), socketpair(2), bind(2), listen(2), accept(2), connect(2), send(2), recv(2),
 * shutdown(2), getsockopt(2). */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "check.h"

static void pair(int type, int fds[2])
{
	OK(socketpair(AF_UNIX, type, 0, fds));
}

static socklen_t path_name(struct sockaddr_un *name, const char *path)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	strcpy(name->sun_path, path);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

/* An abstract name of this process's own. */
static socklen_t abstract_name(struct sockaddr_un *name, const char *text)
{
	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)snprintf(name->sun_path + 1, sizeof name->sun_path - 1, "%s-%d",
				   text, (int)getpid()));
}

static int listener(int type, const char *path)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, path);
	int fd = OK(socket(AF_UNIX, type, 0));

	OK(bind(fd, (struct sockaddr *)&name, size));
	if (type != SOCK_DGRAM)
		OK(listen(fd, 5));
	return fd;
}

static int connect_path(int fd, const char *path)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, path);

	return connect(fd, (struct sockaddr *)&name, size);
}

static int connected(int type, const char *path)
{
	int fd = OK(socket(AF_UNIX, type, 0));

	OK(connect_path(fd, path));
	return fd;
}

static int ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	OK(poll(&p, 1, 0));
	return p.revents;
}

static int option(int fd, int which)
{
	int value = -1;
	socklen_t size = sizeof value;

	OK(getsockopt(fd, SOL_SOCKET, which, &value, &size));
	EQUAL(size, sizeof value);
	return value;
}

static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

/* --- Pairs of streams --- */

CASE(stream_carries_bytes_both_ways)
{
	char text[16] = "";
	int fds[2];

	pair(SOCK_STREAM, fds);
	EQUAL(write(fds[0], "there", 5), 5);
	EQUAL(send(fds[1], "back", 4, 0), 4);
	EQUAL(recv(fds[1], text, sizeof text, 0), 5);
	SAME_TEXT(text, "there");
	memset(text, 0, sizeof text);
	EQUAL(read(fds[0], text, sizeof text), 4);
	SAME_TEXT(text, "back");
}

CASE(stream_joins_writes)
{
	char text[16] = "";
	int fds[2];

	pair(SOCK_STREAM, fds);
	EQUAL(write(fds[0], "ab", 2), 2);
	EQUAL(write(fds[0], "cd", 2), 2);
	EQUAL(read(fds[1], text, 3), 3);
	SAME_TEXT(text, "abc");
	EQUAL(read(fds[1], text, sizeof text), 1);
	EQUAL(text[0], 'd');
}

CASE(vectors)
{
	char a[3] = "", b[3] = "";
	struct iovec out[] = { { "xy", 2 }, { "z", 1 } }, in[] = { { a, 2 }, { b, 2 } };
	int fds[2];

	pair(SOCK_STREAM, fds);
	EQUAL(writev(fds[0], out, 2), 3);
	EQUAL(readv(fds[1], in, 2), 3);
	SAME_TEXT(a, "xy");
	SAME_TEXT(b, "z");
}

CASE(flags_of_socketpair)
{
	int fds[2];
	char byte;

	pair(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, fds);
	EQUAL(fcntl(fds[0], F_GETFL), O_RDWR | O_NONBLOCK);
	EQUAL(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
	FAILS(read(fds[0], &byte, 1), EAGAIN);
	FAILS(socketpair(AF_UNIX, SOCK_STREAM | 0x20, 0, fds), EINVAL);
	FAILS(socketpair(AF_UNIX, 9, 0, fds), ESOCKTNOSUPPORT);
	FAILS(socketpair(AF_UNIX, SOCK_STREAM, 77, fds), EPROTONOSUPPORT);
	FAILS(socketpair(99, SOCK_STREAM, 0, fds), EAFNOSUPPORT);
	FAILS(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 16), EFAULT);
}

CASE(many_bytes_wait_for_a_reader)
{
	enum { SIZE = 1 << 20 };
	static char out[SIZE], in[SIZE];
	size_t done = 0;
	pid_t child;
	int fds[2];

	for (size_t i = 0; i < SIZE; i++)
		out[i] = (char)(i * 7 + (i >> 8));
	pair(SOCK_STREAM, fds);
	child = OK(fork());
	if (child == 0) {
		close(fds[1]);
		_exit(write(fds[0], out, SIZE) == SIZE ? 0 : 1);
	}
	OK(close(fds[0]));
	while (done < SIZE) {
		ssize_t n = OK(read(fds[1], in + done, SIZE - done));

		CHECK(n > 0);
		done += (size_t)n;
	}
	EQUAL(read(fds[1], in, 1), 0);
	EXITS(child, 0);
	CHECK(memcmp(in, out, SIZE) == 0);
}

CASE(nonblocking_write_until_full)
{
	static char block[10000];
	size_t total = 0, back = 0;
	ssize_t n;
	int fds[2];

	pair(SOCK_STREAM | SOCK_NONBLOCK, fds);
	while ((n = write(fds[0], block, sizeof block)) > 0)
		total += (size_t)n;
	EQUAL(errno, EAGAIN);
	CHECK(total >= 30000);
	EQUAL(ready(fds[0], POLLIN | POLLOUT), 0);
	while ((n = read(fds[1], block, sizeof block)) > 0)
		back += (size_t)n;
	EQUAL(errno, EAGAIN);
	EQUAL(back, total);
	EQUAL(ready(fds[0], POLLIN | POLLOUT), POLLOUT);
}

CASE(dontwait_peek_and_waitall)
{
	char text[16] = "";
	pid_t child;
	int fds[2];

	pair(SOCK_STREAM, fds);
	FAILS(recv(fds[0], text, 1, MSG_DONTWAIT), EAGAIN);
	EQUAL(write(fds[1], "abcd", 4), 4);
	EQUAL(recv(fds[0], text, 2, MSG_PEEK), 2);
	EQUAL(recv(fds[0], text, sizeof text, MSG_PEEK), 4);
	SAME_TEXT(text, "abcd");
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(write(fds[1], "efgh", 4) == 4 ? 0 : 1);
	}
	EQUAL(recv(fds[0], text, 8, MSG_WAITALL), 8);
	SAME_TEXT(text, "abcdefgh");
	EXITS(child, 0);
}

CASE(reader_waits_for_a_writer)
{
	pid_t child;
	char byte = 0;
	int fds[2];

	pair(SOCK_STREAM, fds);
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(write(fds[1], "!", 1) == 1 ? 0 : 1);
	}
	EQUAL(read(fds[0], &byte, 1), 1);
	EQUAL(byte, '!');
	EXITS(child, 0);
}

CASE(signal_ends_a_wait)
{
	struct sigaction action = { .sa_handler = count };
	pid_t parent = getpid(), child;
	char byte;
	int fds[2];

	pair(SOCK_STREAM, fds);
	OK(sigaction(SIGUSR1, &action, NULL));
	child = OK(fork());
	if (child == 0) {
		for (int i = 0; i < 20; i++) {
			nap(20);
			kill(parent, SIGUSR1);
		}
		_exit(0);
	}
	FAILS(recv(fds[0], &byte, 1, 0), EINTR);
	CHECK(signals > 0);
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

CASE(closing_is_end_of_file)
{
	char text[8];
	int fds[2];

	pair(SOCK_STREAM, fds);
	EQUAL(write(fds[0], "last", 4), 4);
	OK(close(fds[0]));
	EQUAL(ready(fds[1], POLLIN | POLLRDHUP), POLLIN | POLLRDHUP | POLLHUP);
	EQUAL(read(fds[1], text, sizeof text), 4);
	EQUAL(read(fds[1], text, sizeof text), 0);
	EQUAL(read(fds[1], text, sizeof text), 0);
}

CASE(writing_to_nobody)
{
	struct sigaction action = { .sa_handler = count };
	int fds[2];

	pair(SOCK_STREAM, fds);
	OK(sigaction(SIGPIPE, &action, NULL));
	OK(close(fds[1]));
	FAILS(write(fds[0], "x", 1), EPIPE);
	EQUAL(signals, 1);
	FAILS(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQUAL(signals, 1);
	signal(SIGPIPE, SIG_DFL);
	pid_t child = OK(fork());

	if (child == 0) {
		(void)!write(fds[0], "x", 1);
		_exit(0);
	}
	DIES(child, SIGPIPE);
}

CASE(unread_bytes_reset_the_other_side)
{
	char byte;
	int fds[2];

	pair(SOCK_STREAM, fds);
	EQUAL(write(fds[0], "unread", 6), 6);
	OK(close(fds[1]));
	CHECK(ready(fds[0], POLLIN) & POLLERR);
	EQUAL(option(fds[0], SO_ERROR), ECONNRESET);
	EQUAL(option(fds[0], SO_ERROR), 0);
	EQUAL(read(fds[0], &byte, 1), 0);
	pair(SOCK_STREAM, fds);
	EQUAL(write(fds[0], "unread", 6), 6);
	OK(close(fds[1]));
	FAILS(read(fds[0], &byte, 1), ECONNRESET);
	EQUAL(read(fds[0], &byte, 1), 0);
}

CASE(shutdown_of_each_direction)
{
	char byte;
	int fds[2];

	pair(SOCK_STREAM, fds);
	OK(shutdown(fds[0], SHUT_WR));
	EQUAL(read(fds[1], &byte, 1), 0);
	FAILS(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQUAL(write(fds[1], "y", 1), 1);
	EQUAL(read(fds[0], &byte, 1), 1);
	EQUAL(ready(fds[1], POLLIN | POLLRDHUP | POLLOUT), POLLIN | POLLRDHUP | POLLOUT);
	OK(shutdown(fds[0], SHUT_RD));
	EQUAL(ready(fds[0], POLLIN) & POLLHUP, POLLHUP);
	FAILS(send(fds[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(shutdown(fds[0], 3), EINVAL);
	FAILS(shutdown(-1, SHUT_RD), EBADF);
}

CASE(shutdown_wakes_a_reader)
{
	pid_t child;
	char byte;
	int fds[2];

	pair(SOCK_STREAM, fds);
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(shutdown(fds[1], SHUT_WR));
	}
	EQUAL(read(fds[0], &byte, 1), 0);
	EXITS(child, 0);
}

CASE(poll_waits)
{
	struct pollfd polled[2];
	pid_t child;
	fd_set set;
	int fds[2], others[2];

	pair(SOCK_STREAM, fds);
	pair(SOCK_STREAM, others);
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(write(fds[1], "!", 1) == 1 ? 0 : 1);
	}
	polled[0] = (struct pollfd){ .fd = others[0], .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	EQUAL(poll(polled, 2, 10000), 1);
	EQUAL(polled[0].revents, 0);
	EQUAL(polled[1].revents, POLLIN);
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	EQUAL(select(fds[0] + 1, &set, NULL, NULL, NULL), 1);
	EXITS(child, 0);
}

CASE(what_fstat_and_ioctl_tell)
{
	struct stat info;
	char text[32] = "";
	char link[64];
	int fds[2], waiting;

	pair(SOCK_STREAM, fds);
	OK(fstat(fds[0], &info));
	CHECK(S_ISSOCK(info.st_mode));
	EQUAL(write(fds[0], "abc", 3), 3);
	OK(ioctl(fds[1], FIONREAD, &waiting));
	EQUAL(waiting, 3);
	FAILS(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	FAILS(pread(fds[0], text, 1, 0), ESPIPE);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fds[0]);
	CHECK(readlink(link, text, sizeof text - 1) > 0);
	CHECK(strncmp(text, "socket:[", 8) == 0);
	FAILS(open(link, O_RDWR), ENXIO);
}

CASE(options)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	int fds[2], value = 20000, plain = OK(open("/dev/null", O_RDWR));

	pair(SOCK_SEQPACKET, fds);
	EQUAL(option(fds[0], SO_TYPE), SOCK_SEQPACKET);
	EQUAL(option(fds[0], SO_DOMAIN), AF_UNIX);
	EQUAL(option(fds[0], SO_PROTOCOL), 0);
	EQUAL(option(fds[0], SO_ERROR), 0);
	EQUAL(option(fds[0], SO_ACCEPTCONN), 0);
	EQUAL(option(fds[0], SO_PASSCRED), 0);
	OK(getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
	EQUAL(peer.pid, getpid());
	EQUAL(peer.uid, geteuid());
	EQUAL(peer.gid, getegid());
	OK(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value));
	EQUAL(option(fds[0], SO_SNDBUF), 40000);
	value = 1;
	OK(setsockopt(fds[0], SOL_SOCKET, SO_REUSEADDR, &value, sizeof value));
	EQUAL(option(fds[0], SO_REUSEADDR), 1);
	FAILS(setsockopt(fds[0], SOL_SOCKET, 999, &value, sizeof value), ENOPROTOOPT);
	FAILS(getsockopt(fds[0], SOL_SOCKET, 999, &value, &size), ENOPROTOOPT);
	FAILS(getsockopt(fds[0], 77, 1, &value, &size), EOPNOTSUPP);
	FAILS(getsockopt(plain, SOL_SOCKET, SO_TYPE, &value, &size), ENOTSOCK);
	FAILS(getsockopt(-1, SOL_SOCKET, SO_TYPE, &value, &size), EBADF);
	FAILS(send(plain, "x", 1, 0), ENOTSOCK);
}

CASE(socketcall_and_its_own_calls)
{
	char byte;
	int fds[2] = { -1, -1 };
	unsigned long arguments[] = { AF_UNIX, SOCK_STREAM, 0, (unsigned long)fds };
	unsigned long send_arguments[] = { 0, (unsigned long)"x", 1, 0 };

	OK(syscall(SYS_socketcall, 8, arguments));
	send_arguments[0] = (unsigned long)fds[0];
	EQUAL(syscall(SYS_socketcall, 9, send_arguments), 1);
	EQUAL(read(fds[1], &byte, 1), 1);
	OK(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds));
	EQUAL(syscall(SYS_sendto, fds[0], "x", 1, 0, NULL, 0), 1);
	EQUAL(syscall(SYS_recvfrom, fds[1], &byte, 1, 0, NULL, NULL), 1);
	FAILS(syscall(SYS_socketcall, 99, arguments), EINVAL);
	FAILS(syscall(SYS_socketcall, 8, 16), EFAULT);
}

CASE(bad_pointers)
{
	int fds[2];
	char byte;

	pair(SOCK_STREAM, fds);
	FAILS(write(fds[0], (void *)16, 4), EFAULT);
	EQUAL(write(fds[0], "x", 1), 1);
	FAILS(read(fds[1], (void *)16, 4), EFAULT);
	EQUAL(read(fds[1], &byte, 1), 1);
	FAILS(sendmsg(fds[0], (void *)16, 0), EFAULT);
	FAILS(recvmsg(fds[0], (void *)16, MSG_DONTWAIT), EFAULT);
}

/* --- Names --- */

CASE(connection_by_path)
{
	struct sockaddr_un name;
	socklen_t size = sizeof name;
	struct stat info;
	char text[8] = "";
	int waits, client, server;

	umask(027);
	waits = listener(SOCK_STREAM, "socket");
	OK(stat("socket", &info));
	EQUAL(info.st_mode, S_IFSOCK | 0750);
	EQUAL(option(waits, SO_ACCEPTCONN), 1);
	client = connected(SOCK_STREAM, "socket");
	EQUAL(write(client, "early", 5), 5);
	EQUAL(ready(waits, POLLIN), POLLIN);
	server = OK(accept(waits, (struct sockaddr *)&name, &size));
	EQUAL(size, sizeof(sa_family_t)); /* the client has no name */
	EQUAL(name.sun_family, AF_UNIX);
	EQUAL(read(server, text, sizeof text), 5);
	SAME_TEXT(text, "early");
	size = sizeof name;
	OK(getpeername(client, (struct sockaddr *)&name, &size));
	SAME_TEXT(name.sun_path, "socket");
	EQUAL(size, offsetof(struct sockaddr_un, sun_path) + 7);
	size = sizeof name;
	OK(getsockname(server, (struct sockaddr *)&name, &size));
	SAME_TEXT(name.sun_path, "socket");
	size = 3;
	OK(getsockname(server, (struct sockaddr *)&name, &size));
	EQUAL(size, offsetof(struct sockaddr_un, sun_path) + 7);
	FAILS(getpeername(waits, (struct sockaddr *)&name, &size), ENOTCONN);
	FAILS(open("socket", O_RDWR), ENXIO);
}

CASE(errors_of_connect)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, "node");
	int fd = OK(socket(AF_UNIX, SOCK_STREAM, 0)), waits;

	FAILS(connect_path(fd, "missing"), ENOENT);
	OPENS(open("file", O_CREAT | O_RDWR, 0600));
	FAILS(connect_path(fd, "file"), ECONNREFUSED);
	OK(mknod("node", S_IFSOCK | 0600, 0));
	FAILS(connect_path(fd, "node"), ECONNREFUSED);
	waits = listener(SOCK_STREAM, "waits");
	OK(connect_path(fd, "waits"));
	FAILS(connect_path(fd, "waits"), EISCONN);
	FAILS(connect(waits, (struct sockaddr *)&name, 1), EINVAL);
	fd = OK(socket(AF_UNIX, SOCK_DGRAM, 0));
	FAILS(connect_path(fd, "waits"), EPROTOTYPE);
	name.sun_family = AF_INET;
	FAILS(connect(fd, (struct sockaddr *)&name, size), EINVAL);
	OK(close(waits));
	fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(connect_path(fd, "waits"), ECONNREFUSED);
}

CASE(errors_of_bind_and_listen)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, "bound");
	int first = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	int second = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	int datagrams = OK(socket(AF_UNIX, SOCK_DGRAM, 0));

	FAILS(listen(first, 1), EINVAL);
	OK(bind(first, (struct sockaddr *)&name, size));
	FAILS(bind(second, (struct sockaddr *)&name, size), EADDRINUSE);
	size = path_name(&name, "other");
	FAILS(bind(first, (struct sockaddr *)&name, size), EINVAL);
	FAILS(access("other", F_OK), ENOENT);
	size = path_name(&name, "missing/other");
	FAILS(bind(second, (struct sockaddr *)&name, size), ENOENT);
	FAILS(bind(second, (struct sockaddr *)&name, 200), EINVAL);
	FAILS(listen(datagrams, 1), EOPNOTSUPP);
	FAILS(accept(second, NULL, NULL), EINVAL);
	FAILS(accept(datagrams, NULL, NULL), EOPNOTSUPP);
}

CASE(path_is_followed_by_renames)
{
	int waits = listener(SOCK_STREAM, "old"), fd;

	OK(rename("old", "new"));
	fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(connect_path(fd, "old"), ENOENT);
	OK(connect_path(fd, "new"));
	OK(link("new", "again"));
	OK(unlink("new"));
	connected(SOCK_STREAM, "again");
	OK(unlink("again"));
	listener(SOCK_STREAM, "again"); /* another one, of the same name */
	OK(close(waits));
}

CASE(connecting_needs_write_permission)
{
	pid_t child;
	int waits;

	if (geteuid() != 0)
		skip("needs root");
	OK(chmod(".", 0755));
	waits = listener(SOCK_STREAM, "socket");
	OK(chmod("socket", 0755));
	child = OK(fork());
	if (child == 0) {
		int fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));

		OK(setresuid(1000, 1000, 1000));
		FAILS(connect_path(fd, "socket"), EACCES);
		_exit(0);
	}
	EXITS(child, 0);
	OK(chmod("socket", 0777));
	child = OK(fork());
	if (child == 0) {
		OK(setresuid(1000, 1000, 1000));
		connected(SOCK_STREAM, "socket");
		_exit(0);
	}
	EXITS(child, 0);
	OK(close(waits));
}

CASE(abstract_names)
{
	struct sockaddr_un name, told;
	socklen_t size = abstract_name(&name, "name"), told_size = sizeof told;
	int waits = OK(socket(AF_UNIX, SOCK_STREAM, 0)), fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));

	FAILS(connect(fd, (struct sockaddr *)&name, size), ECONNREFUSED);
	OK(bind(waits, (struct sockaddr *)&name, size));
	FAILS(connect(fd, (struct sockaddr *)&name, size), ECONNREFUSED);
	FAILS(bind(fd, (struct sockaddr *)&name, size), EADDRINUSE);
	OK(listen(waits, 1));
	OK(connect(fd, (struct sockaddr *)&name, size));
	OK(getpeername(fd, (struct sockaddr *)&told, &told_size));
	EQUAL(told_size, size);
	CHECK(memcmp(&name, &told, size) == 0);
	OK(close(waits));
	waits = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	OK(bind(waits, (struct sockaddr *)&name, size)); /* free again at once */
}

CASE(a_name_of_the_systems_choice)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof name;
	int fd = OK(socket(AF_UNIX, SOCK_DGRAM, 0));

	OK(getsockname(fd, (struct sockaddr *)&name, &size));
	EQUAL(size, sizeof(sa_family_t));
	OK(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)));
	size = sizeof name;
	OK(getsockname(fd, (struct sockaddr *)&name, &size));
	EQUAL(size, offsetof(struct sockaddr_un, sun_path) + 6);
	EQUAL(name.sun_path[0], 0);
}

CASE(accept_waits_and_accept4_sets_flags)
{
	int waits = listener(SOCK_STREAM, "socket"), fd;
	pid_t child = OK(fork());

	if (child == 0) {
		nap(50);
		fd = connected(SOCK_STREAM, "socket");
		_exit(0);
	}
	fd = OK(accept4(waits, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	EQUAL(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXITS(child, 0);
	OK(fcntl(waits, F_SETFL, O_NONBLOCK));
	FAILS(accept(waits, NULL, NULL), EAGAIN);
	FAILS(accept4(waits, NULL, NULL, 1), EINVAL);
}

CASE(full_backlog)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, "socket");
	int waits = OK(socket(AF_UNIX, SOCK_STREAM, 0)), fd;
	pid_t child;

	OK(bind(waits, (struct sockaddr *)&name, size));
	OK(listen(waits, 0));
	connected(SOCK_STREAM, "socket");
	fd = OK(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	FAILS(connect_path(fd, "socket"), EAGAIN);
	child = OK(fork());
	if (child == 0) {
		nap(50);
		OK(accept(waits, NULL, NULL));
		_exit(0);
	}
	OK(fcntl(fd, F_SETFL, 0));
	OK(connect_path(fd, "socket")); /* waits for its turn */
	EXITS(child, 0);
}

CASE(closing_a_listener_resets_who_waits)
{
	int waits = listener(SOCK_STREAM, "socket"), fd = connected(SOCK_STREAM, "socket");
	char byte;

	OK(close(waits));
	FAILS(read(fd, &byte, 1), ECONNRESET);
}

CASE(peer_credentials_of_a_connection)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	int waits = listener(SOCK_STREAM, "socket"), fd, server;
	pid_t child = OK(fork());

	if (child == 0) {
		fd = connected(SOCK_STREAM, "socket");
		OK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size));
		EQUAL(peer.pid, getppid());
		(void)!read(fd, &size, 1);
		_exit(0);
	}
	server = OK(accept(waits, NULL, NULL));
	OK(getsockopt(server, SOL_SOCKET, SO_PEERCRED, &peer, &size));
	EQUAL(peer.pid, child);
	OK(close(server));
	EXITS(child, 0);
}

CASE(unconnected_streams)
{
	int fd = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	struct sockaddr_un name;
	socklen_t size = path_name(&name, "x");
	char byte;

	FAILS(read(fd, &byte, 1), EINVAL);
	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), ENOTCONN);
	FAILS(sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&name, size), EOPNOTSUPP);
	EQUAL(ready(fd, POLLIN | POLLOUT), POLLOUT | POLLHUP);
	fd = OK(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	FAILS(read(fd, &byte, 1), ENOTCONN);
	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), ENOTCONN);
}

/* --- Datagrams --- */

CASE(datagrams_keep_their_bounds)
{
	struct msghdr message = { .msg_iovlen = 1 };
	struct iovec part;
	char text[8] = "";
	int fds[2], type[] = { SOCK_DGRAM, SOCK_SEQPACKET };

	for (int i = 0; i < 2; i++) {
		pair(type[i], fds);
		EQUAL(write(fds[0], "first", 5), 5);
		EQUAL(write(fds[0], "second", 6), 6);
		EQUAL(send(fds[0], "third", 5, 0), 5);
		EQUAL(recv(fds[1], text, 3, MSG_PEEK), 3);
		EQUAL(read(fds[1], text, 3), 3); /* the rest is lost */
		EQUAL(recv(fds[1], text, 3, MSG_TRUNC), 6);
		part = (struct iovec){ text, 4 };
		message.msg_iov = &part;
		EQUAL(recvmsg(fds[1], &message, 0), 4);
		CHECK(message.msg_flags & MSG_TRUNC);
		CHECK(memcmp(text, "thir", 4) == 0);
		FAILS(recv(fds[1], text, 1, MSG_DONTWAIT), EAGAIN);
		OK(close(fds[0]));
		OK(close(fds[1]));
	}
}

CASE(empty_datagram)
{
	char byte;
	int fds[2];

	pair(SOCK_DGRAM, fds);
	EQUAL(send(fds[0], "", 0, 0), 0);
	EQUAL(send(fds[0], "x", 1, 0), 1);
	EQUAL(ready(fds[1], POLLIN), POLLIN);
	EQUAL(recv(fds[1], &byte, 1, 0), 0);
	EQUAL(recv(fds[1], &byte, 1, 0), 1);
}

CASE(large_datagram)
{
	enum { SIZE = 100000 };
	static char out[SIZE], in[SIZE + 1];
	static char huge[1 << 20];
	struct iovec parts[] = { { in, 10 }, { in + 10, SIZE - 9 } };
	int fds[2];

	for (size_t i = 0; i < SIZE; i++)
		out[i] = (char)(i * 31 + (i >> 9));
	pair(SOCK_SEQPACKET, fds);
	EQUAL(write(fds[0], out, SIZE), SIZE);
	EQUAL(readv(fds[1], parts, 2), SIZE);
	CHECK(memcmp(in, out, SIZE) == 0);
	FAILS(write(fds[0], huge, sizeof huge), EMSGSIZE);
}

CASE(datagrams_to_a_name)
{
	struct sockaddr_un name, from;
	socklen_t size = path_name(&name, "server"), from_size = sizeof from;
	int server = listener(SOCK_DGRAM, "server"), client = listener(SOCK_DGRAM, "client");
	int nameless = OK(socket(AF_UNIX, SOCK_DGRAM, 0));
	char text[8] = "";

	EQUAL(sendto(client, "hello", 5, 0, (struct sockaddr *)&name, size), 5);
	EQUAL(recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &from_size), 5);
	SAME_TEXT(from.sun_path, "client");
	EQUAL(sendto(server, "yes", 3, 0, (struct sockaddr *)&from, from_size), 3);
	EQUAL(read(client, text, sizeof text), 3);
	FAILS(send(nameless, "x", 1, 0), ENOTCONN);
	OK(connect(nameless, (struct sockaddr *)&name, size));
	EQUAL(send(nameless, "x", 1, 0), 1);
	from_size = sizeof from;
	EQUAL(recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &from_size), 1);
	EQUAL(from_size, 0);
	/* Only its own peer may talk to a connected one. */
	path_name(&from, "client");
	OK(connect(client, (struct sockaddr *)&name, size));
	FAILS(sendto(nameless, "x", 1, 0, (struct sockaddr *)&from, sizeof from), EPERM);
	OK(close(server));
	FAILS(send(nameless, "x", 1, 0), ECONNREFUSED);
	FAILS(send(nameless, "x", 1, 0), ENOTCONN);
	from.sun_family = AF_UNSPEC;
	OK(connect(client, (struct sockaddr *)&from, sizeof(sa_family_t)));
	FAILS(sendto(nameless, "x", 1, 0, (struct sockaddr *)&name, size), ECONNREFUSED);
}

CASE(packets_end_with_the_connection)
{
	struct sigaction action = { .sa_handler = count };
	char byte;
	int fds[2];

	OK(sigaction(SIGPIPE, &action, NULL));
	pair(SOCK_SEQPACKET, fds);
	OK(close(fds[1]));
	EQUAL(read(fds[0], &byte, 1), 0);
	FAILS(write(fds[0], "x", 1), EPIPE);
	EQUAL(signals, 0);
}

CASE(several_messages_at_once)
{
	char texts[3][8] = { "" };
	struct iovec out[] = { { "one", 3 }, { "three", 5 } }, in[3];
	struct mmsghdr messages[3] = { { .msg_hdr = { .msg_iov = &out[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &out[1], .msg_iovlen = 1 } } };
	int fds[2];

	pair(SOCK_DGRAM, fds);
	EQUAL(sendmmsg(fds[0], messages, 2, 0), 2);
	EQUAL(messages[1].msg_len, 5);
	for (int i = 0; i < 3; i++) {
		in[i] = (struct iovec){ texts[i], sizeof texts[i] };
		messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &in[i], .msg_iovlen = 1 } };
	}
	EQUAL(recvmmsg(fds[1], messages, 3, MSG_WAITFORONE, NULL), 2);
	EQUAL(messages[0].msg_len, 3);
	SAME_TEXT(texts[1], "three");
}
