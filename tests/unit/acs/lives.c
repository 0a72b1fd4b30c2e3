/* Unit tests of acs/order.c, acs/plan.c and acs/restart.c: the lives of servers. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "order.h"
#include "plan.h"
#include "restart.h"

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
	assert_string_equal(problem.path, "fs, which needs unix, which needs fs");
}

static void test_cycle_among_others(void **state)
{
	struct order_problem problem;

	(void)state;
	name_servers("a", "b", "c");
	need(&servers[0], "b");
	need(&servers[1], "elsewhere");
	need(&servers[1], "c");
	assert_false(order_cycle(table, 3, &problem));
	need(&servers[2], "c");
	assert_true(order_cycle(table, 3, &problem));
	assert_string_equal(problem.path, "c, which needs c");
}

/* Two ways to the same server are no cycle. */
static void test_diamond_is_no_cycle(void **state)
{
	struct order_problem problem;

	(void)state;
	name_servers("a", "b", "c");
	need(&servers[0], "b");
	need(&servers[0], "c");
	need(&servers[1], "c");
	assert_false(order_cycle(table, 3, &problem));
}

/* A cycle longer than its text, and more servers than are looked at. */
static void test_long_cycles(void **state)
{
	static struct manifest many[ORDER_MAX + 2];
	static const struct manifest *all[ORDER_MAX + 2];
	struct order_problem problem;
	unsigned i;

	(void)state;
	for (i = 0; i < ORDER_MAX + 2; i++) {
		all[i] = &many[i];
		snprintf(many[i].name, sizeof many[i].name, "server-%u", i);
		snprintf(many[i].needs[0], sizeof many[i].needs[0], "server-%u", i + 1);
		many[i].need_count = 1;
	}
	assert_false(order_cycle(all, ORDER_MAX + 2, &problem));
	strcpy(many[ORDER_MAX - 1].needs[0], "server-0");
	assert_true(order_cycle(all, ORDER_MAX, &problem));
	assert_true(strlen(problem.path) < sizeof problem.path);
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
			restart_after_death(&restart, true, now), now + seconds[i] * 1000000000ull);
	assert_true(restart_after_death(&restart, true, now) == UINT64_MAX);
}

static void test_steady_server_is_forgiven(void **state)
{
	struct restart restart = { 5, 1000000000 };
	uint64_t now = restart.up_since + RESTART_STEADY_MS * RESTART_NS_PER_MS;

	(void)state;
	assert_int_equal(restart_after_death(&restart, true, now), now + 1000000000ull);
	restart.up_since = now;
	assert_int_equal(restart_after_death(&restart, true, now + 1), now + 1 + 2000000000ull);
}

static void test_always_is_at_once_to_a_bound(void **state)
{
	struct restart restart = { 0, 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < RESTART_FAILURES_MAX - 1; i++)
		assert_int_equal(restart_after_death(&restart, false, 5000), 5000);
	assert_true(restart_after_death(&restart, false, 5000) == UINT64_MAX);
}

static void test_a_kill_is_no_failure(void **state)
{
	struct restart restart = { RESTART_FAILURES_MAX - 1, 1000 };
	unsigned i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(restart_after_kill(&restart, false, 5000), 5000);
	assert_int_equal(restart_after_kill(&restart, true, 5000), 1000005000);
	assert_true(restart_after_death(&restart, false, 5000) == UINT64_MAX);
}

static struct plan_server plan[3];

static void plan_servers(enum server_state first, enum server_state second, enum server_state third)
{
	const enum server_state states[] = { first, second, third };
	unsigned i;

	name_servers("a", "b", "c");
	for (i = 0; i < 3; i++)
		plan[i] = (struct plan_server){ &servers[i], states[i], 0 };
}

static void expect(enum plan_what what, unsigned which)
{
	struct plan_step step = plan_next(plan, 3, 100);

	assert_int_equal(step.what, what);
	assert_int_equal(step.which, which);
}

static void test_plan_starts_after_needs(void **state)
{
	(void)state;
	plan_servers(SERVER_WANTED, SERVER_DECLARED, SERVER_DECLARED);
	need(&servers[0], "b");
	need(&servers[1], "c");
	expect(PLAN_CALL, 1);
	plan[1].state = SERVER_WANTED;
	expect(PLAN_CALL, 2);
	plan[2].state = SERVER_WANTED;
	expect(PLAN_LAUNCH, 2);
	plan[2].state = SERVER_LAUNCHING;
	expect(PLAN_NOTHING, 0);
	assert_true(plan_deadline(plan, 3, 100) == UINT64_MAX);
	plan[2].state = SERVER_UP;
	expect(PLAN_LAUNCH, 1);
	assert_int_equal(plan_deadline(plan, 3, 100), 0);
	plan[1].state = SERVER_UP;
	expect(PLAN_LAUNCH, 0);
	/* What is only declared stays so. */
	plan_servers(SERVER_UP, SERVER_DECLARED, SERVER_DECLARED);
	expect(PLAN_NOTHING, 0);
}

static void test_plan_refuses_what_cannot_be(void **state)
{
	(void)state;
	plan_servers(SERVER_UP, SERVER_WANTED, SERVER_FAILED);
	need(&servers[1], "a");
	need(&servers[1], "nobody");
	expect(PLAN_REFUSE, 1);
	assert_string_equal(plan_next(plan, 3, 100).need, "nobody");
	strcpy(servers[1].needs[1], "c");
	expect(PLAN_REFUSE, 1);
	assert_string_equal(plan_next(plan, 3, 100).need, "c");
	/* One that is coming back is waited for. */
	plan[2] = (struct plan_server){ &servers[2], SERVER_WAITING, 200 };
	expect(PLAN_NOTHING, 0);
	assert_int_equal(plan_deadline(plan, 3, 100), 200);
	plan[2].deadline = 100;
	expect(PLAN_AGAIN, 2);
}

static void test_plan_ends_the_late(void **state)
{
	(void)state;
	plan_servers(SERVER_UP, SERVER_STARTING, SERVER_WAITING);
	plan[1].deadline = 101;
	plan[2].deadline = 150;
	expect(PLAN_NOTHING, 0);
	assert_int_equal(plan_deadline(plan, 3, 100), 101);
	plan[1].deadline = 100;
	expect(PLAN_LATE, 1);
}

/* Of two of one name, the one that is up counts. */
static void test_plan_takes_the_nearest(void **state)
{
	(void)state;
	plan_servers(SERVER_FAILED, SERVER_WANTED, SERVER_UP);
	strcpy(servers[2].name, "a");
	need(&servers[1], "a");
	expect(PLAN_LAUNCH, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_cycle_is_reported),
		cmocka_unit_test(test_cycle_among_others),
		cmocka_unit_test(test_diamond_is_no_cycle),
		cmocka_unit_test(test_long_cycles),
		cmocka_unit_test(test_unknown_need_is_reported),
		cmocka_unit_test(test_pauses_double_to_a_bound),
		cmocka_unit_test(test_steady_server_is_forgiven),
		cmocka_unit_test(test_always_is_at_once_to_a_bound),
		cmocka_unit_test(test_a_kill_is_no_failure),
		cmocka_unit_test(test_plan_starts_after_needs),
		cmocka_unit_test(test_plan_refuses_what_cannot_be),
		cmocka_unit_test(test_plan_ends_the_late),
		cmocka_unit_test(test_plan_takes_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
