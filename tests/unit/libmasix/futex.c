/* The futex table with real threads of the host. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "vector/futex.h"

static struct futex_table table;
static _Atomic uint32_t word, other;
static atomic_int running, woken;

struct waiting {
	pthread_t thread;
	uint32_t bits;
	int64_t deadline;
	int result;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static unsigned queued(void)
{
	unsigned i, count = 0;

	for (i = 0; i < FUTEX_BUCKETS; i++)
		count += table.buckets[i].waiters;
	return count;
}

static void *wait_thread(void *argument)
{
	struct waiting *waiting = argument;

	waiting->result = futex_wait(&table, &word, 0, waiting->bits, waiting->deadline);
	atomic_fetch_add(&woken, 1);
	return NULL;
}

static void start(struct waiting *waiting, unsigned count, uint32_t bits)
{
	unsigned i, before = queued();

	atomic_store(&word, 0);
	atomic_store(&woken, 0);
	for (i = 0; i < count; i++) {
		waiting[i].bits = bits;
		waiting[i].deadline = VECTOR_FOREVER;
		assert_int_equal(
			pthread_create(&waiting[i].thread, NULL, wait_thread, &waiting[i]), 0);
		while (queued() != before + i + 1) /* one after the other: the order is known */
			usleep(100);
	}
}

static void join(struct waiting *waiting, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		assert_int_equal(pthread_join(waiting[i].thread, NULL), 0);
		assert_int_equal(waiting[i].result, 0);
	}
}

static void await(int value)
{
	int i;

	for (i = 0; i < 2000 && atomic_load(&woken) < value; i++)
		usleep(1000);
	usleep(2000);
	assert_int_equal(atomic_load(&woken), value);
}

static void no_wait(void **state)
{
	(void)state;
	atomic_store(&word, 1);
	assert_int_equal(futex_wait(&table, &word, 0, FUTEX_ANY, VECTOR_FOREVER), -EAGAIN);
	assert_int_equal(futex_wait(&table, &word, 1, 0, VECTOR_FOREVER), -EINVAL);
	assert_int_equal(futex_wake(&table, &word, 10, FUTEX_ANY), 0);
	assert_int_equal(futex_wake(&table, &word, 10, 0), -EINVAL);
	assert_int_equal(queued(), 0);
}

static void time_out(void **state)
{
	int64_t before = now_ns();

	(void)state;
	atomic_store(&word, 0);
	assert_int_equal(futex_wait(&table, &word, 0, FUTEX_ANY, before + 30000000), -ETIMEDOUT);
	assert_true(now_ns() - before >= 30000000);
	assert_int_equal(queued(), 0);
}

static void exact_counts(void **state)
{
	struct waiting waiting[5];

	(void)state;
	start(waiting, 5, FUTEX_ANY);
	assert_int_equal(futex_wake(&table, &other, 5, FUTEX_ANY), 0);
	assert_int_equal(futex_wake(&table, &word, 2, FUTEX_ANY), 2);
	await(2);
	assert_int_equal(futex_wake(&table, &word, 10, FUTEX_ANY), 3);
	await(5);
	join(waiting, 5);
}

static void bit_sets(void **state)
{
	struct waiting left[2], right[2];

	(void)state;
	start(left, 2, 1);
	start(right, 2, 2);
	assert_int_equal(futex_wake(&table, &word, 10, 4), 0);
	assert_int_equal(futex_wake(&table, &word, 10, 2), 2);
	join(right, 2);
	assert_int_equal(futex_wake(&table, &word, 10, 1 | 8), 2);
	join(left, 2);
}

static void requeue(void **state)
{
	struct waiting waiting[6];
	uint32_t wrong = 5, right = 0;

	(void)state;
	start(waiting, 6, FUTEX_ANY);
	assert_int_equal(futex_requeue(&table, &word, &other, 1, 2, &wrong), -EAGAIN);
	assert_int_equal(futex_requeue(&table, &word, &other, -1, 2, NULL), -EINVAL);
	assert_int_equal(futex_requeue(&table, &word, &other, 1, 2, &right), 3);
	await(1);
	assert_int_equal(queued(), 5);
	assert_int_equal(futex_wake(&table, &word, 10, FUTEX_ANY), 3);
	await(4);
	assert_int_equal(futex_wake(&table, &other, 10, FUTEX_ANY), 2);
	join(waiting, 6);
	assert_int_equal(queued(), 0);
}

static void a_moved_waiter_times_out(void **state)
{
	struct waiting waiting = { .bits = FUTEX_ANY };

	(void)state;
	atomic_store(&word, 0);
	waiting.deadline = now_ns() + 50000000;
	assert_int_equal(pthread_create(&waiting.thread, NULL, wait_thread, &waiting), 0);
	while (queued() == 0)
		usleep(100);
	assert_int_equal(futex_requeue(&table, &word, &other, 0, 1, NULL), 1);
	assert_int_equal(pthread_join(waiting.thread, NULL), 0);
	assert_int_equal(waiting.result, -ETIMEDOUT);
	assert_int_equal(queued(), 0);
}

/* A mutex made of the futex, with time-outs mixed in: nothing is lost, nobody sleeps for ever. */
static _Atomic uint32_t mutex;
static unsigned shared;

static void *contend(void *argument)
{
	unsigned i;

	(void)argument;
	for (i = 0; i < 3000; i++) {
		uint32_t expected = 0;

		if (!atomic_compare_exchange_strong(&mutex, &expected, 1))
			while (atomic_exchange(&mutex, 2) != 0)
				(void)futex_wait(&table, &mutex, 2, FUTEX_ANY,
					i % 3 ? VECTOR_FOREVER : now_ns() + 20000);
		shared++;
		if (atomic_exchange(&mutex, 0) == 2)
			(void)futex_wake(&table, &mutex, 1, FUTEX_ANY);
	}
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static void contention(void **state)
{
	pthread_t threads[8];
	unsigned i;

	(void)state;
	atomic_store(&running, 8);
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, contend, NULL), 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(shared, 8 * 3000);
	assert_int_equal(queued(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wait),
		cmocka_unit_test(time_out),
		cmocka_unit_test(exact_counts),
		cmocka_unit_test(bit_sets),
		cmocka_unit_test(requeue),
		cmocka_unit_test(a_moved_waiter_times_out),
		cmocka_unit_test(contention),
	};

	return cmocka_run_group_tests_name("futex", tests, NULL, NULL);
}
