/* AF_UNIX sockets: pairs of streams. */
#include "unix_socket.h"

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
