/* Unit tests of acs/registry.c. */
#include "test.h"

#include <masix/error.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct registry));
	return *state == NULL;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static struct registry_entry entry_of(const char *name, uint32_t port, uint32_t owner, int role)
{
	struct registry_entry entry = { .port = port, .owner = owner, .role = role };

	snprintf(entry.name, sizeof entry.name, "%s", name);
	return entry;
}

static void add(struct registry *registry, const char *name, uint32_t port, uint32_t owner)
{
	struct registry_entry entry = entry_of(name, port, owner, MASIX_ROLE_SERVER);

	assert_int_equal(registry_add(registry, &entry, 1), 0);
}

static void test_find_by_face(void **state)
{
	struct registry *registry = *state;
	struct registry_entry client = entry_of("clock", 7, 1, MASIX_ROLE_CLIENT);

	add(registry, "fs/root", 5, 1);
	assert_int_equal(registry_add(registry, &client, 1), 0);
	assert_int_equal(registry_find(registry, "fs/root", false)->port, 5);
	assert_null(registry_find(registry, "fs/root", true));
	assert_int_equal(registry_find(registry, "clock", true)->port, 7);
	assert_int_equal(registry_find(registry, "clock", false)->port, 7);
	assert_null(registry_find(registry, "fs", false));
	assert_null(registry_find(registry, "fs/root/", false));
}

static void test_a_thousand_names_of_one_server(void **state)
{
	struct registry *registry = *state;
	struct registry_entry taken;
	char name[REGISTRY_NAME_SIZE];
	unsigned i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "meter/%u", i);
		add(registry, name, 100 + i, 1);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "meter/%u", i);
		assert_int_equal(registry_find(registry, name, false)->port, 100 + i);
	}
	for (i = 0; registry_take_owned(registry, 1, &taken); i++)
		;
	assert_int_equal(i, 1000);
}

static void test_live_duplicate_is_refused(void **state)
{
	struct registry *registry = *state;
	struct registry_entry second = entry_of("fs/root", 6, 2, MASIX_ROLE_SERVER);

	add(registry, "fs/root", 5, 1);
	assert_int_equal(registry_add(registry, &second, 1), MASIX_E_EXISTS);
	assert_int_equal(registry_find(registry, "fs/root", false)->port, 5);
}

static void test_generation_counts_registrations(void **state)
{
	struct registry *registry = *state;
	struct registry_entry taken;

	add(registry, "a", 5, 1);
	assert_int_equal(registry_find(registry, "a", false)->generation, 1);
	assert_true(registry_take_owned(registry, 1, &taken));
	add(registry, "a", 6, 2);
	assert_int_equal(registry_find(registry, "a", false)->generation, 2);
}

static void test_owner_takes_its_names_along(void **state)
{
	struct registry *registry = *state;
	struct registry_entry taken;
	unsigned count = 0;

	add(registry, "fs/root", 5, 1);
	add(registry, "console", 6, 2);
	add(registry, "fs/host", 7, 1);
	while (registry_take_owned(registry, 1, &taken)) {
		assert_true(taken.port == 5 || taken.port == 7);
		count++;
	}
	assert_int_equal(count, 2);
	assert_null(registry_find(registry, "fs/root", false));
	assert_int_equal(registry_find(registry, "console", false)->port, 6);
}

static void test_port_takes_all_its_names_along(void **state)
{
	struct registry *registry = *state;
	struct registry_entry taken;

	add(registry, "a", 5, 1);
	add(registry, "b", 5, 1);
	add(registry, "c", 6, 1);
	assert_true(registry_take_port(registry, 5, &taken));
	assert_true(registry_take_port(registry, 5, &taken));
	assert_false(registry_take_port(registry, 5, &taken));
	assert_non_null(registry_find(registry, "c", false));
	assert_true(registry_take_name(registry, "c", 1, &taken));
	assert_false(registry_take_name(registry, "c", 1, &taken));
}

static void test_pool_is_bounded_and_takes_turns(void **state)
{
	struct registry *registry = *state;
	struct registry_entry entry, taken;
	unsigned seen[4] = { 0 }, i;

	for (i = 1; i <= 3; i++) {
		entry = entry_of("pool", i, i, MASIX_ROLE_CLIENT);
		assert_int_equal(registry_add(registry, &entry, 3), 0);
	}
	/* One more, and one that is in it already. */
	entry = entry_of("pool", 4, 4, MASIX_ROLE_CLIENT);
	assert_int_equal(registry_add(registry, &entry, 3), MASIX_E_EXISTS);
	assert_true(registry_take_name(registry, "pool", 3, &taken));
	entry = entry_of("pool", 9, 2, MASIX_ROLE_CLIENT);
	assert_int_equal(registry_add(registry, &entry, 3), MASIX_E_EXISTS);
	entry = entry_of("pool", 3, 3, MASIX_ROLE_CLIENT);
	assert_int_equal(registry_add(registry, &entry, 3), 0);
	for (i = 0; i < 30; i++)
		seen[registry_pick(registry, "pool", true)->port]++;
	for (i = 1; i <= 3; i++)
		assert_int_equal(seen[i], 10);
	/* The others go on when one goes. */
	assert_true(registry_take_owned(registry, 2, &taken));
	for (i = 0; i < 4; i++)
		assert_int_not_equal(registry_pick(registry, "pool", false)->port, 2);
	assert_null(registry_pick(registry, "nobody", false));
}

static void test_successor_takes_over(void **state)
{
	struct registry *registry = *state;
	struct registry_entry entry, taken, shown;
	unsigned cursor = 0;

	add(registry, "a", 5, 1);
	add(registry, "a/old", 6, 1);
	entry = entry_of("a", 7, 2, MASIX_ROLE_SERVER);
	entry.pending = true;
	assert_int_equal(registry_add(registry, &entry, 1), 0);
	entry = entry_of("a/new", 8, 2, MASIX_ROLE_SERVER);
	entry.pending = true;
	assert_int_equal(registry_add(registry, &entry, 1), 0);
	/* Nobody sees it before its time. */
	assert_int_equal(registry_find(registry, "a", false)->port, 5);
	assert_int_equal(registry_pick(registry, "a", false)->port, 5);
	assert_null(registry_find(registry, "a/new", false));
	assert_true(registry_has(registry, "a", 2));
	assert_false(registry_has(registry, "a/old", 2));
	assert_null(registry_watchers_of(registry, &entry, &cursor));
	assert_int_equal(registry_take_over(registry, 2, &taken, &shown), REGISTRY_TAKEN);
	assert_int_equal(taken.port, 5);
	assert_int_equal(registry_take_over(registry, 2, &taken, &shown), REGISTRY_SHOWN);
	assert_int_equal(shown.port, 7);
	assert_true(shown.generation > 1);
	assert_int_equal(registry_take_over(registry, 2, &taken, &shown), REGISTRY_SHOWN);
	assert_int_equal(shown.port, 8);
	assert_int_equal(registry_take_over(registry, 2, &taken, &shown), REGISTRY_DONE);
	assert_int_equal(registry_find(registry, "a", false)->port, 7);
	assert_int_equal(registry_find(registry, "a/old", false)->port, 6);
}

static void test_list_by_prefix_in_order(void **state)
{
	struct registry *registry = *state;
	static const char *const wanted[] = { "fs/a", "fs/b", "fs/c" };
	unsigned cursor = 0, i;

	add(registry, "fs/c", 1, 1);
	add(registry, "unix", 2, 1);
	add(registry, "fs/a", 3, 1);
	add(registry, "acs", 4, 1);
	add(registry, "fs/b", 5, 1);
	for (i = 0; i < 3; i++)
		assert_string_equal(registry_list(registry, "fs/", &cursor)->name, wanted[i]);
	assert_null(registry_list(registry, "fs/", &cursor));
	cursor = 0;
	for (i = 0; registry_list(registry, "", &cursor) != NULL; i++)
		;
	assert_int_equal(i, 5);
	cursor = 0;
	assert_null(registry_list(registry, "zz", &cursor));
}

static void test_entries_are_bounded(void **state)
{
	struct registry *registry = *state;
	struct registry_entry entry;
	char name[16];
	unsigned i;

	for (i = 0; i < REGISTRY_ENTRIES; i++) {
		snprintf(name, sizeof name, "n%u", i);
		add(registry, name, i + 1, 1 + i / REGISTRY_OWNED);
	}
	entry = entry_of("one-more", 1, 1, MASIX_ROLE_SERVER);
	assert_int_equal(registry_add(registry, &entry, 1), MASIX_E_LIMIT);
	for (i = 0; i < REGISTRY_ENTRIES; i++) {
		snprintf(name, sizeof name, "n%u", i);
		assert_int_equal(registry_find(registry, name, false)->port, i + 1);
	}
}

/* One server that may choose its names takes none from the others, neither at once nor one life after the other. */
static void test_one_owner_does_not_take_all_names(void **state)
{
	struct registry *registry = *state;
	struct registry_entry entry, taken;
	uint32_t generation = 0;
	char name[16];
	unsigned i, life;

	add(registry, "other", 1, 99); /* the first that is forgotten */
	assert_true(registry_take_owned(registry, 99, &taken));
	for (life = 1; life <= 5; life++) {
		for (i = 0; i < REGISTRY_OWNED; i++) {
			snprintf(name, sizeof name, "n%u-%u", life, i);
			add(registry, name, i + 1, life);
		}
		entry = entry_of("one-more", 1, life, MASIX_ROLE_SERVER);
		assert_int_equal(registry_add(registry, &entry, 1), MASIX_E_LIMIT);
		/* A name that was forgotten in between does not begin again: whoever has seen it compares. */
		add(registry, "other", 1, 99);
		assert_true(registry_find(registry, "other", false)->generation > generation);
		generation = registry_find(registry, "other", false)->generation;
		while (registry_take_owned(registry, life, &taken))
			;
		assert_true(registry_take_owned(registry, 99, &taken));
	}
}

static struct registry_watcher watcher_of(
	const char *name, uint32_t port, uint32_t owner, bool clients_only)
{
	struct registry_watcher watcher = {
		.port = port,
		.owner = owner,
		.clients_only = clients_only,
	};

	snprintf(watcher.name, sizeof watcher.name, "%s", name);
	return watcher;
}

static void watch(struct registry *registry, const char *name, uint32_t port, uint32_t owner,
	bool clients_only)
{
	struct registry_watcher watcher = watcher_of(name, port, owner, clients_only);

	assert_int_equal(registry_watch(registry, &watcher), 0);
}

static void test_watchers_hear_what_they_may(void **state)
{
	struct registry *registry = *state;
	struct registry_entry entry = entry_of("clock", 1, 1, MASIX_ROLE_SERVER);
	unsigned cursor = 0;

	watch(registry, "clock", 10, 3, false);
	watch(registry, "clock", 11, 0, true);
	watch(registry, "other", 12, 3, false);
	assert_int_equal(registry_watchers_of(registry, &entry, &cursor)->port, 10);
	assert_null(registry_watchers_of(registry, &entry, &cursor));
	entry.role = MASIX_ROLE_CLIENT;
	cursor = 0;
	assert_int_equal(registry_watchers_of(registry, &entry, &cursor)->port, 10);
	assert_int_equal(registry_watchers_of(registry, &entry, &cursor)->port, 11);
	assert_null(registry_watchers_of(registry, &entry, &cursor));
}

static void test_watchers_are_bounded_and_go(void **state)
{
	struct registry *registry = *state;
	struct registry_watcher greedy = watcher_of("x", 99, 4, false);
	uint32_t port;
	unsigned i;

	for (i = 0; i < REGISTRY_PER_OWNER; i++)
		watch(registry, "x", i + 1, 4, false);
	assert_int_equal(registry_watch(registry, &greedy), MASIX_E_LIMIT);
	watch(registry, "x", 50, 5, false);
	assert_true(registry_take_watcher(registry, 3));
	assert_false(registry_take_watcher(registry, 3));
	for (i = 0; registry_take_owned_watcher(registry, 4, &port); i++)
		;
	assert_int_equal(i, REGISTRY_PER_OWNER - 1);
	assert_true(registry_take_owned_watcher(registry, 5, &port));
	assert_int_equal(port, 50);
}

static struct registry_waiter waiter_of(
	const char *name, uint32_t reply, uint32_t owner, uint64_t deadline)
{
	struct registry_waiter waiter = { .reply = reply, .owner = owner, .deadline = deadline };

	snprintf(waiter.name, sizeof waiter.name, "%s", name);
	return waiter;
}

static void test_waiters_are_satisfied_once(void **state)
{
	struct registry *registry = *state;
	struct registry_entry entry = entry_of("fs/root", 1, 1, MASIX_ROLE_SERVER);
	struct registry_waiter server = waiter_of("fs/root", 20, 2, 100), taken;
	struct registry_waiter client = waiter_of("fs/root", 21, 0, 100);
	struct registry_waiter other = waiter_of("console", 22, 2, 100);

	client.clients_only = true;
	assert_int_equal(registry_wait(registry, &server), 0);
	assert_int_equal(registry_wait(registry, &client), 0);
	assert_int_equal(registry_wait(registry, &other), 0);
	assert_true(registry_take_satisfied(registry, &entry, &taken));
	assert_int_equal(taken.reply, 20);
	assert_false(registry_take_satisfied(registry, &entry, &taken));
}

static void test_waiters_expire_in_time(void **state)
{
	struct registry *registry = *state;
	struct registry_waiter first = waiter_of("a", 20, 2, 100), taken;
	struct registry_waiter second = waiter_of("a", 21, 2, 50);

	assert_true(registry_deadline(registry) == UINT64_MAX);
	assert_int_equal(registry_wait(registry, &first), 0);
	assert_int_equal(registry_wait(registry, &second), 0);
	assert_int_equal(registry_deadline(registry), 50);
	assert_false(registry_take_late(registry, 49, &taken));
	assert_true(registry_take_late(registry, 50, &taken));
	assert_int_equal(taken.reply, 21);
	assert_false(registry_take_late(registry, 50, &taken));
	assert_int_equal(registry_deadline(registry), 100);
	assert_true(registry_take_owned_waiter(registry, 2, &taken));
	assert_int_equal(taken.reply, 20);
	assert_true(registry_deadline(registry) == UINT64_MAX);
}

static void test_waiters_in_vain(void **state)
{
	struct registry *registry = *state;
	struct registry_waiter absent = waiter_of("fs/host", 20, 2, 100), taken;
	struct registry_waiter present = waiter_of("fs/root", 21, 2, 100);
	struct registry_waiter other = waiter_of("fsx", 22, 2, 100);

	add(registry, "fs/root", 5, 1);
	assert_int_equal(registry_wait(registry, &other), 0);
	assert_int_equal(registry_wait(registry, &present), 0);
	assert_int_equal(registry_wait(registry, &absent), 0);
	assert_true(registry_take_vain(registry, "fs", &taken));
	assert_int_equal(taken.reply, 20);
	assert_false(registry_take_vain(registry, "fs", &taken));
}

static void test_waiters_are_bounded(void **state)
{
	struct registry *registry = *state;
	struct registry_waiter waiter;
	unsigned i;

	for (i = 0; i < REGISTRY_WAITERS; i++) {
		waiter = waiter_of("a", i + 1, 1 + i / REGISTRY_PER_OWNER, 100);
		assert_int_equal(registry_wait(registry, &waiter), 0);
		if (i + 1 == REGISTRY_PER_OWNER)
			assert_int_equal(registry_wait(registry, &waiter), MASIX_E_LIMIT);
	}
	waiter = waiter_of("a", 1000, 77, 100);
	assert_int_equal(registry_wait(registry, &waiter), MASIX_E_LIMIT);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_find_by_face),
		TEST(test_a_thousand_names_of_one_server),
		TEST(test_live_duplicate_is_refused),
		TEST(test_generation_counts_registrations),
		TEST(test_owner_takes_its_names_along),
		TEST(test_port_takes_all_its_names_along),
		TEST(test_pool_is_bounded_and_takes_turns),
		TEST(test_successor_takes_over),
		TEST(test_list_by_prefix_in_order),
		TEST(test_entries_are_bounded),
		TEST(test_one_owner_does_not_take_all_names),
		TEST(test_watchers_hear_what_they_may),
		TEST(test_watchers_are_bounded_and_go),
		TEST(test_waiters_are_satisfied_once),
		TEST(test_waiters_expire_in_time),
		TEST(test_waiters_in_vain),
		TEST(test_waiters_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
