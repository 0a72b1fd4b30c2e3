/* AF_INET and AF_INET6 sockets on loopback: socket(2), ip(7), ipv6(7), tcp(7), udp(7), connect(2), send(2), recv(2),
 * shutdown(2), getsockopt(2), poll(2). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "check.h"

static struct sockaddr_in inet4(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)
	};
}

static struct sockaddr_in6 inet6(struct in6_addr address, uint16_t port)
{
	return (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = address
	};
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 name;
	socklen_t size = sizeof name;

	OK(getsockname(fd, (struct sockaddr *)&name, &size));
	return ntohs(name.sin6_port); /* at the same place in both */
}

static int bound(int type)
{
	struct sockaddr_in name = inet4(INADDR_LOOPBACK, 0);
	int fd = OK(socket(AF_INET, type, 0));

	OK(bind(fd, (struct sockaddr *)&name, sizeof name));
	return fd;
}

static int listener(void)
{
	int fd = bound(SOCK_STREAM);

	OK(listen(fd, 5));
	return fd;
}

static int connect_port(int fd, uint16_t port)
{
	struct sockaddr_in name = inet4(INADDR_LOOPBACK, port);

	return connect(fd, (struct sockaddr *)&name, sizeof name);
}

/* Two ends of a connection. */
static void pair(int fds[2])
{
	int l = listener();

	fds[0] = OK(socket(AF_INET, SOCK_STREAM, 0));
	OK(connect_port(fds[0], port_of(l)));
	fds[1] = OK(accept(l, NULL, NULL));
	OK(close(l));
}

/* What is ready within a second. */
static int ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	OK(poll(&p, 1, 1000));
	return p.revents;
}

static int option(int fd, int level, int which)
{
	int value = -1;
	socklen_t size = sizeof value;

	OK(getsockopt(fd, level, which, &value, &size));
	EQUAL(size, sizeof value);
	return value;
}

static void set(int fd, int level, int which, int value)
{
	OK(setsockopt(fd, level, which, &value, sizeof value));
}

static int get(int fd, int level, int which)
{
	int value;
	socklen_t size = sizeof value;

	OK(getsockopt(fd, level, which, &value, &size));
	EQUAL(size, sizeof value);
	return value;
}

/* A port that nobody listens on. */
static uint16_t closed_port(void)
{
	int fd = bound(SOCK_STREAM);
	uint16_t port = port_of(fd);

	OK(close(fd));
	return port;
}

CASE(kinds)
{
	OK(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
	OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP));
	OK(socket(AF_INET6, SOCK_STREAM, 0));
	FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
	FAILS(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){ 0 }), EOPNOTSUPP);
}

CASE(bytes_go_both_ways)
{
	int s[2];
	char text[8];

	pair(s);
	EQUAL(write(s[0], "there", 5), 5);
	EQUAL(read(s[1], text, sizeof text), 5);
	EQUAL(send(s[1], "back", 4, 0), 4);
	EQUAL(recv(s[0], text, sizeof text, 0), 4);
	EQUAL(memcmp(text, "back", 4), 0);
}

CASE(names_of_both_ends)
{
	struct sockaddr_in name, peer;
	socklen_t size = sizeof name;
	int l = listener(), c = OK(socket(AF_INET, SOCK_STREAM, 0)), a;

	FAILS(getpeername(c, (struct sockaddr *)&name, &size), ENOTCONN);
	OK(connect_port(c, port_of(l)));
	a = OK(accept(l, (struct sockaddr *)&peer, &size));
	EQUAL(size, sizeof peer);
	EQUAL(peer.sin_family, AF_INET);
	EQUAL(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	EQUAL(ntohs(peer.sin_port), port_of(c));
	EQUAL(port_of(a), port_of(l));
	OK(getpeername(c, (struct sockaddr *)&name, &size));
	EQUAL(ntohs(name.sin_port), port_of(l));
	/* The whole size is told, whatever fits. */
	size = 4;
	OK(getsockname(c, (struct sockaddr *)&name, &size));
	EQUAL(size, sizeof name);
}

CASE(binding)
{
	struct sockaddr_in name = inet4(INADDR_LOOPBACK, 0);
	int a = bound(SOCK_STREAM), b = OK(socket(AF_INET, SOCK_STREAM, 0));

	OK(listen(a, 1));
	FAILS(bind(a, (struct sockaddr *)&name, sizeof name), EINVAL);
	FAILS(bind(b, (struct sockaddr *)&name, 4), EINVAL);
	name.sin_port = htons(port_of(a));
	FAILS(bind(b, (struct sockaddr *)&name, sizeof name), EADDRINUSE);
	name = inet4(0x01020304, 0);
	FAILS(bind(b, (struct sockaddr *)&name, sizeof name), EADDRNOTAVAIL);
	name.sin_family = AF_INET6;
	FAILS(bind(b, (struct sockaddr *)&name, sizeof name), EAFNOSUPPORT);
}

CASE(nobody_listens)
{
	int fd = OK(socket(AF_INET, SOCK_STREAM, 0));

	FAILS(connect_port(fd, closed_port()), ECONNREFUSED);
	/* It may try again. */
	int l = listener();

	OK(connect_port(fd, port_of(l)));
	FAILS(connect_port(fd, port_of(l)), EISCONN);
}

CASE(connecting_without_waiting)
{
	int l = listener(), fd = OK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	if (connect_port(fd, port_of(l)) < 0)
		EQUAL(errno, EINPROGRESS);
	EQUAL(ready(fd, POLLOUT) & (POLLOUT | POLLERR), POLLOUT);
	EQUAL(option(fd, SOL_SOCKET, SO_ERROR), 0);
	EQUAL(ready(l, POLLIN), POLLIN);

	int refused = OK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	if (connect_port(refused, closed_port()) < 0 && errno == EINPROGRESS) {
		EQUAL(ready(refused, POLLOUT) & POLLERR, POLLERR);
		EQUAL(option(refused, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
		EQUAL(option(refused, SOL_SOCKET, SO_ERROR), 0);
	}
}

CASE(accepting)
{
	int l = listener(), c = OK(socket(AF_INET, SOCK_STREAM, 0)), a;

	OK(fcntl(l, F_SETFL, O_NONBLOCK));
	FAILS(accept(l, NULL, NULL), EAGAIN);
	OK(connect_port(c, port_of(l)));
	EQUAL(ready(l, POLLIN), POLLIN);
	a = OK(accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	EQUAL(fcntl(a, F_GETFD), FD_CLOEXEC);
	EQUAL(fcntl(a, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	FAILS(accept(a, NULL, NULL), EINVAL);
	FAILS(accept(bound(SOCK_DGRAM), NULL, NULL), EOPNOTSUPP);
	FAILS(listen(bound(SOCK_DGRAM), 1), EOPNOTSUPP);
	EQUAL(option(l, SOL_SOCKET, SO_ACCEPTCONN), 1);
}

CASE(the_end)
{
	int s[2], alone = OK(socket(AF_INET, SOCK_STREAM, 0));
	char byte;

	FAILS(shutdown(alone, SHUT_WR), ENOTCONN);
	pair(s);
	EQUAL(write(s[0], "x", 1), 1);
	OK(shutdown(s[0], SHUT_WR));
	EQUAL(ready(s[1], POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
	EQUAL(read(s[1], &byte, 1), 1);
	EQUAL(read(s[1], &byte, 1), 0);
	FAILS(send(s[0], "y", 1, MSG_NOSIGNAL), EPIPE);
	EQUAL(write(s[1], "z", 1), 1);
	EQUAL(read(s[0], &byte, 1), 1);
	OK(close(s[1]));
	EQUAL(ready(s[0], POLLIN), POLLIN | POLLHUP);
	EQUAL(read(s[0], &byte, 1), 0);
}

CASE(unread_bytes_reset_the_other_side)
{
	int s[2];
	char byte;

	pair(s);
	EQUAL(write(s[0], "unread", 6), 6);
	EQUAL(ready(s[1], POLLIN), POLLIN);
	OK(close(s[1]));
	EQUAL(ready(s[0], POLLIN) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
	FAILS(read(s[0], &byte, 1), ECONNRESET);
}

CASE(lingering_for_no_time_resets)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	int s[2];
	char byte;

	pair(s);
	OK(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	OK(close(s[0]));
	EQUAL(ready(s[1], POLLIN) & POLLERR, POLLERR);
	FAILS(read(s[1], &byte, 1), ECONNRESET);
}

CASE(looking_ahead)
{
	int s[2], waiting = 0;
	char text[8];

	pair(s);
	EQUAL(write(s[0], "abcdef", 6), 6);
	EQUAL(recv(s[1], text, 3, MSG_PEEK), 3);
	OK(ioctl(s[1], FIONREAD, &waiting));
	EQUAL(waiting, 6);
	EQUAL(recv(s[1], text, 3, 0), 3);
	EQUAL(memcmp(text, "abc", 3), 0);
	EQUAL(write(s[0], "gh", 2), 2);
	EQUAL(recv(s[1], text, 5, MSG_WAITALL), 5);
	EQUAL(memcmp(text, "defgh", 5), 0);
	FAILS(recv(s[1], text, 1, MSG_DONTWAIT), EAGAIN);
}

/* More than fits under way. */
CASE(a_full_connection_takes_no_more)
{
	static char data[65536];
	long sent = 0, got = 0, n;
	int s[2];

	pair(s);
	OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
	while ((n = write(s[0], data, sizeof data)) > 0)
		sent += n;
	EQUAL(errno, EAGAIN);
	EQUAL(poll(&(struct pollfd){ .fd = s[0], .events = POLLOUT }, 1, 0), 0);
	OK(fcntl(s[1], F_SETFL, O_NONBLOCK));
	while (got < sent && (n = read(s[1], data, sizeof data)) != 0) {
		if (n > 0)
			got += n;
		else
			EQUAL(ready(s[1], POLLIN), POLLIN);
	}
	EQUAL(got, sent);
	EQUAL(ready(s[0], POLLOUT), POLLOUT);
}

CASE(waiting_has_a_limit)
{
	struct timeval limit = { .tv_usec = 40000 }, now;
	socklen_t size = sizeof now;
	int s[2];
	char byte;

	pair(s);
	OK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
	OK(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &now, &size));
	EQUAL(now.tv_usec, 40000);
	FAILS(read(s[0], &byte, 1), EAGAIN);
	limit.tv_usec = 1000000;
	FAILS(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), EDOM);
}

CASE(options)
{
	int fd = OK(socket(AF_INET, SOCK_STREAM, 0));

	EQUAL(option(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	EQUAL(option(fd, SOL_SOCKET, SO_DOMAIN), AF_INET);
	EQUAL(option(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	EQUAL(option(fd, SOL_SOCKET, SO_REUSEADDR), 0);
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	EQUAL(option(fd, SOL_SOCKET, SO_REUSEADDR), 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 5);
	EQUAL(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	EQUAL(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	EQUAL(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 100);
	EQUAL(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 100);
	set(fd, IPPROTO_IP, IP_TTL, 10);
	EQUAL(option(fd, IPPROTO_IP, IP_TTL), 10);
	FAILS(setsockopt(fd, IPPROTO_IP, IP_TTL, &(int){ 256 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(fd, IPPROTO_TCP, 9999, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_TYPE, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	fd = OK(socket(AF_INET, SOCK_DGRAM, 0));
	EQUAL(option(fd, IPPROTO_IP, IP_TTL), 64);
}

/* --- Datagrams --- */

CASE(datagrams_keep_their_borders)
{
	struct sockaddr_in to, from;
	socklen_t size = sizeof from;
	int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);
	char text[100];

	to = inet4(INADDR_LOOPBACK, port_of(b));
	EQUAL(sendto(a, "one", 3, 0, (struct sockaddr *)&to, sizeof to), 3);
	EQUAL(sendto(a, "", 0, 0, (struct sockaddr *)&to, sizeof to), 0);
	EQUAL(sendto(a, "three", 5, 0, (struct sockaddr *)&to, sizeof to), 5);
	EQUAL(recvfrom(b, text, sizeof text, 0, (struct sockaddr *)&from, &size), 3);
	EQUAL(size, sizeof from);
	EQUAL(ntohs(from.sin_port), port_of(a));
	EQUAL(recv(b, text, sizeof text, 0), 0);
	EQUAL(recv(b, text, 2, MSG_PEEK), 2);
	EQUAL(recv(b, text, 2, MSG_TRUNC), 5);
	FAILS(recv(b, text, 1, MSG_DONTWAIT), EAGAIN);
}

CASE(datagrams_of_many_sizes)
{
	static char data[65507], got[65507];
	struct sockaddr_in to;
	int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);

	to = inet4(INADDR_LOOPBACK, port_of(b));
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7);
	for (size_t size = 1; size <= sizeof data; size = size * 5 + 1) {
		EQUAL(sendto(a, data, size, 0, (struct sockaddr *)&to, sizeof to), (long)size);
		EQUAL(recv(b, got, sizeof got, 0), (long)size);
		EQUAL(memcmp(data, got, size), 0);
	}
	FAILS(sendto(a, data, sizeof data + 1, 0, (struct sockaddr *)&to, sizeof to), EMSGSIZE);
}

CASE(datagrams_to_a_peer)
{
	int a = OK(socket(AF_INET, SOCK_DGRAM, 0)), b = bound(SOCK_DGRAM), c = bound(SOCK_DGRAM);
	struct sockaddr_in name;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char text[8];

	FAILS(send(a, "x", 1, 0), EDESTADDRREQ);
	OK(connect_port(a, port_of(b)));
	EQUAL(send(a, "x", 1, 0), 1);
	EQUAL(recv(b, text, sizeof text, 0), 1);
	/* Others are not heard. */
	name = inet4(INADDR_LOOPBACK, port_of(a));
	EQUAL(sendto(c, "no", 2, 0, (struct sockaddr *)&name, sizeof name), 2);
	EQUAL(sendto(b, "yes", 3, 0, (struct sockaddr *)&name, sizeof name), 3);
	EQUAL(recv(a, text, sizeof text, 0), 3);
	OK(connect(a, &none, sizeof none));
	FAILS(send(a, "x", 1, 0), EDESTADDRREQ);
}

CASE(a_datagram_that_nobody_takes)
{
	int a = OK(socket(AF_INET, SOCK_DGRAM, 0)), b = bound(SOCK_DGRAM);
	char byte;

	OK(connect_port(a, port_of(b)));
	OK(close(b));
	EQUAL(send(a, "x", 1, 0), 1);
	EQUAL(ready(a, POLLIN) & POLLERR, POLLERR);
	FAILS(recv(a, &byte, 1, MSG_DONTWAIT), ECONNREFUSED);
	FAILS(recv(a, &byte, 1, MSG_DONTWAIT), EAGAIN);
}

CASE(messages)
{
	struct sockaddr_in to, from;
	int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);
	char left[3], right[10];
	struct iovec out[] = { { "ab", 2 }, { "cdef", 4 } }, in[] = { { left, 3 }, { right, 10 } };
	struct msghdr sent = {
		.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = out, .msg_iovlen = 2
	};
	struct msghdr received = {
		.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = in, .msg_iovlen = 2
	};

	to = inet4(INADDR_LOOPBACK, port_of(b));
	EQUAL(sendmsg(a, &sent, 0), 6);
	EQUAL(recvmsg(b, &received, 0), 6);
	EQUAL(memcmp(left, "abc", 3), 0);
	EQUAL(memcmp(right, "def", 3), 0);
	EQUAL(received.msg_namelen, sizeof from);
	EQUAL(ntohs(from.sin_port), port_of(a));
	EQUAL(received.msg_flags, 0);
}

/* --- IPv6 --- */

CASE(version_6)
{
	struct sockaddr_in6 name = inet6(in6addr_loopback, 0), peer;
	socklen_t size = sizeof peer;
	int l = OK(socket(AF_INET6, SOCK_STREAM, 0)), c = OK(socket(AF_INET6, SOCK_STREAM, 0)), a;
	char byte;

	OK(bind(l, (struct sockaddr *)&name, sizeof name));
	OK(listen(l, 1));
	name.sin6_port = htons(port_of(l));
	OK(connect(c, (struct sockaddr *)&name, sizeof name));
	a = OK(accept(l, (struct sockaddr *)&peer, &size));
	EQUAL(size, sizeof peer);
	EQUAL(peer.sin6_family, AF_INET6);
	EQUAL(memcmp(&peer.sin6_addr, &in6addr_loopback, 16), 0);
	EQUAL(write(c, "6", 1), 1);
	EQUAL(read(a, &byte, 1), 1);
}

CASE(version_4_at_a_socket_of_version_6)
{
	struct sockaddr_in6 name = inet6(in6addr_any, 0), peer;
	socklen_t size = sizeof peer;
	int l = OK(socket(AF_INET6, SOCK_STREAM, 0)), c = OK(socket(AF_INET, SOCK_STREAM, 0));

	OK(bind(l, (struct sockaddr *)&name, sizeof name));
	OK(listen(l, 1));
	OK(connect_port(c, port_of(l)));
	OK(accept(l, (struct sockaddr *)&peer, &size));
	CHECK(IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
	EQUAL(ntohs(peer.sin6_port), port_of(c));

	/* One of its own only. */
	int only = OK(socket(AF_INET6, SOCK_STREAM, 0)), c2 = OK(socket(AF_INET, SOCK_STREAM, 0));

	set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	OK(bind(only, (struct sockaddr *)&name, sizeof name));
	OK(listen(only, 1));
	FAILS(connect_port(c2, port_of(only)), ECONNREFUSED);
}

CASE(datagrams_of_version_6)
{
	struct sockaddr_in6 name = inet6(in6addr_loopback, 0), from;
	socklen_t size = sizeof from;
	int a = OK(socket(AF_INET6, SOCK_DGRAM, 0)), b = OK(socket(AF_INET6, SOCK_DGRAM, 0));
	char byte;

	OK(bind(b, (struct sockaddr *)&name, sizeof name));
	name.sin6_port = htons(port_of(b));
	EQUAL(sendto(a, "x", 1, 0, (struct sockaddr *)&name, sizeof name), 1);
	EQUAL(recvfrom(b, &byte, 1, 0, (struct sockaddr *)&from, &size), 1);
	EQUAL(memcmp(&from.sin6_addr, &in6addr_loopback, 16), 0);
	EQUAL(ntohs(from.sin6_port), port_of(a));
}

/* As getaddrinfo(3) finds out which address this machine has towards another one. */
CASE(peers_of_both_versions_in_turn)
{
	struct sockaddr_in6 six = inet6(in6addr_loopback, 1), name;
	struct sockaddr_in four = inet4(INADDR_ANY, 1);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	socklen_t size = sizeof name;
	int fd = OK(socket(AF_INET6, SOCK_DGRAM, 0));

	OK(connect(fd, (struct sockaddr *)&six, sizeof six));
	OK(getsockname(fd, (struct sockaddr *)&name, &size));
	EQUAL(memcmp(&name.sin6_addr, &in6addr_loopback, 16), 0);
	OK(connect(fd, &none, sizeof none));
	OK(getsockname(fd, (struct sockaddr *)&name, &size));
	EQUAL(memcmp(&name.sin6_addr, &in6addr_any, 16), 0);
	OK(connect(fd, (struct sockaddr *)&four, sizeof four));
	OK(getsockname(fd, (struct sockaddr *)&name, &size));
	CHECK(IN6_IS_ADDR_V4MAPPED(&name.sin6_addr));
}

/* What the resolver of glibc asks of its sockets. */
CASE(errors_can_be_asked_for)
{
	int four = OK(socket(AF_INET, SOCK_DGRAM, 0)), six = OK(socket(AF_INET6, SOCK_DGRAM, 0));
	char byte;

	EQUAL(get(four, IPPROTO_IP, IP_RECVERR), 0);
	set(four, IPPROTO_IP, IP_RECVERR, 1);
	EQUAL(get(four, IPPROTO_IP, IP_RECVERR), 1);
	EQUAL(get(four, SOL_SOCKET, SO_OOBINLINE), 0);
	set(six, IPPROTO_IPV6, IPV6_RECVERR, 1);
	EQUAL(get(six, IPPROTO_IPV6, IPV6_RECVERR), 1);
	/* There is none, and it is not waited for. */
	FAILS(recv(four, &byte, 1, MSG_ERRQUEUE), EAGAIN);
}

CASE(options_are_apart)
{
	int fd = OK(socket(AF_INET, SOCK_STREAM, 0));

	set(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	EQUAL(get(fd, SOL_SOCKET, SO_OOBINLINE), 1);
}

/* --- Processes --- */

CASE(a_child_has_the_connection_too)
{
	int s[2], status;
	char byte;

	pair(s);
	pid_t child = OK(fork());

	if (child == 0) {
		close(s[1]);
		_exit(write(s[0], "c", 1) != 1);
	}
	OK(close(s[0]));
	EQUAL(read(s[1], &byte, 1), 1);
	/* It ends with the last holder. */
	EQUAL(read(s[1], &byte, 1), 0);
	EQUAL(waitpid(child, &status, 0), child);
	EQUAL(status, 0);
}
