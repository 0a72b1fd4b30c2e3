/* pthreads: mutexes, thread-local storage, joins, condition variables, time-outs. */
#include "boot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <masix/mach.h>

#include "mach_port.h"

#define THREADS 8
#define ROUNDS 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static unsigned counter, turn;
static __thread unsigned local = 7;

static void *count(void *argument)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	local += (unsigned)(unsigned long)argument;
	return (void *)(unsigned long)local;
}

static void test_mutex(void)
{
	pthread_t threads[THREADS];
	void *result;
	unsigned long i;

	counter = 0;
	for (i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, count, (void *)i) == 0);
	for (i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK((unsigned long)result == 7 + i);
	}
	CHECK(counter == THREADS * ROUNDS);
	CHECK(local == 7);
}

static void *take_turns(void *argument)
{
	unsigned me = (unsigned)(unsigned long)argument, i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < 500; i++) {
		while (turn % 2 != me)
			pthread_cond_wait(&condition, &lock);
		turn++;
		pthread_cond_broadcast(&condition);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void test_condition(void)
{
	struct timespec until;
	pthread_t other;
	uint64_t before, took;

	turn = 0;
	CHECK(pthread_create(&other, NULL, take_turns, (void *)1) == 0);
	(void)take_turns((void *)0);
	CHECK(pthread_join(other, NULL) == 0);
	CHECK(turn == 1000);

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 50000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	before = masix_monotonic_ns();
	pthread_mutex_lock(&lock);
	CHECK(pthread_cond_timedwait(&condition, &lock, &until) == ETIMEDOUT);
	pthread_mutex_unlock(&lock);
	took = masix_monotonic_ns() - before;
	CHECK(took >= 49000000 && took < 120000000);
}

static void *nothing(void *argument)
{
	free(malloc(1000));
	return argument;
}

static mach_msg_type_number_t port_names(void)
{
	mach_port_name_t *names;
	mach_port_type_t *types;
	mach_msg_type_number_t n = 0, m = 0;

	CHECK(mach_port_names(mach_task_self(), &names, &n, &types, &m) == KERN_SUCCESS);
	return n;
}

static void make_and_join(unsigned rounds)
{
	pthread_t thread;
	unsigned i;

	for (i = 0; i < rounds; i++) {
		CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
}

static void test_no_leak(void)
{
	mach_msg_type_number_t before, after;

	make_and_join(3);
	usleep(20000);
	before = port_names();
	make_and_join(200);
	usleep(20000);
	after = port_names();
	masix_log("port names: %u before, %u after 200 threads", before, after);
	CHECK(after == before);
}

void test_threads(void)
{
	test_mutex();
	test_condition();
	test_no_leak();
	masix_log("threads done");
}
