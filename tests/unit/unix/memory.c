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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_in_time),
		cmocka_unit_test(test_idle) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
