/* Locked ranges: splitting, joining, unlocking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lock_ranges.h"

/* The type that covers a byte. */
static enum lock_type at(const struct lock_ranges *ranges, int64_t byte)
{
	enum lock_type found = LOCK_TYPE_NONE;
	int count = 0;

	for (uint32_t i = 0; i < ranges->count; i++) {
		if (byte >= ranges->range[i].start && byte <= ranges->range[i].end) {
			found = ranges->range[i].type;
			count++;
		}
	}
	assert_true(count <= 1);
	return found;
}

static void a_change_in_the_middle_splits(void **state)
{
	struct lock_ranges ranges = {.count = 0};

	(void)state;
	assert_int_equal(lock_ranges_set(&ranges, 0, 99, LOCK_TYPE_READ), 0);
	assert_int_equal(lock_ranges_set(&ranges, 40, 49, LOCK_TYPE_WRITE), 0);
	assert_int_equal(ranges.count, 3);
	assert_int_equal(at(&ranges, 39), LOCK_TYPE_READ);
	assert_int_equal(at(&ranges, 40), LOCK_TYPE_WRITE);
	assert_int_equal(at(&ranges, 49), LOCK_TYPE_WRITE);
	assert_int_equal(at(&ranges, 50), LOCK_TYPE_READ);
	assert_int_equal(lock_ranges_strongest(&ranges), LOCK_TYPE_WRITE);
	assert_int_equal(lock_ranges_set(&ranges, 40, 49, LOCK_TYPE_NONE), 0);
	assert_int_equal(at(&ranges, 45), LOCK_TYPE_NONE);
	assert_int_equal(lock_ranges_strongest(&ranges), LOCK_TYPE_READ);
}

static void neighbours_join(void **state)
{
	struct lock_ranges ranges = {.count = 0};

	(void)state;
	assert_int_equal(lock_ranges_set(&ranges, 0, 9, LOCK_TYPE_WRITE), 0);
	assert_int_equal(lock_ranges_set(&ranges, 20, 29, LOCK_TYPE_WRITE), 0);
	assert_int_equal(lock_ranges_set(&ranges, 10, 19, LOCK_TYPE_WRITE), 0);
	assert_int_equal(ranges.count, 1);
	assert_int_equal(at(&ranges, 0), LOCK_TYPE_WRITE);
	assert_int_equal(at(&ranges, 29), LOCK_TYPE_WRITE);
}

static void to_the_end_of_all_files(void **state)
{
	struct lock_ranges ranges = {.count = 0};

	(void)state;
	assert_int_equal(lock_ranges_set(&ranges, 10, INT64_MAX, LOCK_TYPE_READ), 0);
	assert_int_equal(lock_ranges_set(&ranges, 0, INT64_MAX, LOCK_TYPE_NONE), 0);
	assert_int_equal(ranges.count, 0);
	assert_int_equal(lock_ranges_strongest(&ranges), LOCK_TYPE_NONE);
}

static void too_many_pieces_change_nothing(void **state)
{
	struct lock_ranges ranges = {.count = 0}, before;

	(void)state;
	for (int i = 0; i < LOCK_RANGES_MAX; i++)
		assert_int_equal(lock_ranges_set(&ranges, i * 10, i * 10 + 4, LOCK_TYPE_READ), 0);
	before = ranges;
	assert_true(lock_ranges_set(&ranges, 1002, 1003, LOCK_TYPE_READ) < 0);
	assert_true(lock_ranges_set(&ranges, 2, 2, LOCK_TYPE_NONE) < 0);
	assert_memory_equal(&before, &ranges, sizeof before);
	assert_int_equal(lock_ranges_set(&ranges, 0, 4, LOCK_TYPE_NONE), 0);
	assert_int_equal(ranges.count, LOCK_RANGES_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_in_the_middle_splits),
		cmocka_unit_test(neighbours_join),
		cmocka_unit_test(to_the_end_of_all_files),
		cmocka_unit_test(too_many_pieces_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
