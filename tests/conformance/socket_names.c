/* AF_UNIX sockets: names, connections, datagrams, sequenced packets. */
#include "unix_socket.h"

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
