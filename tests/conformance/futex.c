/* The futex call, which all locks of the C library stand on. */
#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>

static volatile sig_atomic_t caught;
static int word, other_word;
static int woken;

static long futex(int *address, int operation, int value, const void *limit, int *second, int third)
{
	return syscall(SYS_futex, address, operation, value, limit, second, third);
}

static void count(int number)
{
	(void)number;
	caught++;
}

static void *wait_once(void *argument)
{
	while (futex(argument, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == -1)
		CHECK(errno == EINTR || errno == EAGAIN);
	__atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void start_waiters(pthread_t *threads, int number, int *address)
{
	for (int i = 0; i < number; i++)
		EQUAL(pthread_create(&threads[i], NULL, wait_once, address), 0);
	/* There is no telling from outside that a thread waits. */
	nap(60);
	EQUAL(woken, 0);
}

CASE(another_value_does_not_wait)
{
	word = 5;
	FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0), EAGAIN);
	FAILS(futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0), EAGAIN);
}

CASE(time_out)
{
	struct timespec limit = { 0, 50000000 };
	long long before = milliseconds_now();

	FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0), ETIMEDOUT);
	CHECK(milliseconds_now() - before >= 49);
	limit.tv_nsec = 0;
	FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0), ETIMEDOUT);
	limit.tv_nsec = 1000000000;
	FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0), EINVAL);
	limit = (struct timespec){ -1, 0 };
	FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0), EINVAL);
}

CASE(time_out_at_a_time)
{
	struct timespec until;
	long long before = milliseconds_now();

	OK(clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_nsec += 50000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	FAILS(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, NULL, FUTEX_BITSET_MATCH_ANY),
		ETIMEDOUT);
	CHECK(milliseconds_now() - before >= 49);
	/* In the past. */
	FAILS(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, NULL, FUTEX_BITSET_MATCH_ANY),
		ETIMEDOUT);
	OK(clock_gettime(CLOCK_REALTIME, &until));
	FAILS(futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &until, NULL,
		      FUTEX_BITSET_MATCH_ANY),
		ETIMEDOUT);
}

CASE(waking_without_waiters)
{
	EQUAL(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	EQUAL(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
}

CASE(wakes_as_many_as_asked)
{
	pthread_t threads[5];

	start_waiters(threads, 5, &word);
	EQUAL(futex(&other_word, FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0), 0);
	EQUAL(futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0), 2);
	EVENTUALLY(__atomic_load_n(&woken, __ATOMIC_SEQ_CST) == 2);
	nap(20);
	EQUAL(__atomic_load_n(&woken, __ATOMIC_SEQ_CST), 2);
	EQUAL(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 3);
	for (int i = 0; i < 5; i++)
		EQUAL(pthread_join(threads[i], NULL), 0);
}

CASE(requeue)
{
	pthread_t threads[4];

	start_waiters(threads, 4, &word);
	FAILS(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)INT_MAX, &other_word, 1), EAGAIN);
	/* One woken, the others wait on the other word now. */
	EQUAL(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)INT_MAX, &other_word, 0), 4);
	EVENTUALLY(__atomic_load_n(&woken, __ATOMIC_SEQ_CST) == 1);
	EQUAL(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
	EQUAL(futex(&other_word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 3);
	for (int i = 0; i < 4; i++)
		EQUAL(pthread_join(threads[i], NULL), 0);
}

CASE(wake_with_operation)
{
	pthread_t threads[2];

	start_waiters(threads, 1, &word);
	EQUAL(pthread_create(&threads[1], NULL, wait_once, &other_word), 0);
	nap(60);
	/* other_word was 0, becomes 0 + 7; being equal to 0 before, its waiter wakes too. */
	EQUAL(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other_word,
		      FUTEX_OP(FUTEX_OP_ADD, 7, FUTEX_OP_CMP_EQ, 0)),
		2);
	EQUAL(other_word, 7);
	for (int i = 0; i < 2; i++)
		EQUAL(pthread_join(threads[i], NULL), 0);
}

CASE(bit_sets)
{
	FAILS(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0), EINVAL);
	EQUAL(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 1), 0);
	FAILS(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0), EINVAL);
}

CASE(bad_arguments)
{
	FAILS(futex((int *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EINVAL);
	FAILS(futex(NULL, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
	FAILS(futex(&word, 0x55, 0, NULL, NULL, 0), ENOSYS);
}

static void *wake_later(void *argument)
{
	nap(150);
	while (futex(argument, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0)
		nap(5);
	return NULL;
}

CASE(signal_interrupts_or_restarts)
{
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };
	struct timespec limit = { 20, 0 };
	sigset_t block = set_of(SIGALRM);
	pthread_t thread;

	set_handler(SIGALRM, count, 0);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EINTR);
	/* With a time-out it never starts again, without one it does on request. */
	set_handler(SIGALRM, count, SA_RESTART);
	FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0), EINTR);
	EQUAL(pthread_sigmask(SIG_BLOCK, &block, NULL), 0);
	EQUAL(pthread_create(&thread, NULL, wake_later, &word), 0);
	EQUAL(pthread_sigmask(SIG_UNBLOCK, &block, NULL), 0);
	caught = 0;
	EQUAL(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK(caught >= 2);
	EQUAL(pthread_join(thread, NULL), 0);
}

CASE(between_processes)
{
	int *shared =
		OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	pid_t child = OK(fork());

	if (child == 0) {
		while (__atomic_load_n(shared, __ATOMIC_SEQ_CST) == 0)
			if (futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0) == -1)
				CHECK(errno == EAGAIN || errno == EINTR);
		_exit(*shared);
	}
	nap(50);
	__atomic_store_n(shared, 7, __ATOMIC_SEQ_CST);
	CHECK(futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0) <= 1);
	EXITS(child, 7);
}

CASE(between_processes_through_a_file)
{
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644)), *shared;
	pid_t child;

	OK(ftruncate(fd, 4096));
	child = OK(fork());
	if (child == 0) {
		shared = OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
		while (__atomic_load_n(shared, __ATOMIC_SEQ_CST) == 0)
			(void)futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0);
		_exit(*shared);
	}
	shared = OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	nap(50);
	__atomic_store_n(shared, 8, __ATOMIC_SEQ_CST);
	CHECK(futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0) <= 1);
	EXITS(child, 8);
}

CASE(private_pages_of_relatives_are_apart)
{
	/* After fork the same address is another futex. */
	pid_t child = OK(fork());
	struct timespec limit = { 0, 100000000 };

	if (child == 0) {
		FAILS(futex(&word, FUTEX_WAIT, 0, &limit, NULL, 0), ETIMEDOUT);
		_exit(0);
	}
	nap(40);
	EQUAL(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	EXITS(child, 0);
}

static int turn;

static void *take_turns(void *argument)
{
	int mine = (int)(intptr_t)argument;

	for (int i = 0; i < 2000; i++) {
		while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != mine)
			(void)futex(&turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
		__atomic_store_n(&turn, !mine, __ATOMIC_SEQ_CST);
		(void)futex(&turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

CASE(no_wake_is_lost)
{
	pthread_t threads[2];

	for (intptr_t i = 0; i < 2; i++)
		EQUAL(pthread_create(&threads[i], NULL, take_turns, (void *)i), 0);
	for (int i = 0; i < 2; i++)
		EQUAL(pthread_join(threads[i], NULL), 0);
}

static void *clear_tid(void *argument)
{
	OK(syscall(SYS_set_tid_address, argument));
	/* Not through the C library, which would wait for its own word. */
	for (;;)
		syscall(SYS_exit, 0);
}

CASE(word_is_cleared_when_a_thread_ends)
{
	pthread_t thread;

	word = 1;
	EQUAL(pthread_create(&thread, NULL, clear_tid, &word), 0);
	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 1)
		if (futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0) == -1)
			CHECK(errno == EAGAIN || errno == EINTR);
	EQUAL(word, 0);
}
