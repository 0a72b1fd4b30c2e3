/* Directory entries in Linux's two layouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dirent.h"

#define EINVAL 22
#define EIO 5

static char source[512];
static uint32_t used;

static void put(uint64_t ino, int64_t next, uint8_t type, const char *name)
{
	uint32_t length = (uint32_t)strlen(name);
	struct masix_dirent entry = {
		.ino = ino,
		.next = next,
		.length = (uint16_t)((sizeof entry + length + 7) & ~7u),
		.type = type,
		.name_length = (uint8_t)length,
	};

	memset(source + used, 0xee, entry.length);
	memcpy(source + used, &entry, sizeof entry);
	memcpy(source + used + sizeof entry, name, length);
	used += entry.length;
}

static int setup(void **state)
{
	(void)state;
	used = 0;
	put(11, 1, 4, ".");
	put(2, 2, 4, "..");
	put(0x100000007, 3, 8, "a name of some length");
	return 0;
}

static uint16_t length64(const char *record)
{
	uint16_t length;

	memcpy(&length, record + 16, sizeof length);
	return length;
}

static void check_64(const char *out)
{
	uint64_t ino;
	int64_t next;

	memcpy(&ino, out, 8);
	memcpy(&next, out + 8, 8);
	assert_int_equal(ino, 11);
	assert_int_equal(next, 1);
	assert_int_equal(length64(out), 24);
	assert_int_equal(out[18], 4);
	assert_string_equal(out + 19, ".");
	out += 24;
	assert_string_equal(out + 19, "..");
	out += length64(out);
	memcpy(&ino, out, 8);
	assert_true(ino == 0x100000007);
	assert_string_equal(out + 19, "a name of some length");
	assert_int_equal(length64(out) % 8, 0);
}

static void all_entries_become_64_bit_records(void **state)
{
	char out[512];
	int64_t next = -1;

	(void)state;
	assert_int_equal(dirent_to_64(source, used, out, sizeof out, &next), used);
	assert_int_equal(next, 3);
	check_64(out);
}

static void conversion_works_in_place(void **state)
{
	int64_t next = -1;

	(void)state;
	assert_int_equal(dirent_to_64(source, used, source, used, &next), used);
	check_64(source);
}

static void what_does_not_fit_is_left_for_the_next_call(void **state)
{
	char out[60];
	int64_t next = -1;

	(void)state;
	assert_int_equal(dirent_to_64(source, used, out, sizeof out, &next), 48);
	assert_int_equal(next, 2);
	assert_int_equal(dirent_to_64(source, used, out, 10, &next), -EINVAL);
}

static void old_records_have_the_type_at_their_end(void **state)
{
	char out[512];
	int64_t next = -1;
	uint16_t length;

	(void)state;
	used = 0;
	put(11, 1, 4, ".");
	put(12, 2, 8, "file");
	assert_true(dirent_to_32(source, used, out, sizeof out, &next) > 0);
	memcpy(&length, out + 8, 2);
	assert_int_equal(length % 4, 0);
	assert_string_equal(out + 10, ".");
	assert_int_equal(out[length - 1], 4);
	assert_string_equal(out + length + 10, "file");
	assert_int_equal(next, 2);
}

static void old_records_refuse_large_inode_numbers(void **state)
{
	char out[512];
	int64_t next = -1;

	(void)state;
	/* The first two fit, the third does not: it is met by the next call. */
	assert_true(dirent_to_32(source, used, out, sizeof out, &next) > 0);
	assert_int_equal(next, 2);
	used = 0;
	put(0x100000007, 1, 8, "x");
	assert_true(dirent_to_32(source, used, out, sizeof out, &next) < 0);
}

static void malformed_entries_are_an_error(void **state)
{
	struct masix_dirent entry;
	char out[512];
	int64_t next;

	(void)state;
	assert_int_equal(dirent_to_64(source, 10, out, sizeof out, &next), -EIO);
	memcpy(&entry, source, sizeof entry);
	entry.length = 0;
	memcpy(source, &entry, sizeof entry);
	assert_int_equal(dirent_to_64(source, used, out, sizeof out, &next), -EIO);
	entry.length = 0xfff8;
	memcpy(source, &entry, sizeof entry);
	assert_int_equal(dirent_to_64(source, used, out, sizeof out, &next), -EIO);
	entry.length = 24;
	entry.name_length = 200;
	memcpy(source, &entry, sizeof entry);
	assert_int_equal(dirent_to_64(source, used, out, sizeof out, &next), -EIO);
}

static void nothing_converts_to_nothing(void **state)
{
	int64_t next;

	(void)state;
	assert_int_equal(dirent_to_64(source, 0, source, sizeof source, &next), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_entries_become_64_bit_records, setup),
		cmocka_unit_test_setup(conversion_works_in_place, setup),
		cmocka_unit_test_setup(what_does_not_fit_is_left_for_the_next_call, setup),
		cmocka_unit_test_setup(old_records_have_the_type_at_their_end, setup),
		cmocka_unit_test_setup(old_records_refuse_large_inode_numbers, setup),
		cmocka_unit_test_setup(malformed_entries_are_an_error, setup),
		cmocka_unit_test_setup(nothing_converts_to_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
