/* getsockopt and setsockopt (socket(7), ip(7), ipv6(7), tcp(7)). */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "fd.h"
#include "socket.h"
#include "sockets.h"

enum level { SOL_IP = 0, SOL_SOCKET = 1, SOL_TCP = 6, SOL_IPV6 = 41 };

/* asm-generic/socket.h */
enum {
	SO_REUSEADDR = 2,
	SO_TYPE = 3,
	SO_ERROR = 4,
	SO_DONTROUTE = 5,
	SO_BROADCAST = 6,
	SO_SNDBUF = 7,
	SO_RCVBUF = 8,
	SO_KEEPALIVE = 9,
	SO_OOBINLINE = 10,
	SO_PRIORITY = 12,
	SO_LINGER = 13,
	SO_REUSEPORT = 15,
	SO_PASSCRED = 16,
	SO_PEERCRED = 17,
	SO_RCVLOWAT = 18,
	SO_SNDLOWAT = 19,
	SO_RCVTIMEO = 20,
	SO_SNDTIMEO = 21,
	SO_ACCEPTCONN = 30,
	SO_PROTOCOL = 38,
	SO_DOMAIN = 39,
	SO_RCVTIMEO_NEW = 66,
	SO_SNDTIMEO_NEW = 67,
};

/* linux/in.h, linux/in6.h, linux/tcp.h */
enum { IP_TOS = 1, IP_TTL = 2, IP_MTU_DISCOVER = 10, IP_RECVERR = 11 };
enum {
	IPV6_UNICAST_HOPS = 16,
	IPV6_MTU_DISCOVER = 23,
	IPV6_RECVERR = 25,
	IPV6_V6ONLY = 26,
	IPV6_TCLASS = 67,
};
enum {
	TCP_NODELAY = 1,
	TCP_MAXSEG = 2,
	TCP_CORK = 3,
	TCP_KEEPIDLE = 4,
	TCP_KEEPINTVL = 5,
	TCP_KEEPCNT = 6,
	TCP_QUICKACK = 12,
};

/* How a program sees the server's value. */
enum format {
	INT,	  /* as it is */
	BUFFER,	  /* Linux doubles what is asked for, and tells so */
	ERROR,	  /* a MASIX_E_* */
	WORDS,	  /* as many as there are */
	TIME,	  /* struct timeval: ms */
	TIME64,	  /* of 64 bits */
	LINGER,	  /* struct linger: seconds + 1 */
	CONSTANT, /* the value is `number` */
};

/* Which sockets have it. */
enum { UNIX = 1, INET = 2, ONLY_INET6 = 4, TCP = 8, ANY = UNIX | INET };

/* On or off, and nothing else comes of it.  The number is the option's, or one that is free. */
#define REMEMBERED(option) (MASIX_SOCKET_SWITCH + (option))

static const struct option {
	uint8_t level, option, sockets, format, number, can_be_set;
} options[] = {
	{ SOL_SOCKET, SO_REUSEADDR, UNIX, INT, REMEMBERED(SO_REUSEADDR), 1 },
	{ SOL_SOCKET, SO_REUSEADDR, INET, INT, MASIX_SOCKET_REUSE_ADDRESS, 1 },
	{ SOL_SOCKET, SO_TYPE, ANY, INT, MASIX_SOCKET_TYPE, 0 },
	{ SOL_SOCKET, SO_ERROR, ANY, ERROR, MASIX_SOCKET_ERROR, 0 },
	{ SOL_SOCKET, SO_DONTROUTE, ANY, INT, REMEMBERED(SO_DONTROUTE), 1 },
	{ SOL_SOCKET, SO_BROADCAST, UNIX, INT, REMEMBERED(SO_BROADCAST), 1 },
	{ SOL_SOCKET, SO_BROADCAST, INET, INT, MASIX_SOCKET_BROADCAST, 1 },
	{ SOL_SOCKET, SO_SNDBUF, ANY, BUFFER, MASIX_SOCKET_SEND_BUFFER, 1 },
	{ SOL_SOCKET, SO_RCVBUF, ANY, BUFFER, MASIX_SOCKET_RECEIVE_BUFFER, 1 },
	{ SOL_SOCKET, SO_KEEPALIVE, UNIX, INT, REMEMBERED(SO_KEEPALIVE), 1 },
	{ SOL_SOCKET, SO_KEEPALIVE, INET, INT, MASIX_SOCKET_KEEP_ALIVE, 1 },
	{ SOL_SOCKET, SO_OOBINLINE, ANY, INT, REMEMBERED(SO_OOBINLINE), 1 },
	{ SOL_SOCKET, SO_PRIORITY, INET, INT, REMEMBERED(SO_PRIORITY), 1 },
	{ SOL_SOCKET, SO_LINGER, UNIX, TIME, 0, 0 },
	{ SOL_SOCKET, SO_LINGER, INET, LINGER, MASIX_SOCKET_LINGER, 1 },
	{ SOL_SOCKET, SO_PASSCRED, UNIX, INT, MASIX_SOCKET_WANTS_IDS, 1 },
	{ SOL_SOCKET, SO_PEERCRED, UNIX, WORDS, MASIX_SOCKET_PEER, 0 },
	{ SOL_SOCKET, SO_RCVLOWAT, ANY, CONSTANT, 1, 0 },
	{ SOL_SOCKET, SO_SNDLOWAT, INET, CONSTANT, 1, 0 },
	{ SOL_SOCKET, SO_RCVTIMEO, UNIX, TIME, 0, 0 },
	{ SOL_SOCKET, SO_SNDTIMEO, UNIX, TIME, 0, 0 },
	{ SOL_SOCKET, SO_RCVTIMEO, INET, TIME, MASIX_SOCKET_RECEIVE_TIMEOUT, 1 },
	{ SOL_SOCKET, SO_SNDTIMEO, INET, TIME, MASIX_SOCKET_SEND_TIMEOUT, 1 },
	{ SOL_SOCKET, SO_RCVTIMEO_NEW, INET, TIME64, MASIX_SOCKET_RECEIVE_TIMEOUT, 1 },
	{ SOL_SOCKET, SO_SNDTIMEO_NEW, INET, TIME64, MASIX_SOCKET_SEND_TIMEOUT, 1 },
	{ SOL_SOCKET, SO_ACCEPTCONN, ANY, INT, MASIX_SOCKET_LISTENS, 0 },
	{ SOL_SOCKET, SO_PROTOCOL, UNIX, CONSTANT, 0, 0 },
	{ SOL_SOCKET, SO_PROTOCOL, INET, INT, MASIX_SOCKET_PROTOCOL, 0 },
	{ SOL_IP, IP_TOS, INET, INT, MASIX_SOCKET_SERVICE, 1 },
	{ SOL_IP, IP_TTL, INET, INT, MASIX_SOCKET_HOPS, 1 },
	{ SOL_IP, IP_MTU_DISCOVER, INET, INT, REMEMBERED(27), 1 },
	{ SOL_IP, IP_RECVERR, INET, INT, REMEMBERED(IP_RECVERR), 1 },
	{ SOL_IPV6, IPV6_UNICAST_HOPS, ONLY_INET6, INT, MASIX_SOCKET_HOPS, 1 },
	{ SOL_IPV6, IPV6_MTU_DISCOVER, ONLY_INET6, INT, REMEMBERED(IPV6_MTU_DISCOVER), 1 },
	{ SOL_IPV6, IPV6_RECVERR, ONLY_INET6, INT, REMEMBERED(IPV6_RECVERR), 1 },
	{ SOL_IPV6, IPV6_V6ONLY, ONLY_INET6, INT, MASIX_SOCKET_ONLY_INET6, 1 },
	{ SOL_IPV6, IPV6_TCLASS, ONLY_INET6, INT, MASIX_SOCKET_SERVICE, 1 },
	{ SOL_TCP, TCP_NODELAY, TCP, INT, MASIX_SOCKET_NO_DELAY, 1 },
	{ SOL_TCP, TCP_MAXSEG, TCP, INT, MASIX_SOCKET_SEGMENT, 0 },
	{ SOL_TCP, TCP_CORK, TCP, INT, REMEMBERED(28), 1 },
	{ SOL_TCP, TCP_KEEPIDLE, TCP, INT, MASIX_SOCKET_KEEP_IDLE, 1 },
	{ SOL_TCP, TCP_KEEPINTVL, TCP, INT, MASIX_SOCKET_KEEP_INTERVAL, 1 },
	{ SOL_TCP, TCP_KEEPCNT, TCP, INT, MASIX_SOCKET_KEEP_COUNT, 1 },
	{ SOL_TCP, TCP_QUICKACK, TCP, INT, REMEMBERED(29), 1 },
};

static uint32_t sockets_like(const struct emul_file *file)
{
	uint32_t like = socket_family(file) == AF_UNIX ? UNIX : INET;

	if (socket_family(file) == AF_INET6)
		like |= ONLY_INET6;
	if (like != UNIX && socket_kind(file) == SOCKET_STREAM)
		like |= TCP;
	return like;
}

/* The option, or -errno in *error. */
static const struct option *find(
	const struct emul_file *file, uint32_t level, uint32_t number, long *error)
{
	const uint32_t like = sockets_like(file);

	for (uint32_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (options[i].level == level && options[i].option == number &&
			(options[i].sockets & like))
			return &options[i];
	*error = level == SOL_SOCKET || like != UNIX ? -ENOPROTOOPT : -EOPNOTSUPP;
	return NULL;
}

/* --- Getting --- */

/* The server's value as the program sees it: the number of words. */
static uint32_t show(enum format format, uint32_t *v, uint32_t words)
{
	const uint32_t value = v[0];

	switch (format) {
	case ERROR:
		v[0] = (uint32_t)emul_errno((int)value);
		return 1;
	case TIME:
		v[0] = value / 1000;
		v[1] = value % 1000 * 1000;
		return 2;
	case TIME64:
		v[0] = value / 1000;
		v[2] = value % 1000 * 1000;
		v[1] = v[3] = 0;
		return 4;
	case LINGER:
		v[0] = value != 0;
		v[1] = value != 0 ? value - 1 : 0;
		return 2;
	default:
		return words;
	}
}

static long get(struct emul_file *file, const struct option *o, uint32_t *to, uint32_t *words)
{
	mach_msg_type_number_t count = sizeof(masix_ids_t) / sizeof *to;
	long error = 0;

	to[0] = o->number;
	if (o->format == CONSTANT || o->number == 0)
		count = 1;
	else
		error = emul_result(socket_option(file->port, o->number, 0, 0, to, &count));
	*words = show((enum format)o->format, to, count);
	return error;
}

/* getsockopt(fd, level, option, value, size) */
long sys_getsockopt(const uint32_t *a)
{
	uint32_t words = 1, size;
	const struct option *option;
	masix_ids_t value;
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	value[0] = socket_family(file);
	if (a[1] != SOL_SOCKET || a[2] != SO_DOMAIN) {
		option = find(file, a[1], a[2], &error);
		if (option != NULL)
			error = get(file, option, value, &words);
	}
	file_release(file);
	if (error != 0)
		return error;
	if (!emul_user_range(a[4], sizeof size))
		return -EFAULT;
	size = *(const uint32_t *)a[4];
	if ((int32_t)size < 0)
		return -EINVAL;
	if (size > words * sizeof value[0])
		size = words * sizeof value[0];
	if (!emul_user_range(a[3], size))
		return -EFAULT;
	memcpy((void *)a[3], value, size);
	*(uint32_t *)a[4] = size;
	return 0;
}

/* --- Setting --- */

/* Milliseconds, at least one if it is not zero. */
static long time_value(int64_t seconds, int64_t microseconds, uint32_t *value)
{
	if (microseconds < 0 || microseconds >= 1000000)
		return -EDOM;
	if (seconds < 0)
		seconds = microseconds = 0;
	if (seconds > INT32_MAX / 1000 - 1)
		seconds = 0; /* longer than anybody waits */
	*value = (uint32_t)seconds * 1000 + ((uint32_t)microseconds + 999) / 1000;
	return 0;
}

static uint32_t value_size(enum format format)
{
	return format == TIME64 ? 16 : format == TIME || format == LINGER ? 8 : 4;
}

/* The program's value as the server wants it. */
static long read_value(enum format format, const void *from, uint32_t *value)
{
	int32_t words[2] = { 0 };
	int64_t wide[2];

	memcpy(words, from, value_size(format) < sizeof words ? 4 : sizeof words);
	*value = (uint32_t)words[0];
	switch (format) {
	case BUFFER:
		*value = *value < UINT32_MAX / 2 ? *value * 2 : UINT32_MAX;
		return 0;
	case TIME:
		return time_value(words[0], words[1], value);
	case TIME64:
		memcpy(wide, from, sizeof wide);
		return time_value(wide[0], wide[1], value);
	case LINGER:
		*value = words[0] != 0 ? (uint32_t)words[1] + 1 : 0;
		return 0;
	default:
		return 0;
	}
}

/* setsockopt(fd, level, option, value, size) */
long sys_setsockopt(const uint32_t *a)
{
	mach_msg_type_number_t count = sizeof(masix_ids_t) / 4;
	const struct option *option;
	masix_ids_t now;
	uint32_t value;
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	option = find(file, a[1], a[2], &error);
	if (option != NULL && a[4] < value_size((enum format)option->format))
		error = -EINVAL;
	else if (option != NULL && !option->can_be_set)
		error = -ENOPROTOOPT;
	else if (option != NULL && !emul_user_range(a[3], value_size((enum format)option->format)))
		error = -EFAULT;
	if (error == 0)
		error = read_value((enum format)option->format, (const void *)a[3], &value);
	if (error == 0)
		error = emul_result(
			socket_option(file->port, option->number, 1, value, now, &count));
	file_release(file);
	return error;
}
