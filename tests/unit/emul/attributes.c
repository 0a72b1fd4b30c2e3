/* Attributes in Linux's layouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "stat_convert.h"

static const struct masix_stat file = {
	.dev = 0x801,
	.mode = 0100644,
	.ino = 0x123456789,
	.nlink = 2,
	.uid = 1000,
	.gid = 70000,
	.rdev = 0x12345678,
	.size = 0x300000001,
	.blocks = 24,
	.block_size = 4096,
	.atime = 100,
	.atime_nsec = 1,
	.mtime = 200,
	.mtime_nsec = 2,
	.ctime = 300,
	.ctime_nsec = 3,
};

static void stat64_keeps_everything(void **state)
{
	struct stat64_i386 out;

	(void)state;
	memset(&out, 0xff, sizeof out);
	stat_to_64(&file, &out);
	assert_true(out.ino == 0x123456789);
	assert_int_equal(out.ino32, 0x23456789);
	assert_true(out.size == 0x300000001);
	assert_int_equal(out.gid, 70000);
	assert_int_equal(out.pad0, 0);
	assert_int_equal(out.pad3, 0);
	assert_int_equal(out.mtime, 200);
	assert_int_equal(out.mtime_nsec, 2);
}

static void old_stat_refuses_what_does_not_fit(void **state)
{
	struct masix_stat small = file;
	struct stat32 out;

	(void)state;
	assert_true(stat_to_32(&file, &out) < 0);
	small.size = 5;
	assert_true(stat_to_32(&small, &out) < 0);
	small.ino = 7;
	assert_int_equal(stat_to_32(&small, &out), 0);
	assert_int_equal(out.size, 5);
	assert_int_equal(out.uid, 1000);
	assert_int_equal(out.gid, 65534);
}

static void statx_splits_device_numbers(void **state)
{
	struct statx_result out;

	(void)state;
	stat_to_statx(&file, 3, &out);
	assert_int_equal(out.dev_major, 8);
	assert_int_equal(out.dev_minor, 1);
	assert_int_equal(out.rdev_major, 0x456);
	assert_int_equal(out.rdev_minor, 0x12378);
	assert_int_equal(out.mount_id, 3);
	assert_int_equal(out.ctime.seconds, 300);
	assert_int_equal(out.btime.seconds, 0);
	assert_int_equal(out.mask & 0x7ff, 0x7ff);
}

static void statfs_in_both_widths(void **state)
{
	struct masix_statfs info = {
		.type = 0xef53,
		.block_size = 4096,
		.blocks = 1000,
		.blocks_free = 500,
		.blocks_available = 450,
		.files = 100,
		.files_free = 50,
		.name_max = 255,
		.flags = 1,
	};
	struct statfs32 narrow;
	struct statfs64_i386 wide;

	(void)state;
	assert_int_equal(statfs_to_32(&info, 2, &narrow), 0);
	assert_int_equal(narrow.blocks_available, 450);
	assert_int_equal(narrow.flags, 0x21);
	statfs_to_64(&info, 2, &wide);
	assert_int_equal(wide.files_free, 50);
	info.blocks = 1ull << 33;
	assert_true(statfs_to_32(&info, 2, &narrow) < 0);
	statfs_to_64(&info, 2, &wide);
	assert_true(wide.blocks == 1ull << 33);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat64_keeps_everything),
		cmocka_unit_test(old_stat_refuses_what_does_not_fit),
		cmocka_unit_test(statx_splits_device_numbers),
		cmocka_unit_test(statfs_in_both_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
