/* The table of the store: what it holds, and what another life finds of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <masix/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

static struct values table;

static int put(const char *key, const char *value)
{
	return values_put(&table, key, strlen(key), value, strlen(value));
}

/* The value of the key is this text; NULL: it is not there. */
static void expect(const char *key, const char *value)
{
	const struct values_slot *slot;
	int error = values_get(&table, key, strlen(key), &slot);

	if (value == NULL) {
		assert_int_equal(error, MASIX_E_NOT_FOUND);
		return;
	}
	assert_int_equal(error, 0);
	assert_int_equal(slot->value_size, strlen(value));
	assert_memory_equal(slot->value, value, strlen(value));
}

static int set_up(void **state)
{
	(void)state;
	memset(&table, 0x5a, sizeof table);
	values_begin(&table);
	return 0;
}

static void values_are_found_replaced_and_deleted(void **state)
{
	(void)state;
	expect("a", NULL);
	assert_int_equal(put("a", "one"), 0);
	assert_int_equal(put("ab", ""), 0);
	expect("a", "one");
	expect("ab", "");
	assert_int_equal(put("a", "two"), 0);
	expect("a", "two");
	assert_int_equal(values_delete(&table, "a", 1), 0);
	assert_int_equal(values_delete(&table, "a", 1), MASIX_E_NOT_FOUND);
	expect("a", NULL);
	expect("ab", "");
}

static void keys_and_values_have_bounds(void **state)
{
	static char value[STORE_VALUE_MAX + 1];
	char key[STORE_KEY_MAX + 1];
	const struct values_slot *slot;

	(void)state;
	memset(key, 'k', sizeof key);
	assert_int_equal(values_put(&table, key, STORE_KEY_MAX, value, STORE_VALUE_MAX), 0);
	assert_int_equal(values_get(&table, key, STORE_KEY_MAX, &slot), 0);
	assert_int_equal(slot->value_size, STORE_VALUE_MAX);
	assert_int_equal(
		values_put(&table, key, STORE_KEY_MAX + 1, value, 0), MASIX_E_NAME_TOO_LONG);
	assert_int_equal(values_put(&table, key, 1, value, STORE_VALUE_MAX + 1), MASIX_E_TOO_BIG);
	assert_int_equal(values_put(&table, key, 0, value, 0), MASIX_E_INVALID);
	for (const char *bad = " \n\177\200"; *bad; bad++) {
		assert_int_equal(values_put(&table, bad, 1, value, 0), MASIX_E_INVALID);
		assert_int_equal(values_delete(&table, bad, 1), MASIX_E_INVALID);
	}
}

static void a_full_table_takes_changes_of_what_it_has(void **state)
{
	char key[16];

	(void)state;
	for (unsigned i = 0; i < STORE_KEYS; i++) {
		snprintf(key, sizeof key, "k%u", i);
		assert_int_equal(put(key, "x"), 0);
	}
	assert_int_equal(put("one-more", "x"), MASIX_E_LIMIT);
	for (unsigned i = 0; i < STORE_KEYS; i++) {
		snprintf(key, sizeof key, "k%u", i);
		assert_int_equal(put(key, key), 0);
		expect(key, key);
	}
	assert_int_equal(values_delete(&table, "k7", 2), 0);
	assert_int_equal(put("one-more", "x"), 0);
}

static int add(int amount, int *total)
{
	return values_add(&table, "n", 1, amount, total);
}

static void numbers_are_added_to(void **state)
{
	int total = -1;

	(void)state;
	assert_int_equal(add(5, &total), 0);
	assert_int_equal(total, 5);
	assert_int_equal(add(-12, &total), 0);
	assert_int_equal(total, -7);
	expect("n", "-7");
	assert_int_equal(put("n", "2147483647"), 0);
	assert_int_equal(add(1, &total), MASIX_E_LIMIT);
	expect("n", "2147483647");
	for (const char *const *bad = (const char *const[]){ "", "x", "1x", "2147483648",
		     "99999999999999999", NULL };
		*bad; bad++) {
		assert_int_equal(put("n", *bad), 0);
		assert_int_equal(add(1, &total), MASIX_E_INVALID);
		expect("n", *bad);
	}
}

static void a_list_is_in_order(void **state)
{
	static char text[STORE_KEYS * STORE_LINE_MAX];
	char key[STORE_KEY_MAX + 1];

	(void)state;
	assert_int_equal(put("b/2", "12"), 0);
	assert_int_equal(put("a", ""), 0);
	assert_int_equal(put("b/1", "123"), 0);
	text[values_list(&table, "", 0, text, sizeof text)] = '\0';
	assert_string_equal(text, "a 0\nb/1 3\nb/2 2\n");
	text[values_list(&table, "b/", 2, text, sizeof text)] = '\0';
	assert_string_equal(text, "b/1 3\nb/2 2\n");
	assert_int_equal(values_list(&table, "c", 1, text, sizeof text), 0);
	/* Whole lines, when there is no room. */
	assert_int_equal(values_list(&table, "", 0, text, 9), 4);
	/* And room for the longest there can be. */
	values_begin(&table);
	memset(key, 'k', sizeof key);
	for (unsigned i = 0; i < STORE_KEYS; i++) {
		static const char value[STORE_VALUE_MAX];

		key[0] = (char)('a' + i / 16);
		key[1] = (char)('a' + i % 16);
		assert_int_equal(values_put(&table, key, STORE_KEY_MAX, value, sizeof value), 0);
	}
	assert_int_equal(values_list(&table, "", 0, text, sizeof text),
		STORE_KEYS * (STORE_KEY_MAX + sizeof " 1024\n" - 1));
}

/* Every state in which a change can be cut off: what was before, or what is after, and nothing else is touched.  The
 * change is followed by looking at all prefixes of its writes: bytes of the slot first, the words that decide last. */
static void a_change_that_is_cut_off_is_whole_or_not_there(void **state)
{
	static struct values before, after;
	unsigned old = STORE_SLOTS, new = STORE_SLOTS;

	(void)state;
	assert_int_equal(put("other", "stays"), 0);
	assert_int_equal(put("key", "before"), 0);
	before = table;
	assert_int_equal(put("key", "after"), 0);
	after = table;
	for (unsigned i = 0; i < STORE_SLOTS; i++) {
		if (before.slots[i].live && !after.slots[i].live)
			old = i;
		if (!before.slots[i].live && after.slots[i].live)
			new = i;
	}
	assert_true(old < STORE_SLOTS && new < STORE_SLOTS);
	/* The slot half written, and not live. */
	table = before;
	memcpy(&table.slots[new].sum, &after.slots[new].sum, 40);
	assert_true(values_adopt(&table));
	expect("key", "before");
	expect("other", "stays");
	/* Live, and the old one too. */
	table = after;
	table.slots[old].live = 1;
	assert_true(values_adopt(&table));
	expect("key", "after");
	expect("other", "stays");
	assert_false(table.slots[old].live);
	/* Its number is used by no other change, although the counter was not written. */
	table.last = 0;
	assert_true(values_adopt(&table));
	assert_int_equal(put("key", "again"), 0);
	table.slots[new].live = 1;
	assert_true(values_adopt(&table));
	expect("key", "again");
}

static void what_is_damaged_is_not_adopted(void **state)
{
	static struct values good;

	(void)state;
	assert_int_equal(put("key", "value"), 0);
	good = table;
	for (unsigned i = 0; i < STORE_SLOTS; i++) {
		if (!good.slots[i].live)
			continue;
		for (size_t at = offsetof(struct values_slot, sum);
			at < offsetof(struct values_slot, value) + 5; at++) {
			table = good;
			((uint8_t *)&table.slots[i])[at] ^= 0x20;
			assert_false(values_adopt(&table));
		}
	}
	table = good;
	table.magic++;
	assert_false(values_adopt(&table));
	table = good;
	table.size++;
	assert_false(values_adopt(&table));
	table = good;
	assert_true(values_adopt(&table));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(values_are_found_replaced_and_deleted, set_up),
		cmocka_unit_test_setup(keys_and_values_have_bounds, set_up),
		cmocka_unit_test_setup(a_full_table_takes_changes_of_what_it_has, set_up),
		cmocka_unit_test_setup(numbers_are_added_to, set_up),
		cmocka_unit_test_setup(a_list_is_in_order, set_up),
		cmocka_unit_test_setup(a_change_that_is_cut_off_is_whole_or_not_there, set_up),
		cmocka_unit_test_setup(what_is_damaged_is_not_adopted, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
