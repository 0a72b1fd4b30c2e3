/* Unit tests of record_locks.c. */
#include "record_locks.h"

#include <stdlib.h>

#include <masix/error.h>
#include <masix/types.h>

#include "test.h"

#define S MASIX_LOCK_SHARED
#define X MASIX_LOCK_EXCLUSIVE
#define N MASIX_LOCK_NONE

static struct record_locks locks;

static int try_lock(int pid, int how, int64_t start, int64_t end)
{
	const struct record want = { pid, how, start, end };

	return records_lock(&locks, 1, 7, &want);
}

static int wait_lock(int pid, int how, int64_t start, int64_t end, uint32_t token)
{
	const struct record want = { pid, how, start, end };

	return records_wait(&locks, 1, 7, &want, token, 1000 + token);
}

static int other_file(int pid, int how, int64_t start, int64_t end)
{
	const struct record want = { pid, how, start, end };

	return records_lock(&locks, 1, 8, &want);
}

/* Who is in the way of an exclusive lock on one byte by process 99; 0: nobody. */
static int holder(int64_t byte)
{
	const struct record want = { 99, X, byte, byte };
	const struct record *r = records_conflict(&locks, 1, 7, &want);

	return r != NULL ? r->pid : 0;
}

static void forget(int pid)
{
	struct record_wait *w;

	while ((w = records_forget(&locks, pid)) != NULL)
		free(w);
}

static int teardown(void **state)
{
	(void)state;
	for (int pid = 1; pid <= 5; pid++)
		forget(pid);
	assert_null(locks.files);
	assert_int_equal(locks.total, 0);
	return 0;
}

static void test_exclusion(void **state)
{
	(void)state;
	assert_int_equal(try_lock(1, X, 10, 19), 0);
	assert_int_equal(try_lock(2, S, 19, 30), MASIX_E_WOULD_BLOCK);
	assert_int_equal(try_lock(2, X, 20, 30), 0);
	assert_int_equal(other_file(2, X, 10, 19), 0);
	assert_int_equal(try_lock(1, S, 10, 19), 0);
	assert_int_equal(try_lock(3, S, 10, 12), 0);
	assert_int_equal(try_lock(1, X, 10, 19), MASIX_E_WOULD_BLOCK);
	assert_int_equal(holder(15), 1);
	assert_int_equal(holder(25), 2);
	assert_int_equal(holder(31), 0);
}

static void test_splitting(void **state)
{
	(void)state;
	assert_int_equal(try_lock(1, S, 0, 99), 0);
	assert_int_equal(try_lock(1, X, 40, 49), 0);
	assert_int_equal(try_lock(2, S, 45, 45), MASIX_E_WOULD_BLOCK);
	assert_int_equal(try_lock(2, S, 39, 39), 0);
	assert_int_equal(try_lock(1, N, 40, 49), 0);
	assert_int_equal(try_lock(2, X, 40, 49), 0);
	assert_int_equal(holder(0), 1);
	assert_int_equal(holder(45), 2);
	assert_int_equal(holder(99), 1);
}

static void test_joining(void **state)
{
	(void)state;
	assert_int_equal(try_lock(1, X, 0, 9), 0);
	assert_int_equal(try_lock(1, X, 20, 29), 0);
	assert_int_equal(try_lock(1, X, 10, 19), 0);
	assert_int_equal(locks.total, 1);
	assert_int_equal(try_lock(1, N, 0, INT64_MAX), 0);
	assert_int_equal(locks.total, 0);
	assert_null(locks.files);
}

static void test_extremes(void **state)
{
	(void)state;
	assert_int_equal(try_lock(1, X, 0, INT64_MAX), 0);
	assert_int_equal(try_lock(2, S, INT64_MAX, INT64_MAX), MASIX_E_WOULD_BLOCK);
	assert_int_equal(try_lock(1, N, 5, INT64_MAX), 0);
	assert_int_equal(try_lock(1, X, 5, INT64_MAX), 0);
	assert_int_equal(locks.total, 1);
	assert_int_equal(try_lock(1, X, -1, 5), MASIX_E_INVALID);
	assert_int_equal(try_lock(1, X, 5, 4), MASIX_E_INVALID);
	assert_int_equal(try_lock(1, 77, 5, 6), MASIX_E_INVALID);
}

static void test_waiting(void **state)
{
	struct record_wait *w;
	int result;

	(void)state;
	assert_int_equal(try_lock(1, X, 0, 9), 0);
	assert_int_equal(wait_lock(2, S, 0, 4, 21), 0);
	assert_int_equal(wait_lock(3, S, 0, 9, 31), 0);
	assert_null(records_granted(&locks, &result));
	assert_int_equal(try_lock(1, N, 0, 9), 0);
	w = records_granted(&locks, &result);
	assert_int_equal(w->reply, 1021);
	assert_int_equal(result, 0);
	free(w);
	w = records_granted(&locks, &result);
	assert_int_equal(w->reply, 1031);
	free(w);
	assert_null(records_granted(&locks, &result));
	assert_int_equal(try_lock(1, X, 0, 0), MASIX_E_WOULD_BLOCK);
}

static void test_cancelling(void **state)
{
	struct record_wait *w;

	(void)state;
	assert_int_equal(try_lock(1, X, 0, 9), 0);
	assert_int_equal(wait_lock(2, S, 0, 4, 21), 0);
	assert_int_equal(wait_lock(2, S, 0, 4, 22), 0);
	assert_null(records_cancel(&locks, 3, &(uint32_t){ 21 }));
	w = records_cancel(&locks, 2, &(uint32_t){ 22 });
	assert_int_equal(w->reply, 1022);
	free(w);
	assert_null(records_cancel(&locks, 2, &(uint32_t){ 22 }));
	/* The list's end is right: another one can be added and found. */
	assert_int_equal(wait_lock(3, S, 0, 4, 33), 0);
	w = records_cancel(&locks, 3, &(uint32_t){ 33 });
	assert_non_null(w);
	free(w);
}

static void test_deadlock(void **state)
{
	(void)state;
	assert_int_equal(try_lock(1, X, 1, 1), 0);
	assert_int_equal(try_lock(2, X, 2, 2), 0);
	assert_int_equal(try_lock(3, X, 3, 3), 0);
	assert_int_equal(wait_lock(1, X, 2, 2, 1), 0);
	assert_int_equal(wait_lock(2, X, 3, 3, 2), 0);
	assert_int_equal(wait_lock(3, X, 1, 1, 3), MASIX_E_DEADLOCK);
	assert_int_equal(wait_lock(4, X, 1, 1, 4), 0);
}

/* Twenty layers of four processes, each waiting for all of the next: by every road that would be 4^20 steps; and the
 * cycle is longer than that. */
static void test_deadlock_over_many_roads(void **state)
{
	const int layers = 20, wide = 4;

	(void)state;
	for (int layer = 0; layer < layers; layer++)
		for (int i = 0; i < wide; i++)
			assert_int_equal(
				try_lock(1 + layer * wide + i, S, layer * 10, layer * 10 + 5), 0);
	for (int layer = 0; layer + 1 < layers; layer++)
		for (int i = 0; i < wide; i++)
			assert_int_equal(wait_lock(1 + layer * wide + i, X, layer * 10 + 10,
						 layer * 10 + 15, 1),
				0);
	assert_int_equal(wait_lock(layers * wide, X, 0, 5, 2), MASIX_E_DEADLOCK);
	assert_int_equal(wait_lock(layers * wide + 1, X, 0, 5, 2), 0);
	for (int pid = 1; pid <= layers * wide + 1; pid++)
		forget(pid);
}

static void test_the_end_of_a_process(void **state)
{
	struct record_wait *w;
	int result;

	(void)state;
	assert_int_equal(try_lock(1, X, 0, 9), 0);
	assert_int_equal(other_file(1, X, 0, 9), 0);
	assert_int_equal(wait_lock(2, X, 0, 9, 5), 0);
	forget(1);
	w = records_granted(&locks, &result);
	assert_int_equal(w->want.pid, 2);
	free(w);
	assert_int_equal(locks.total, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_exclusion, teardown),
		cmocka_unit_test_teardown(test_splitting, teardown),
		cmocka_unit_test_teardown(test_joining, teardown),
		cmocka_unit_test_teardown(test_extremes, teardown),
		cmocka_unit_test_teardown(test_waiting, teardown),
		cmocka_unit_test_teardown(test_cancelling, teardown),
		cmocka_unit_test_teardown(test_deadlock, teardown),
		cmocka_unit_test_teardown(test_deadlock_over_many_roads, teardown),
		cmocka_unit_test_teardown(test_the_end_of_a_process, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
