/* Unit tests of acs/audit.c and libmasix/identity/audit.c. */
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
	char text[3 * (AUDIT_LINE_MAX + AUDIT_LINK_MAX)];
	size_t size;

	audit_append(audit, 1234567890, AUDIT_START, "fs", "session 1");
	audit_append(audit, 2000000000, AUDIT_REFUSE, "x\ny", "bad\x1b[0m");
	size = audit_format(audit, text, sizeof text - 1);
	text[size] = '\0';
	assert_memory_equal(text, "anchor 0 #0102030000", 20);
	assert_non_null(strstr(text, "\n1 1.234 start fs session 1 #"));
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
	audit->records[9].name[1] ^= 1;
	assert_false(audit_intact(audit));
	audit->records[9].name[1] ^= 1;
	audit->anchor[0] ^= 1;
	assert_false(audit_intact(audit));
}

static const char *why;

/* Checks a text as anybody can: its records, or -1. */
static int count_lines(const char *text, size_t size)
{
	struct masix_audit_reader reader;
	struct masix_audit_line line;
	int lines = 0, end;

	masix_audit_begin(&reader, text, size);
	while ((end = masix_audit_next(&reader, &line, &why)) == 0)
		lines++;
	return end == 1 ? lines : -1;
}

static void test_text_can_be_verified(void **state)
{
	struct audit *audit = *state;
	char text[12 * (AUDIT_LINE_MAX + AUDIT_LINK_MAX)], copy[sizeof text], *second, *third;
	size_t size, i;

	for (i = 0; i < 10; i++)
		audit_append(audit, i * 1000000000, AUDIT_REGISTER, "fs", "fs/root, role 1");
	size = audit_format(audit, text, sizeof text);
	assert_int_equal(count_lines(text, size), 10);
	/* No byte of it can be changed, and nothing cut off but whole lines at the end. */
	for (i = 0; i < size; i++) {
		text[i] ^= 1;
		assert_int_equal(count_lines(text, size), -1);
		text[i] ^= 1;
	}
	for (i = 0; i < size; i++)
		assert_true(text[i - (i > 0)] == '\n' || count_lines(text, i) == -1);
	/* A line left out, two exchanged, one twice, one of another chain. */
	second = strchr(text, '\n') + 1;
	third = strchr(second, '\n') + 1;
	memcpy(copy, text, second - text);
	memcpy(copy + (second - text), third, text + size - third);
	assert_int_equal(count_lines(copy, size - (third - second)), -1);
	assert_string_equal(why, "does not have the next number");
	memcpy(copy, text, third - text);
	memcpy(copy + (third - text), second, text + size - second);
	assert_int_equal(count_lines(copy, size + (third - second)), -1);
	assert_int_equal(count_lines("", 0), -1);
	assert_int_equal(count_lines("anchor 0 #12\n", 13), -1);
	assert_int_equal(count_lines(second, text + size - second), -1);
	assert_string_equal(why, "does not begin with an anchor");
}

static void test_chain_goes_on_when_the_oldest_leave(void **state)
{
	struct audit *audit = *state;
	const size_t room = (AUDIT_KEPT + 1) * (AUDIT_LINE_MAX + AUDIT_LINK_MAX);
	char *text = malloc(room);
	size_t size;
	unsigned i;

	assert_non_null(text);
	for (i = 0; i < 2 * AUDIT_KEPT + 7; i++) {
		audit_append(audit, i, AUDIT_DIE, "server", "detail");
		assert_true(i % 50 != 0 || audit_intact(audit));
	}
	assert_true(audit_intact(audit));
	size = audit_format(audit, text, room);
	assert_true(size > 0);
	assert_memory_equal(text, "anchor 519 #", 12);
	assert_memory_equal(strchr(text, '\n') + 1, "520 ", 4);
	assert_int_equal(count_lines(text, size), AUDIT_KEPT);
	free(text);
}

static void test_long_fields_are_cut(void **state)
{
	struct audit *audit = *state;
	char longest[1000], text[2 * (AUDIT_LINE_MAX + AUDIT_LINK_MAX)];
	size_t size;

	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	audit_append(audit, UINT64_MAX, AUDIT_REGISTER, longest, longest);
	size = audit_format(audit, text, sizeof text);
	assert_int_equal(count_lines(text, size), 1);
	assert_true(audit_intact(audit));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_change_is_seen),
		TEST(test_text_can_be_verified),
		TEST(test_chain_goes_on_when_the_oldest_leave),
		TEST(test_long_fields_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
