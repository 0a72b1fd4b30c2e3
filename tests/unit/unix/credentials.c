/* Unit tests of credentials.c. */
#include "credentials.h"

#include <string.h>

#include <masix/error.h>

#include "test.h"

#define KEEP 0xffffffffu

static const struct credentials user = { .ruid = 10,
	.euid = 11,
	.suid = 12,
	.rgid = 20,
	.egid = 21,
	.sgid = 22,
	.group_count = 1,
	.groups = { 30 } };

static void test_pack(void **state)
{
	uint32_t words[6 + CREDENTIALS_GROUPS];
	struct credentials again;

	(void)state;
	assert_int_equal(credentials_pack(&user, words), 7);
	assert_int_equal(credentials_change(&user, words, 7, &again), 0);
	assert_memory_equal(&again, &user, sizeof(user));
	assert_int_equal(credentials_for_files(&user, words), 3);
	assert_int_equal(words[0], 11);
	assert_int_equal(words[1], 21);
	assert_int_equal(words[2], 30);
}

static void test_exec(void **state)
{
	struct credentials changed;

	(void)state;
	assert_false(credentials_exec(&user, 0755, 0, 0, &changed));
	assert_int_equal(changed.euid, 11);
	assert_int_equal(changed.suid, 11);
	assert_int_equal(changed.sgid, 21);
	assert_true(credentials_exec(&user, 04755, 0, 0, &changed));
	assert_int_equal(changed.ruid, 10);
	assert_int_equal(changed.euid, 0);
	assert_int_equal(changed.suid, 0);
	assert_int_equal(changed.egid, 21);
	assert_true(credentials_exec(&user, 02755, 0, 0, &changed));
	assert_int_equal(changed.euid, 11);
	assert_int_equal(changed.egid, 0);
	assert_int_equal(changed.sgid, 0);
	/* Without the group's x it is no program of the group. */
	assert_false(credentials_exec(&user, 02745, 0, 0, &changed));
	assert_false(credentials_exec(&user, 04755, 11, 0, &changed));
}

static void test_may_execute(void **state)
{
	const struct credentials root = { .group_count = 0 };

	(void)state;
	assert_true(credentials_may_execute(&user, 0100, 11, 0));
	assert_false(credentials_may_execute(&user, 0011, 11, 0));
	assert_true(credentials_may_execute(&user, 0010, 0, 21));
	assert_true(credentials_may_execute(&user, 0010, 0, 30));
	assert_false(credentials_may_execute(&user, 0101, 0, 30));
	assert_true(credentials_may_execute(&user, 0001, 0, 0));
	assert_false(credentials_may_execute(&user, 0110, 0, 0));
	assert_true(credentials_may_execute(&root, 0001, 5, 5));
	assert_false(credentials_may_execute(&root, 0666, 5, 5));
}

static void test_user(void **state)
{
	const uint32_t swap[] = { 12, 10, 11, KEEP, 22, KEEP, 30 };
	const uint32_t root[] = { KEEP, 0, KEEP, KEEP, KEEP, KEEP, 30 };
	const uint32_t group[] = { KEEP, KEEP, KEEP, KEEP, KEEP, 0, 30 };
	const uint32_t groups[] = { KEEP, KEEP, KEEP, KEEP, KEEP, KEEP, 31 };
	struct credentials changed;

	(void)state;
	assert_int_equal(credentials_change(&user, swap, 7, &changed), 0);
	assert_int_equal(changed.ruid, 12);
	assert_int_equal(changed.euid, 10);
	assert_int_equal(changed.suid, 11);
	assert_int_equal(changed.rgid, 20);
	assert_int_equal(changed.egid, 22);
	assert_int_equal(credentials_change(&user, root, 7, &changed), MASIX_E_PERMISSION);
	assert_int_equal(credentials_change(&user, group, 7, &changed), MASIX_E_PERMISSION);
	assert_int_equal(credentials_change(&user, groups, 7, &changed), MASIX_E_PERMISSION);
	assert_int_equal(credentials_change(&user, groups, 6, &changed), MASIX_E_PERMISSION);
}

static void test_root(void **state)
{
	const struct credentials root = { .group_count = 0 };
	const uint32_t drop[] = { 5, 5, 5, 6, 6, 6, 7, 8 };
	uint32_t many[6 + CREDENTIALS_GROUPS + 1] = { 0 };
	struct credentials changed, back;

	(void)state;
	assert_int_equal(credentials_change(&root, drop, 8, &changed), 0);
	assert_int_equal(changed.group_count, 2);
	assert_int_equal(changed.groups[1], 8);
	/* There is no way back. */
	assert_int_equal(credentials_change(&changed, many, 6, &back), MASIX_E_PERMISSION);
	assert_int_equal(credentials_change(&root, many, 6 + CREDENTIALS_GROUPS, &changed), 0);
	assert_int_equal(
		credentials_change(&root, many, 7 + CREDENTIALS_GROUPS, &changed), MASIX_E_INVALID);
	assert_int_equal(credentials_change(&root, many, 5, &changed), MASIX_E_INVALID);
	assert_int_equal(credentials_change(&root, many, 0, &changed), MASIX_E_INVALID);
}

static void test_kill(void **state)
{
	const struct credentials root = { 0 };
	const struct credentials same = { .ruid = 11, .euid = 50, .suid = 50 };
	const struct credentials other = { .ruid = 50, .euid = 11, .suid = 50 };

	(void)state;
	assert_true(credentials_may_signal(&root, &user));
	assert_false(credentials_may_signal(&user, &root));
	assert_true(credentials_may_signal(&user, &same));
	assert_false(credentials_may_signal(&user, &other)); /* its effective uid does not count */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pack),
		cmocka_unit_test(test_exec), cmocka_unit_test(test_may_execute),
		cmocka_unit_test(test_exec), cmocka_unit_test(test_may_execute),
		cmocka_unit_test(test_user), cmocka_unit_test(test_root),
		cmocka_unit_test(test_kill) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
