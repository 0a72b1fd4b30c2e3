/* Absolute paths against the mount table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mount_path.h"

static const struct emul_mount mounts[] = {
	{ 1, "/tmp" },
	{ 2, "/proc" },
	{ 0, "/unused" },
	{ 3, "/tmp/deep/er" },
};

static int find(const char *path, uint32_t *rest)
{
	return mount_path_find(mounts, 4, path, (uint32_t)strlen(path), rest);
}

static void longest_prefix_wins(void **state)
{
	uint32_t rest;

	(void)state;
	assert_int_equal(find("/tmp/x", &rest), 0);
	assert_int_equal(rest, 4);
	assert_int_equal(find("/tmp", &rest), 0);
	assert_int_equal(rest, 4);
	assert_int_equal(find("/tmp/deep/er/x", &rest), 3);
	assert_int_equal(rest, 12);
	assert_int_equal(find("/tmp/deep/erx", &rest), 0);
	assert_int_equal(rest, 4);
}

static void only_whole_components_match(void **state)
{
	uint32_t rest;

	(void)state;
	assert_int_equal(find("/tmpfile", &rest), -1);
	assert_int_equal(rest, 0);
	assert_int_equal(find("/", &rest), -1);
	assert_int_equal(find("/unused/x", &rest), -1);
}

static void a_path_that_fills_its_array_has_no_terminator(void **state)
{
	struct emul_mount full = { 9, "" };
	char path[64];
	uint32_t rest;

	(void)state;
	memset(full.path, 'a', sizeof full.path);
	full.path[0] = '/';
	memcpy(path, full.path, sizeof full.path);
	assert_int_equal(mount_path_length(&full), sizeof full.path);
	assert_int_equal(mount_path_find(&full, 1, path, sizeof full.path, &rest), 0);
}

static void table_is_parsed(void **state)
{
	static const char table[] = "0 / ext2 hd0 rw\n"
				    "3 /tmp memory none rw\n"
				    "x /bad memory none rw\n"
				    "4 relative memory none rw\n"
				    "5\n"
				    "12 /proc proc none rw";
	struct emul_mount parsed[4];

	(void)state;
	memset(parsed, 0xff, sizeof parsed);
	assert_int_equal(mount_path_parse(table, sizeof table - 1, parsed, 4), 2);
	assert_int_equal(parsed[0].id, 3);
	assert_string_equal(parsed[0].path, "/tmp");
	assert_int_equal(parsed[1].id, 12);
	assert_string_equal(parsed[1].path, "/proc");
	assert_int_equal(parsed[2].id, 0);
}

static void more_mounts_than_room_are_left_out(void **state)
{
	static const char table[] = "1 /a t s o\n2 /b t s o\n3 /c t s o\n";
	struct emul_mount parsed[2];

	(void)state;
	assert_int_equal(mount_path_parse(table, sizeof table - 1, parsed, 2), 2);
	assert_string_equal(parsed[1].path, "/b");
}

static void prepending_keeps_within_the_buffer(void **state)
{
	char path[16] = "//x/y";
	uint32_t length = mount_path_prepend(path, 5, sizeof path, "/mnt", 4);

	(void)state;
	assert_int_equal(length, 8);
	assert_memory_equal(path, "/mnt/x/y", 8);
	assert_int_equal(mount_path_prepend(path, 8, 12, "/mnt", 4), 12);
	assert_memory_equal(path, "/mnt/mnt/x/y", 12);
	assert_int_equal(mount_path_prepend(path, 12, 15, "/mnt", 4), 0);
}

static void nothing_left_prepends_to_the_directory_itself(void **state)
{
	char path[8];

	(void)state;
	assert_int_equal(mount_path_prepend(path, 0, sizeof path, "", 0), 1);
	assert_memory_equal(path, "/", 1);
}

static void parents(void **state)
{
	(void)state;
	assert_int_equal(mount_path_parent("/a/b", 4), 2);
	assert_int_equal(mount_path_parent("/a", 2), 0);
	assert_int_equal(mount_path_parent("", 0), 0);
}

static void check_tidy(const char *in, const char *out)
{
	char path[64];
	uint32_t length;

	strcpy(path, in);
	length = mount_path_tidy(path, (uint32_t)strlen(in));
	assert_int_equal(length, strlen(out));
	assert_memory_equal(path, out, length);
}

static void tidying(void **state)
{
	(void)state;
	check_tidy("/", "/");
	check_tidy("//", "/");
	check_tidy("/./", "/");
	check_tidy("/a//b/./c/", "/a/b/c");
	check_tidy("/a/../b", "/a/../b");
	check_tidy("/.a/b.", "/.a/b.");
}

static int descriptor(const char *path)
{
	uint32_t rest;

	return mount_path_own(path, (uint32_t)strlen(path), 42, &rest);
}

static void paths_of_directories_that_only_the_process_knows(void **state)
{
	uint32_t rest;

	(void)state;
	assert_int_equal(mount_path_own("/proc/self/cwd/a/b", 18, 42, &rest), MOUNT_PATH_CWD);
	assert_int_equal(rest, 14);
	assert_int_equal(mount_path_own("/proc/42/root", 13, 42, &rest), MOUNT_PATH_ROOT);
	assert_int_equal(rest, 13);
	assert_int_equal(mount_path_own("/proc/self/cwdx", 15, 42, &rest), MOUNT_PATH_OTHER);
	assert_int_equal(mount_path_own("/proc/43/cwd", 12, 42, &rest), MOUNT_PATH_OTHER);
}

static void paths_of_descriptors(void **state)
{
	uint32_t rest;

	(void)state;
	assert_int_equal(descriptor("/dev/fd/63"), 63);
	assert_int_equal(descriptor("/proc/self/fd/0"), 0);
	assert_int_equal(descriptor("/proc/42/fd/7"), 7);
	assert_int_equal(descriptor("/proc/43/fd/7"), -1);
	assert_int_equal(descriptor("/proc/self/fd/"), MOUNT_PATH_ALL_DESCRIPTORS);
	assert_int_equal(descriptor("/proc/42/fd"), MOUNT_PATH_ALL_DESCRIPTORS);
	assert_int_equal(descriptor("/proc/43/fd"), -1);
	assert_int_equal(descriptor("/proc/self/fd//"), -1);
	assert_int_equal(descriptor("/proc/self/fd/1x"), -1);
	assert_int_equal(descriptor("/proc/self/fd/1/x"), -1);
	assert_int_equal(descriptor("/proc/self/fdinfo/1"), -1);
	assert_int_equal(descriptor("/proc/self/fd/99999999"), -1);
	assert_int_equal(descriptor("/dev/fd"), -1);
	assert_int_equal(descriptor("/dev/fd/"), MOUNT_PATH_ALL_DESCRIPTORS);
	assert_int_equal(descriptor("/dev/f"), -1);
	assert_int_equal(mount_path_own_in_proc("/self/fd/3", 10, 42, &rest), 3);
	assert_int_equal(mount_path_own_in_proc("42/fd", 5, 42, &rest), MOUNT_PATH_ALL_DESCRIPTORS);
	assert_int_equal(mount_path_own_in_proc("self", 4, 42, &rest), -1);
	assert_int_equal(mount_path_number("12", 2), 12);
	assert_int_equal(mount_path_number("12x", 3), -1);
	assert_int_equal(mount_path_number("", 0), -1);
	assert_int_equal(mount_path_number(".", 1), MOUNT_PATH_ALL_DESCRIPTORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_prefix_wins),
		cmocka_unit_test(only_whole_components_match),
		cmocka_unit_test(a_path_that_fills_its_array_has_no_terminator),
		cmocka_unit_test(table_is_parsed),
		cmocka_unit_test(more_mounts_than_room_are_left_out),
		cmocka_unit_test(prepending_keeps_within_the_buffer),
		cmocka_unit_test(nothing_left_prepends_to_the_directory_itself),
		cmocka_unit_test(parents),
		cmocka_unit_test(tidying),
		cmocka_unit_test(paths_of_descriptors),
		cmocka_unit_test(paths_of_directories_that_only_the_process_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
