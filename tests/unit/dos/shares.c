/* Unit tests of server/shares.c: opens and locks of several machines. */
#include <masix/error.h>

#include "server/shares.h"

#include "test.h"

#define ALL 0x10u
#define WRITE 0x20u
#define READ 0x30u
#define NONE 0x40u

static struct shares shares;

static int begin(void **state)
{
	(void)state;
	shares = (struct shares){ 0 };
	return 0;
}

static int open_by(int machine, uint32_t slot, uint64_t inode, unsigned mode)
{
	const struct share_claim claim = {
		.inode = inode, .device = 1, .machine = machine, .slot = slot, .mode = mode
	};

	return shares_open(&shares, &claim);
}

/* Of two opens by each mode: the second one as SHARE has it. */
static void test_modes(void **state)
{
	static const struct {
		unsigned first, second;
		int result;
	} cases[] = {
		{ ALL, 0, MASIX_E_BUSY },
		{ 0, ALL, MASIX_E_BUSY },
		{ NONE, NONE | 2, 0 },
		{ WRITE, NONE, 0 },
		{ WRITE, NONE | 1, MASIX_E_BUSY },
		{ WRITE, NONE | 2, MASIX_E_BUSY },
		{ NONE | 1, WRITE, MASIX_E_BUSY },
		{ READ | 1, NONE | 1, 0 },
		{ READ | 1, NONE, MASIX_E_BUSY },
		{ WRITE, WRITE, 0 },
		{ 0, 2, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(open_by(1, 5, 7, cases[i].first), 0);
		assert_int_equal(open_by(2, 5, 7, cases[i].second), cases[i].result);
		assert_int_equal(open_by(2, 6, 8, cases[i].second), 0);
		/* A machine knows itself what it has. */
		assert_int_equal(open_by(1, 6, 7, ALL), cases[i].result ? 0 : MASIX_E_BUSY);
		shares_close_all(&shares, 1);
		shares_close_all(&shares, 2);
	}
}

static void test_slots(void **state)
{
	(void)state;
	assert_int_equal(open_by(1, 5, 7, ALL), 0);
	assert_int_equal(open_by(1, 5, 8, 0), MASIX_E_EXISTS);
	shares_close(&shares, 2, 5);
	assert_int_equal(open_by(2, 5, 7, 0), MASIX_E_BUSY);
	shares_close(&shares, 1, 5);
	assert_int_equal(open_by(2, 5, 7, 0), 0);
	for (uint32_t i = 1; i < SHARES_CLAIMS; i++)
		assert_int_equal(open_by(3, i, 100 + i, 0), 0);
	assert_int_equal(open_by(4, 1, 9, 0), MASIX_E_LIMIT);
	shares_close_all(&shares, 3);
	assert_int_equal(open_by(4, 1, 9, 0), 0);
}

static void test_locks(void **state)
{
	(void)state;
	assert_int_equal(shares_lock(&shares, 1, 1, 0, 10), MASIX_E_NOT_FOUND);
	assert_int_equal(open_by(1, 1, 7, 2), 0);
	assert_int_equal(open_by(2, 1, 7, 2), 0);
	assert_int_equal(open_by(3, 1, 8, 2), 0);
	assert_int_equal(shares_lock(&shares, 1, 1, 10, 20), 0);
	assert_int_equal(shares_lock(&shares, 2, 1, 19, 21), MASIX_E_BUSY);
	assert_int_equal(shares_lock(&shares, 2, 1, 20, 21), 0);
	assert_int_equal(shares_lock(&shares, 2, 1, 0, 10), 0);
	assert_int_equal(shares_lock(&shares, 3, 1, 0, ~0u), 0);
	assert_int_equal(shares_unlock(&shares, 2, 1, 10, 20), MASIX_E_NOT_FOUND);
	assert_int_equal(shares_unlock(&shares, 1, 1, 10, 20), 0);
	assert_int_equal(shares_lock(&shares, 2, 1, 10, 20), 0);
	/* They go with the file. */
	shares_close(&shares, 2, 1);
	assert_int_equal(shares_lock(&shares, 1, 1, 0, 100), 0);
	for (uint32_t i = 2; i < SHARES_LOCKS; i++)
		assert_int_equal(shares_lock(&shares, 3, 1, i, i + 1), 0);
	assert_int_equal(shares_lock(&shares, 3, 1, 0, 1), MASIX_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_modes, begin),
		cmocka_unit_test_setup(test_slots, begin),
		cmocka_unit_test_setup(test_locks, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
