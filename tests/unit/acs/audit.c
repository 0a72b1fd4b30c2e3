/* Unit tests of acs/audit.c, acs/order.c and acs/restart.c. */
#include "test.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"

static const uint8_t first[MASIX_HASH_SIZE] = { 1, 2, 3 };

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct audit));
	if (*state == NULL || sodium_init() < 0)
		return -1;
	audit_begin(*state, first);
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void test_text(void **state)
{
	struct audit *audit = *state;
	char text[2 * AUDIT_LINE_MAX];
	size_t size;

	audit_append(audit, 1234567890, AUDIT_START, "fs", "session 1");
	audit_append(audit, 2000000000, AUDIT_REFUSE, "x\ny", "bad\x1b[0m");
	size = audit_format(audit, text, sizeof text - 1);
	text[size] = '\0';
	assert_non_null(strstr(text, "1 1.234 start fs session 1 #"));
	assert_non_null(strstr(text, "\n2 2.000 refuse x?y bad?[0m #"));
	assert_int_equal(text[size - 1], '\n');
	/* Whole lines only. */
	assert_int_equal(audit_format(audit, text, 10), 0);
}

static void test_change_is_seen(void **state)
{
	struct audit *audit = *state;
	unsigned i;

	for (i = 0; i < 10; i++)
		audit_append(audit, i, AUDIT_REGISTER, "fs", "");
	assert_true(audit_intact(audit));
	audit->records[4].event = AUDIT_STOP;
	assert_false(audit_intact(audit));
	audit->records[4].event = AUDIT_REGISTER;
	assert_true(audit_intact(audit));
	audit->records[9].detail[3] ^= 1;
	assert_false(audit_intact(audit));
	audit->records[9].detail[3] ^= 1;
	audit->anchor[0] ^= 1;
	assert_false(audit_intact(audit));
}

static void test_chain_goes_on_when_the_oldest_leave(void **state)
{
	struct audit *audit = *state;
	char *text = malloc(AUDIT_KEPT * AUDIT_LINE_MAX);
	size_t size;
	unsigned i;

	assert_non_null(text);
	for (i = 0; i < 2 * AUDIT_KEPT + 7; i++) {
		audit_append(audit, i, AUDIT_DIE, "server", "detail");
		assert_true(i % 50 != 0 || audit_intact(audit));
	}
	assert_true(audit_intact(audit));
	size = audit_format(audit, text, AUDIT_KEPT * AUDIT_LINE_MAX);
	assert_true(size > 0);
	assert_memory_equal(text, "520 ", 4);
	free(text);
}

static void test_long_fields_are_cut(void **state)
{
	struct audit *audit = *state;
	char longest[1000], text[AUDIT_LINE_MAX];

	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	audit_append(audit, UINT64_MAX, AUDIT_REGISTER, longest, longest);
	assert_true(audit_format(audit, text, sizeof text) > 0);
	assert_true(audit_intact(audit));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_change_is_seen),
		TEST(test_chain_goes_on_when_the_oldest_leave),
		TEST(test_long_fields_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
