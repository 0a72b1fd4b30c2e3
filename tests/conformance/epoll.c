/* epoll. */
#include "pty.h"
#include "thread.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static void add(int list, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	OK(epoll_ctl(list, EPOLL_CTL_ADD, fd, &event));
}

static void change(int list, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = 77 };

	OK(epoll_ctl(list, EPOLL_CTL_MOD, fd, &event));
}

/* The events of the only descriptor that has some; 0: none has. */
static uint32_t ready(int list, int timeout)
{
	struct epoll_event events[4];
	int count = OK(epoll_wait(list, events, 4, timeout));

	CHECK(count <= 1);
	return count ? events[0].events : 0;
}

static void put(int fd, size_t size)
{
	static const char area[65536];

	EQUAL(write(fd, area, size), size);
}

static void take(int fd, size_t size)
{
	static char area[65536];

	EQUAL(read(fd, area, size), size);
}

CASE(what_is_ready_is_told_with_its_data)
{
	int list = OK(epoll_create1(EPOLL_CLOEXEC)), ends[2];
	struct epoll_event events[4];

	EQUAL(fcntl(list, F_GETFD), FD_CLOEXEC);
	OK(pipe(ends));
	add(list, ends[0], EPOLLIN, 0x123456789abcdefull);
	EQUAL(epoll_wait(list, events, 4, 0), 0);
	put(ends[1], 1);
	EQUAL(epoll_wait(list, events, 4, -1), 1);
	EQUAL(events[0].events, EPOLLIN);
	EQUAL(events[0].data.u64, 0x123456789abcdefull);
	/* As long as it holds. */
	EQUAL(epoll_wait(list, events, 4, -1), 1);
	add(list, ends[1], EPOLLOUT, 2);
	EQUAL(epoll_wait(list, events, 4, -1), 2);
	EQUAL(events[0].events + events[1].events, EPOLLIN + EPOLLOUT);
	take(ends[0], 1);
	EQUAL(epoll_wait(list, events, 4, -1), 1);
	EQUAL(events[0].data.u64, 2);
}

CASE(hang_up_is_always_told)
{
	int list = OK(epoll_create(1)), ends[2];

	OK(pipe(ends));
	add(list, ends[0], 0, 1);
	EQUAL(ready(list, 0), 0);
	OK(close(ends[1]));
	EQUAL(ready(list, -1), EPOLLHUP);
}

CASE(time_out)
{
	int list = OK(epoll_create1(0));
	long long before = milliseconds_now();

	EQUAL(ready(list, 50), 0);
	CHECK(milliseconds_now() - before >= 49);
	before = milliseconds_now();
	EQUAL(ready(list, 0), 0);
	CHECK(milliseconds_now() - before < 1000);
}

CASE(errors)
{
	struct epoll_event event = { .events = EPOLLIN };
	int list = OK(epoll_create1(0)), ends[2], file = OK(open("file", O_CREAT | O_RDWR, 0600));

	OK(pipe(ends));
	FAILS(epoll_create1(1), EINVAL);
	FAILS(epoll_create(0), EINVAL);
	FAILS(epoll_ctl(list, EPOLL_CTL_ADD, 99, &event), EBADF);
	FAILS(epoll_ctl(99, EPOLL_CTL_ADD, ends[0], &event), EBADF);
	FAILS(epoll_ctl(list, EPOLL_CTL_ADD, file, &event), EPERM);
	FAILS(epoll_ctl(list, EPOLL_CTL_ADD, list, &event), EINVAL);
	FAILS(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event), EINVAL);
	FAILS(epoll_ctl(list, 9, ends[0], &event), EINVAL);
	FAILS(epoll_ctl(list, EPOLL_CTL_MOD, ends[0], &event), ENOENT);
	FAILS(epoll_ctl(list, EPOLL_CTL_DEL, ends[0], NULL), ENOENT);
	FAILS(epoll_ctl(list, EPOLL_CTL_ADD, ends[0], (void *)8), EFAULT);
	add(list, ends[0], EPOLLIN, 1);
	FAILS(epoll_ctl(list, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
	OK(epoll_ctl(list, EPOLL_CTL_DEL, ends[0], NULL));
	FAILS(epoll_wait(list, &event, 0, 0), EINVAL);
	FAILS(epoll_wait(ends[0], &event, 1, 0), EINVAL);
	FAILS(epoll_wait(99, &event, 1, 0), EBADF);
	FAILS(read(list, &event, sizeof event), EINVAL);
}

CASE(changed_and_removed)
{
	int list = OK(epoll_create1(0)), ends[2];
	struct epoll_event event;

	OK(pipe(ends));
	put(ends[1], 1);
	add(list, ends[0], 0, 1);
	EQUAL(ready(list, 0), 0);
	change(list, ends[0], EPOLLIN);
	EQUAL(epoll_wait(list, &event, 1, -1), 1);
	EQUAL(event.data.u64, 77);
	OK(epoll_ctl(list, EPOLL_CTL_DEL, ends[0], NULL));
	EQUAL(ready(list, 0), 0);
}

CASE(a_closed_file_leaves_the_list)
{
	int list = OK(epoll_create1(0)), ends[2], copy;

	OK(pipe(ends));
	add(list, ends[0], EPOLLIN, 1);
	put(ends[1], 1);
	copy = OK(dup(ends[0]));
	OK(close(ends[0]));
	/* It is the open file that counts. */
	EQUAL(ready(list, 0), EPOLLIN);
	OK(close(copy));
	EQUAL(ready(list, 0), 0);
	/* Another one with the number is not in it. */
	OK(pipe(ends));
	put(ends[1], 1);
	EQUAL(ready(list, 0), 0);
	add(list, ends[0], EPOLLIN, 1);
	EQUAL(ready(list, 0), EPOLLIN);
}

CASE(once)
{
	int list = OK(epoll_create1(0)), ends[2];

	OK(pipe(ends));
	add(list, ends[0], EPOLLIN | EPOLLONESHOT, 1);
	put(ends[1], 1);
	EQUAL(ready(list, -1), EPOLLIN);
	EQUAL(ready(list, 0), 0);
	put(ends[1], 1);
	EQUAL(ready(list, 0), 0);
	change(list, ends[0], EPOLLIN | EPOLLONESHOT);
	EQUAL(ready(list, -1), EPOLLIN);
	EQUAL(ready(list, 0), 0);
}

static void edges(int reader, int writer)
{
	int list = OK(epoll_create1(0));

	add(list, reader, EPOLLIN | EPOLLET, 1);
	EQUAL(ready(list, 0), 0);
	put(writer, 10);
	EQUAL(ready(list, -1), EPOLLIN);
	EQUAL(ready(list, 0), 0);
	/* What is left is no news; what comes is. */
	take(reader, 5);
	EQUAL(ready(list, 20), 0);
	put(writer, 1);
	EQUAL(ready(list, -1), EPOLLIN);
	EQUAL(ready(list, 0), 0);
	take(reader, 6);
	EQUAL(ready(list, 0), 0);
	put(writer, 1);
	EQUAL(ready(list, -1), EPOLLIN);
	/* Set anew, it is told anew. */
	change(list, reader, EPOLLIN | EPOLLET);
	EQUAL(ready(list, -1), EPOLLIN);
	EQUAL(ready(list, 0), 0);
	OK(close(writer));
	CHECK(ready(list, -1) & EPOLLHUP);
	EQUAL(ready(list, 0), 0);
}

CASE(edges_of_a_pipe)
{
	int ends[2];

	OK(pipe(ends));
	edges(ends[0], ends[1]);
}

CASE(edges_of_a_socket)
{
	int ends[2];

	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	edges(ends[0], ends[1]);
}

CASE(edges_of_a_terminal)
{
	int list = OK(epoll_create1(0));

	open_pair();
	change_modes(0, 0, ICANON | ECHO, 0);
	add(list, slave, EPOLLOUT | EPOLLET, 1);
	EQUAL(ready(list, -1), EPOLLOUT);
	EQUAL(ready(list, 0), 0);
	OK(epoll_ctl(list, EPOLL_CTL_DEL, slave, NULL));
	edges(slave, master);
}

CASE(edges_of_an_eventfd)
{
	int list = OK(epoll_create1(0)), fd = OK(eventfd(0, 0));

	add(list, fd, EPOLLIN | EPOLLET, 1);
	EQUAL(ready(list, 0), 0);
	/* Nobody reads it: each write is news. */
	for (int i = 0; i < 3; i++) {
		OK(eventfd_write(fd, 1));
		EQUAL(ready(list, -1), EPOLLIN);
		EQUAL(ready(list, 0), 0);
	}
}

CASE(edges_of_room)
{
	int list = OK(epoll_create1(0)), ends[2];

	OK(pipe(ends));
	add(list, ends[1], EPOLLOUT | EPOLLET, 1);
	EQUAL(ready(list, 0), EPOLLOUT);
	EQUAL(ready(list, 0), 0);
	put(ends[1], 65536);
	EQUAL(ready(list, 0), 0);
	take(ends[0], 65536);
	EQUAL(ready(list, -1), EPOLLOUT);
	EQUAL(ready(list, 0), 0);
}

static void connection(int ends[2])
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof name;
	int listener = OK(socket(AF_INET, SOCK_STREAM, 0));

	OK(bind(listener, (struct sockaddr *)&name, sizeof name));
	OK(getsockname(listener, (struct sockaddr *)&name, &size));
	OK(listen(listener, 1));
	ends[0] = OK(socket(AF_INET, SOCK_STREAM, 0));
	OK(connect(ends[0], (struct sockaddr *)&name, sizeof name));
	ends[1] = OK(accept(listener, NULL, NULL));
	OK(close(listener));
}

CASE(edges_of_a_connection)
{
	int list = OK(epoll_create1(0)), ends[2];

	connection(ends);
	add(list, ends[0], EPOLLIN | EPOLLOUT | EPOLLET, 1);
	EQUAL(ready(list, -1), EPOLLOUT);
	EQUAL(ready(list, 20), 0);
	put(ends[1], 10);
	EQUAL(ready(list, -1), EPOLLIN | EPOLLOUT);
	take(ends[0], 5);
	EQUAL(ready(list, 20), 0);
	put(ends[1], 1);
	EQUAL(ready(list, -1), EPOLLIN | EPOLLOUT);
	take(ends[0], 6);
	/* What it sends itself is no news while there is room. */
	put(ends[0], 100);
	take(ends[1], 100);
	EQUAL(ready(list, 20), 0);
	OK(close(ends[1]));
	CHECK(ready(list, -1) & EPOLLIN);
	EQUAL(ready(list, 20), 0);
}

CASE(edges_of_room_of_a_connection)
{
	int list = OK(epoll_create1(0)), ends[2];
	static char area[65536];
	ssize_t sent, all = 0;

	connection(ends);
	add(list, ends[0], EPOLLOUT | EPOLLET, 1);
	EQUAL(ready(list, -1), EPOLLOUT);
	while ((sent = send(ends[0], area, sizeof area, MSG_DONTWAIT)) > 0)
		all += sent;
	EQUAL(errno, EAGAIN);
	while (all > 0) {
		sent = OK(read(ends[1], area, sizeof area));
		all -= sent;
	}
	EQUAL(ready(list, -1), EPOLLOUT);
	EQUAL(ready(list, 20), 0);
}

CASE(edges_of_datagrams)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof name;
	int list = OK(epoll_create1(0)), a = OK(socket(AF_INET, SOCK_DGRAM, 0));

	OK(bind(a, (struct sockaddr *)&name, sizeof name));
	OK(getsockname(a, (struct sockaddr *)&name, &size));
	OK(connect(a, (struct sockaddr *)&name, sizeof name));
	add(list, a, EPOLLIN | EPOLLET, 1);
	EQUAL(ready(list, 0), 0);
	put(a, 1);
	EQUAL(ready(list, -1), EPOLLIN);
	EQUAL(ready(list, 20), 0);
	put(a, 2);
	EQUAL(ready(list, -1), EPOLLIN);
	take(a, 1);
	take(a, 2);
	EQUAL(ready(list, 0), 0);
}

static void *write_soon(void *fd)
{
	nap(50);
	put((int)(intptr_t)fd, 1);
	return NULL;
}

CASE(a_wait_ends_with_news)
{
	int list = OK(epoll_create1(0)), one[2], other[2];
	pthread_t writer;

	OK(pipe(one));
	OK(pipe(other));
	put(one[1], 1);
	add(list, one[0], EPOLLIN | EPOLLET, 1);
	add(list, other[0], EPOLLIN, 2);
	EQUAL(ready(list, -1), EPOLLIN);
	/* `one` is still ready, and that is known. */
	writer = start(write_soon, (void *)(intptr_t)other[1]);
	EQUAL(ready(list, -1), EPOLLIN);
	join(writer);
	take(other[0], 1);
	writer = start(write_soon, (void *)(intptr_t)one[1]);
	EQUAL(ready(list, -1), EPOLLIN);
	join(writer);
	EQUAL(ready(list, 0), 0);
}

struct change_soon {
	int list, fd;
};

static void *add_soon(void *argument)
{
	const struct change_soon *change = argument;

	nap(50);
	add(change->list, change->fd, EPOLLIN, 9);
	return NULL;
}

CASE(a_wait_hears_of_changes)
{
	int list = OK(epoll_create1(0)), idle[2], ends[2];
	struct change_soon change = { list, 0 };
	pthread_t thread;

	OK(pipe(idle));
	OK(pipe(ends));
	put(ends[1], 1);
	change.fd = ends[0];
	thread = start(add_soon, &change);
	EQUAL(ready(list, -1), EPOLLIN);
	join(thread);
	OK(epoll_ctl(list, EPOLL_CTL_DEL, ends[0], NULL));
	add(list, idle[0], EPOLLIN, 1);
	thread = start(add_soon, &change);
	EQUAL(ready(list, -1), EPOLLIN);
	join(thread);
}

CASE(lists_in_lists)
{
	int outer = OK(epoll_create1(0)), inner = OK(epoll_create1(0)), ends[2];
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd item = { outer, POLLIN, 0 };
	pthread_t writer;

	OK(pipe(ends));
	add(inner, ends[0], EPOLLIN, 1);
	add(outer, inner, EPOLLIN, 2);
	FAILS(epoll_ctl(inner, EPOLL_CTL_ADD, outer, &event), ELOOP);
	EQUAL(ready(outer, 0), 0);
	EQUAL(poll(&item, 1, 0), 0);
	writer = start(write_soon, (void *)(intptr_t)ends[1]);
	EQUAL(poll(&item, 1, -1), 1);
	EQUAL(item.revents, POLLIN);
	join(writer);
	EQUAL(epoll_wait(outer, &event, 1, -1), 1);
	EQUAL(event.data.u64, 2);
	EQUAL(ready(inner, 0), EPOLLIN);
	take(ends[0], 1);
	EQUAL(poll(&item, 1, 0), 0);
}

CASE(many)
{
	enum { MANY = 100 };
	int list = OK(epoll_create1(0)), fds[MANY];
	struct epoll_event events[MANY];
	char seen[MANY] = { 0 };

	for (int i = 0; i < MANY; i++) {
		fds[i] = OK(eventfd(1, 0));
		add(list, fds[i], EPOLLIN, (uint64_t)i);
	}
	EQUAL(epoll_wait(list, events, MANY, -1), MANY);
	/* Each has its turn. */
	for (int i = 0; i < MANY / 10; i++) {
		EQUAL(epoll_wait(list, events, 10, -1), 10);
		for (int n = 0; n < 10; n++)
			seen[events[n].data.u64] = 1;
	}
	for (int i = 0; i < MANY; i++)
		CHECK(seen[i]);
}

static void nothing(int number)
{
	(void)number;
}

CASE(a_signal_ends_the_wait)
{
	int list = OK(epoll_create1(0));
	struct epoll_event event;
	sigset_t blocked = set_of(SIGUSR1), none;
	pid_t parent = getpid(), child;

	sigemptyset(&none);
	set_handler(SIGUSR1, nothing, SA_RESTART);
	OK(sigprocmask(SIG_BLOCK, &blocked, NULL));
	child = OK(fork());
	if (child == 0) {
		OK(kill(parent, SIGUSR1));
		_exit(0);
	}
	FAILS(epoll_pwait(list, &event, 1, -1, &none), EINTR);
	EXITS(child, 0);
	OK(sigprocmask(SIG_BLOCK, NULL, &none));
	CHECK(sigismember(&none, SIGUSR1));
	EQUAL(epoll_pwait(list, &event, 1, 0, NULL), 0);
}

CASE(a_child_has_the_list)
{
	int list = OK(epoll_create1(0)), ends[2];
	pid_t child;

	OK(pipe(ends));
	add(list, ends[0], EPOLLIN, 1);
	put(ends[1], 1);
	child = OK(fork());
	if (child == 0) {
		EQUAL(ready(list, -1), EPOLLIN);
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(ready(list, -1), EPOLLIN);
}

CASE(relatives_share_the_list)
{
	int list = OK(epoll_create1(0)), ends[2];
	pid_t child;

	OK(pipe(ends));
	put(ends[1], 1);
	child = OK(fork());
	if (child == 0) {
		add(list, ends[0], EPOLLIN, 1);
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(ready(list, 0), EPOLLIN);
}

static void *run_to_a_wait(void *list)
{
	ready((int)(intptr_t)list, -1);
	return NULL;
}

CASE(two_threads_and_one_edge)
{
	int list = OK(epoll_create1(0)), fd = OK(eventfd(0, 0));
	pthread_t one, other;

	add(list, fd, EPOLLIN | EPOLLET | EPOLLONESHOT, 1);
	one = start(run_to_a_wait, (void *)(intptr_t)list);
	other = start(run_to_a_wait, (void *)(intptr_t)list);
	nap(20);
	/* Each wakes one of them, which may be late. */
	OK(eventfd_write(fd, 1));
	EVENTUALLY(pthread_tryjoin_np(one, NULL) == 0	  ? (one = 0, 1)
		   : pthread_tryjoin_np(other, NULL) == 0 ? (other = 0, 1)
							  : 0);
	change(list, fd, EPOLLIN | EPOLLET | EPOLLONESHOT);
	join(one ? one : other);
}
