/* Unit tests of memory_policy.c. */
#include "memory_policy.h"

#include "test.h"

#define PAGES(mib) ((mib)*256u)

/* From any amount left, a process that touches 60 pages a ms cannot get below what the kernel needs
 * before the watchdog looks again. */
static void test_in_time(void **state)
{
	(void)state;
	for (uint32_t mib = 64; mib <= 2048; mib *= 2) {
		struct memory_policy p = memory_policy(PAGES(mib));
		uint32_t reserve = PAGES(mib) / 10 + 1000;

		assert_true(p.critical > reserve);
		for (uint32_t left = p.critical; left < PAGES(mib); left += 97) {
			unsigned ms = memory_pause(&p, left);

			assert_in_range(ms, 10, 500);
			/* A tick late, too. */
			assert_true(left - (ms > 10 ? ms : 0) * 60 >= p.critical || ms == 10);
			assert_true((int64_t)left - (int64_t)(ms + 10) * 60 >= reserve);
		}
	}
}

static void test_idle(void **state)
{
	struct memory_policy p = memory_policy(PAGES(512));

	(void)state;
	assert_int_equal(memory_pause(&p, PAGES(512)), 500);
	assert_int_equal(memory_pause(&p, 0), 10);
}

/* Free and cached pages together are never more than there are. */
static void test_cached(void **state)
{
	(void)state;
	assert_int_equal(memory_cached(300, 500), 300);
	assert_int_equal(memory_cached(700, 500), 500);
}

/* A family of small ones of a user weighs more than root's largest; its newest goes first. */
static void test_victim(void **state)
{
	struct memory_use uses[] = { { 0, 900, false }, { 0, 1000, false }, { 1000, 100, false },
		{ 1000, 400, false }, { 1000, 390, false }, { 1000, 200, false } };

	(void)state;
	assert_int_equal(memory_victim(uses, 6), 4);
	uses[4].ends = true;
	assert_int_equal(memory_victim(uses, 6), 1);
	uses[1].pages = 500;
	assert_int_equal(memory_victim(uses, 6), 0);
	uses[0].pages = 300;
	assert_int_equal(memory_victim(uses, 6), 3);
	assert_int_equal(memory_victim(uses, 0), -1);
	uses[0].pages = 0;
	assert_int_equal(memory_victim(uses, 1), -1);
}

/* What ends is waited for, unless it is too little or the kernel's own reserve is touched. */
static void test_patience(void **state)
{
	struct memory_policy p = memory_policy(PAGES(256));

	(void)state;
	assert_true(memory_comes_back(&p, p.critical - 1, 1, 5000));
	assert_false(memory_comes_back(&p, p.critical - 10, 9, 5000));
	assert_false(memory_comes_back(&p, p.reserve - 1, 10000, 5000));
	assert_true(memory_comes_back(&p, p.reserve - 1, 10000, 1000));
	assert_false(memory_comes_back(&p, p.reserve - 1, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_in_time),
		cmocka_unit_test(test_cached), cmocka_unit_test(test_idle),
		cmocka_unit_test(test_victim), cmocka_unit_test(test_patience) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
