/* Unit tests of acs/audit.c, acs/order.c and acs/restart.c. */
#include "test.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "order.h"
#include "restart.h"

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

static struct manifest servers[3];
static const struct manifest *const table[] = { &servers[0], &servers[1], &servers[2] };

static void name_servers(const char *a, const char *b, const char *c)
{
	memset(servers, 0, sizeof servers);
	strcpy(servers[0].name, a);
	strcpy(servers[1].name, b);
	strcpy(servers[2].name, c);
}

static void need(struct manifest *manifest, const char *name)
{
	strcpy(manifest->needs[manifest->need_count++], name);
}

static void test_order(void **state)
{
	struct order_problem problem;

	(void)state;
	name_servers("unix", "fs", "console");
	need(&servers[0], "fs");
	need(&servers[0], "console");
	need(&servers[1], "console");
	assert_true(order_possible(table, 3, &problem));
}

static void test_cycle_is_reported(void **state)
{
	struct order_problem problem;

	(void)state;
	name_servers("console", "fs", "unix");
	need(&servers[1], "unix");
	need(&servers[2], "fs");
	assert_false(order_possible(table, 3, &problem));
	assert_string_equal(problem.server, "fs");
	assert_null(problem.need);
}

static void test_unknown_need_is_reported(void **state)
{
	struct order_problem problem;

	(void)state;
	name_servers("console", "fs", "unix");
	need(&servers[2], "net");
	assert_false(order_possible(table, 3, &problem));
	assert_string_equal(problem.server, "unix");
	assert_string_equal(problem.need, "net");
}

static void test_pauses_double_to_a_bound(void **state)
{
	static const unsigned seconds[] = { 1, 2, 4, 8, 16, 30, 30 };
	struct restart restart = { 0, 0 };
	uint64_t now = 5000000000;
	unsigned i;

	(void)state;
	for (i = 0; i < 7; i++)
		assert_int_equal(
			restart_after_death(&restart, now), now + seconds[i] * 1000000000ull);
	assert_true(restart_after_death(&restart, now) == UINT64_MAX);
}

static void test_steady_server_is_forgiven(void **state)
{
	struct restart restart = { 5, 1000000000 };
	uint64_t now = restart.up_since + RESTART_STEADY_MS * RESTART_NS_PER_MS;

	(void)state;
	assert_int_equal(restart_after_death(&restart, now), now + 1000000000ull);
	restart.up_since = now;
	assert_int_equal(restart_after_death(&restart, now + 1), now + 1 + 2000000000ull);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_change_is_seen),
		TEST(test_chain_goes_on_when_the_oldest_leave),
		TEST(test_long_fields_are_cut),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cycle_is_reported),
		cmocka_unit_test(test_unknown_need_is_reported),
		cmocka_unit_test(test_pauses_double_to_a_bound),
		cmocka_unit_test(test_steady_server_is_forgiven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
