/* Which descriptors are given out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fd_table.h"

static struct fd_table table;

static int setup(void **state)
{
	(void)state;
	memset(&table, 0, sizeof table);
	for (uint32_t fd = 0; fd < 3; fd++)
		fd_table_set(&table, fd, 8 * (fd + 1));
	return 0;
}

static void the_lowest_free_one_is_found(void **state)
{
	(void)state;
	assert_int_equal(fd_table_find(&table, 0, 1024), 3);
	assert_int_equal(fd_table_set(&table, 1, 0), 16);
	assert_int_equal(fd_table_find(&table, 0, 1024), 1);
	assert_int_equal(fd_table_find(&table, 2, 1024), 3);
	fd_table_set(&table, 1, 64);
	assert_int_equal(fd_table_find(&table, 0, 1024), 3);
}

static void limits_hold(void **state)
{
	(void)state;
	assert_int_equal(fd_table_find(&table, 0, 3), -1);
	assert_int_equal(fd_table_find(&table, 5, 5), -1);
	assert_int_equal(fd_table_find(&table, FD_TABLE_SIZE, 1u << 20), -1);
	assert_int_equal(fd_table_find(&table, FD_TABLE_SIZE - 1, 1u << 20), FD_TABLE_SIZE - 1);
}

static void the_end_of_the_table_moves_both_ways(void **state)
{
	(void)state;
	assert_int_equal(table.high, 3);
	fd_table_set(&table, 100, 8);
	assert_int_equal(table.high, 101);
	assert_int_equal(fd_table_find(&table, 0, 1024), 3);
	fd_table_set(&table, 2, 0);
	assert_int_equal(table.high, 101);
	fd_table_set(&table, 100, 0);
	assert_int_equal(table.high, 2);
}

static void a_full_table_has_no_lowest(void **state)
{
	(void)state;
	for (uint32_t fd = 0; fd < FD_TABLE_SIZE; fd++)
		fd_table_set(&table, fd, 8);
	assert_int_equal(fd_table_find(&table, 0, FD_TABLE_SIZE), -1);
	fd_table_set(&table, 4000, 0);
	assert_int_equal(fd_table_find(&table, 0, FD_TABLE_SIZE), 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_lowest_free_one_is_found, setup),
		cmocka_unit_test_setup(limits_hold, setup),
		cmocka_unit_test_setup(the_end_of_the_table_moves_both_ways, setup),
		cmocka_unit_test_setup(a_full_table_has_no_lowest, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
