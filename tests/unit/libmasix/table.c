/* The port table. */
#include "test.h"

#include <stdlib.h>

#include <masix/object.h>

#include "object/table.h"

static struct table table;

static void add_find_remove(void **state)
{
	struct masix_object objects[5000] = { 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		objects[i].port = (i + 1) << 8 | (i & 0xff); /* as the kernel names ports */
		table_add(&table, &objects[i]);
	}
	assert_int_equal(table.count, 5000);
	for (i = 0; i < 5000; i++)
		assert_ptr_equal(table_find(&table, objects[i].port), &objects[i]);
	assert_null(table_find(&table, 3));
	for (i = 0; i < 5000; i += 2)
		assert_int_equal(table_remove(&table, &objects[i]), 1);
	for (i = 0; i < 5000; i++)
		assert_ptr_equal(table_find(&table, objects[i].port), i % 2 ? &objects[i] : NULL);
	assert_int_equal(table_remove(&table, &objects[0]), 0);
	for (i = 1; i < 5000; i += 2)
		assert_int_equal(table_remove(&table, &objects[i]), 1);
	assert_int_equal(table.count, 0);
}

static void spread(void **state)
{
	static struct masix_object objects[10000];
	unsigned i, longest = 0, length;
	const struct masix_object *object;

	(void)state;
	for (i = 0; i < 10000; i++) {
		objects[i].port = (i + 1) << 8;
		table_add(&table, &objects[i]);
	}
	for (i = 0; i < TABLE_BUCKETS; i++) {
		length = 0;
		for (object = table.buckets[i]; object != NULL; object = object->next)
			length++;
		if (length > longest)
			longest = length;
	}
	assert_in_range(longest, 1, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_find_remove),
		cmocka_unit_test(spread),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
