/* Unit tests of procfs_tree.c. */
#include "procfs_tree.h"

#include <string.h>

#include <masix/error.h>

#include "test.h"

static bool exists(int pid)
{
	return pid == 1 || pid == 42;
}

static int next(int from)
{
	return from <= 1 ? 1 : from <= 42 ? 42 : 0;
}

static int next_thread(int pid, int from)
{
	if (pid != 42)
		return 0;
	return from <= 42 ? 42 : from <= 65578 ? 65578 : 0;
}

static uint32_t link_of(int self, struct proc_node node, char *to, uint32_t room)
{
	const char *target = node.kind == PROC_EXE ? "/bin/bash" : "/";

	(void)self;
	if (strlen(target) >= room)
		return 0;
	memcpy(to, target, strlen(target));
	return strlen(target);
}

static const struct proc_view view = { 42, exists, next, next_thread, link_of };
static const struct proc_node root = { .kind = PROC_ROOT };
static struct proc_walk walk;

static int go(const char *path, bool follow)
{
	return proc_walk(&view, root, path, strlen(path), follow, &walk);
}

static void test_walk(void **state)
{
	(void)state;
	assert_int_equal(go("", true), 0);
	assert_int_equal(walk.found.kind, PROC_ROOT);
	assert_int_equal(go("meminfo", true), 0);
	assert_int_equal(walk.found.kind, PROC_MEMINFO);
	assert_int_equal(go("/42//./stat", true), 0);
	assert_int_equal(walk.found.kind, PROC_PID_STAT);
	assert_int_equal(walk.found.pid, 42);
	assert_int_equal(go("42/../sys/kernel/../kernel/hostname", true), 0);
	assert_int_equal(walk.found.kind, PROC_HOSTNAME);
	assert_int_equal(go("43", true), MASIX_E_NOT_FOUND);
	assert_int_equal(go("042", true), MASIX_E_NOT_FOUND);
	assert_int_equal(go("42x", true), MASIX_E_NOT_FOUND);
	assert_int_equal(go("99999999999999", true), MASIX_E_NOT_FOUND);
	assert_int_equal(go("meminfo/x", true), MASIX_E_NOT_DIRECTORY);
}

static void test_threads(void **state)
{
	char path[64];

	(void)state;
	assert_int_equal(go("42/task/65578/stat", true), 0);
	assert_int_equal(walk.found.kind, PROC_PID_STAT);
	assert_int_equal(walk.found.pid, 42);
	assert_int_equal(walk.found.thread, 65578);
	assert_int_equal(go("42/task/65578/../../task/42", true), 0);
	assert_int_equal(walk.found.kind, PROC_THREAD);
	assert_int_equal(proc_path(walk.found, path, sizeof(path)), strlen("/42/task/42"));
	assert_int_equal(go("42/task/65578/task", true), MASIX_E_NOT_FOUND);
	assert_int_equal(go("42/task/43", true), MASIX_E_NOT_FOUND);
	assert_int_equal(go("42/task/4294967338", true), MASIX_E_NOT_FOUND);
	assert_int_equal(go("1/task/42", true), MASIX_E_NOT_FOUND);
}

static void test_links(void **state)
{
	char target[64];

	(void)state;
	assert_int_equal(go("self", false), 0);
	assert_int_equal(walk.found.kind, PROC_SELF);
	assert_int_equal(proc_readlink(&view, walk.found, target, sizeof(target)), 2);
	assert_memory_equal(target, "42", 2);
	assert_int_equal(go("self", true), 0);
	assert_int_equal(walk.found.kind, PROC_PROCESS);
	assert_int_equal(go("self/", false), 0);
	assert_int_equal(walk.found.kind, PROC_PROCESS);
	assert_int_equal(go("mounts", true), 0);
	assert_int_equal(walk.found.kind, PROC_PID_MOUNTS);
	assert_int_equal(walk.found.pid, 42);
}

static void test_crossing(void **state)
{
	(void)state;
	assert_int_equal(go("self/exe", false), 0);
	assert_int_equal(walk.cross, 0);
	assert_int_equal(go("self/exe", true), 0);
	assert_int_equal(walk.cross, MASIX_CROSS_ROOT);
	assert_int_equal(walk.rest_length, 9);
	assert_memory_equal(walk.rest, "/bin/bash", 9);
	assert_int_equal(go("self/root/etc/passwd", true), 0);
	assert_int_equal(walk.cross, MASIX_CROSS_ROOT);
	assert_memory_equal(walk.rest, "//etc/passwd", walk.rest_length);
	assert_int_equal(go("42/../../etc", true), 0);
	assert_int_equal(walk.cross, MASIX_CROSS_PARENT);
	assert_int_equal(walk.rest_length, 3);
	assert_memory_equal(walk.rest, "etc", 3);
}

static void test_long_paths(void **state)
{
	char path[MASIX_PATH_MAX + 1];

	(void)state;
	memset(path, 'x', sizeof(path));
	assert_int_equal(
		proc_walk(&view, root, path, sizeof(path), true, &walk), MASIX_E_NAME_TOO_LONG);
	assert_int_equal(
		proc_walk(&view, root, path, sizeof(path) - 1, true, &walk), MASIX_E_NAME_TOO_LONG);
	/* A link's target has no room in front of the rest. */
	memset(path, '/', sizeof(path));
	memcpy(path, "self/exe", 8);
	path[MASIX_PATH_MAX - 1] = 'x';
	assert_int_equal(proc_walk(&view, root, path, MASIX_PATH_MAX, true, &walk), 0);
	memset(path + 9, 'x', MASIX_PATH_MAX - 9);
	assert_int_equal(
		proc_walk(&view, root, path, MASIX_PATH_MAX, true, &walk), MASIX_E_NAME_TOO_LONG);
}

/* Each name once, whatever the size of the buffer. */
static void test_entries(void **state)
{
	char buffer[4096];

	(void)state;
	for (uint32_t room = 40; room < sizeof(buffer); room += 331) {
		int64_t cookie = 0, after;
		unsigned count = 0, pids = 0;
		uint32_t used;

		while ((used = proc_entries(&view, root, cookie, buffer, room, &after)) > 0) {
			for (uint32_t at = 0; at < used;) {
				struct masix_dirent entry;

				memcpy(&entry, buffer + at, sizeof(entry));
				assert_true(entry.length % 8 == 0);
				pids += buffer[at + sizeof(entry)] >= '0' &&
					buffer[at + sizeof(entry)] <= '9';
				count++;
				at += entry.length;
				assert_true(at <= used);
			}
			assert_true(after > cookie);
			cookie = after;
		}
		assert_int_equal(pids, 2);
		assert_int_equal(count, 2 + 16 + 2);
	}
	int64_t after;

	assert_int_equal(proc_entries(&view, (struct proc_node){ .kind = PROC_MEMINFO }, 0, buffer,
				 100, &after),
		0);
	assert_int_equal(proc_entries(&view, root, -5, buffer, 100, &after), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_walk),
		cmocka_unit_test(test_threads), cmocka_unit_test(test_links),
		cmocka_unit_test(test_crossing), cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_entries) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
