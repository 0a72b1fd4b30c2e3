/* Paths, permissions, ranges, the two caches and file locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

#include "access.h"
#include "block_cache.h"
#include "dentry.h"
#include "flock.h"
#include "path.h"
#include "ranges.h"
#include "store.h"

static void expect_parts(const char *text, const char *const *parts, bool directory)
{
	struct path path;
	const char *name;
	unsigned length;

	assert_int_equal(path_init(&path, text, (unsigned)strlen(text)), 0);
	for (; *parts; parts++) {
		assert_true(path_next(&path, &name, &length));
		assert_int_equal(length, strlen(*parts));
		assert_memory_equal(name, *parts, length);
	}
	assert_false(path_next(&path, &name, &length));
	assert_true(path_is_empty(&path));
	assert_int_equal(path.directory, directory);
}

static void test_path_parts(void **state)
{
	(void)state;
	expect_parts("", (const char *const[]){ NULL }, false);
	expect_parts("/", (const char *const[]){ NULL }, false);
	expect_parts("a", (const char *const[]){ "a", NULL }, false);
	expect_parts("//a///bc/./..", (const char *const[]){ "a", "bc", ".", "..", NULL }, false);
	expect_parts("a/b//", (const char *const[]){ "a", "b", NULL }, true);
}

static void test_path_limits(void **state)
{
	static char text[MASIX_PATH_MAX + 1];
	struct path path;
	char rest[MASIX_PATH_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(path_init(&path, text, MASIX_PATH_MAX), 0);
	assert_int_equal(path_init(&path, text, MASIX_PATH_MAX + 1), MASIX_E_NAME_TOO_LONG);
	assert_int_equal(path_init(&path, text, UINT32_MAX), MASIX_E_NAME_TOO_LONG);
	assert_int_equal(path_init(&path, "a\0b", 3), MASIX_E_INVALID);
	assert_int_equal(path_init(&path, text, MASIX_PATH_MAX - 2), 0);
	assert_int_equal(path_prepend(&path, "ab", 2), MASIX_E_NAME_TOO_LONG);
	assert_int_equal(path_prepend(&path, "a", 1), 0);
	assert_int_equal(path_rest(&path, rest), MASIX_PATH_MAX);
	assert_memory_equal(rest, "a/xx", 4);
}

static void test_path_prepend(void **state)
{
	struct path path;
	const char *name;
	unsigned length;
	char rest[MASIX_PATH_MAX];

	(void)state;
	assert_int_equal(path_init(&path, "link/one/two/", 13), 0);
	assert_true(path_next(&path, &name, &length));
	assert_int_equal(path_prepend(&path, "/a/b", 4), 0);
	assert_int_equal(path_rest(&path, rest), 13);
	assert_memory_equal(rest, "/a/b/one/two/", 13);
}

static void test_access(void **state)
{
	struct identity who = { .uid = 1, .gid = 10, .group_count = 1, .groups = { 20 } };
	struct identity root = { 0 };
	struct masix_stat file = { .mode = S_IFREG | 0751, .uid = 1, .gid = 20 };

	(void)state;
	assert_true(access_allowed(&who, &file, ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC));
	file.uid = 2;
	assert_true(access_allowed(&who, &file, ACCESS_READ | ACCESS_EXEC));
	assert_false(access_allowed(&who, &file, ACCESS_WRITE));
	file.gid = 30;
	assert_false(access_allowed(&who, &file, ACCESS_READ));
	assert_true(access_allowed(&who, &file, ACCESS_EXEC));
	/* The owner's class counts for the owner, even when others may do more. */
	file.uid = 1;
	file.mode = S_IFREG | 0077;
	assert_false(access_allowed(&who, &file, ACCESS_READ));
	/* Root reads and writes all, but executes only what anyone may. */
	file.mode = S_IFREG | 0600;
	assert_true(access_allowed(&root, &file, ACCESS_READ | ACCESS_WRITE));
	assert_false(access_allowed(&root, &file, ACCESS_EXEC));
	file.mode = S_IFREG | 0610;
	assert_true(access_allowed(&root, &file, ACCESS_EXEC));
	file.mode = S_IFDIR;
	assert_true(access_allowed(&root, &file, ACCESS_EXEC));
}

static void test_sticky(void **state)
{
	struct identity who = { .uid = 1 }, root = { 0 };
	struct masix_stat directory = { .mode = S_IFDIR | 01777, .uid = 2 }, entry = { .uid = 3 };

	(void)state;
	assert_false(access_may_remove(&who, &directory, &entry));
	assert_true(access_may_remove(&root, &directory, &entry));
	entry.uid = 1;
	assert_true(access_may_remove(&who, &directory, &entry));
	entry.uid = 3;
	directory.uid = 1;
	assert_true(access_may_remove(&who, &directory, &entry));
	directory.uid = 2;
	directory.mode = S_IFDIR | 0777;
	assert_true(access_may_remove(&who, &directory, &entry));
}

/* Against a bitmap, with many random ranges. */
static void test_ranges(void **state)
{
	static bool model[300];
	struct undo *undo = undo_create(store_open());
	struct ranges set = { 0 };

	(void)state;
	srandom(4);
	for (int round = 0; round < 3000; round++) {
		unsigned start = (unsigned)random() % 300;
		unsigned end = start + (unsigned)random() % (300 - start + 1);
		bool add = random() % 2;
		uint64_t total = 0;

		if (add)
			assert_int_equal(ranges_add(undo, &set, start, end), 0);
		else
			assert_int_equal(ranges_remove(undo, &set, start, end), 0);
		for (unsigned i = start; i < end; i++)
			model[i] = add;
		for (unsigned i = 0; i < 300; i++) {
			assert_int_equal(ranges_contain(&set, i), model[i]);
			total += model[i];
		}
		assert_int_equal(ranges_total(&set), total);
		if (round % 7 == 0)
			undo_commit(undo);
		for (unsigned i = 1; i < set.count; i++)
			assert_true(set.array[i - 1].end < set.array[i].start);
	}
	assert_int_equal(ranges_remove(undo, &set, 0, UINT64_MAX), 0);
	assert_int_equal(set.count, 0);
	ranges_clear(undo, &set);
	undo_destroy(undo);
	store_close();
}

static void test_dentries(void **state)
{
	struct dentries *cache = dentries_create(64);
	char long_name[64];
	uint64_t ino;

	(void)state;
	assert_false(dentries_find(cache, 2, "a", 1, &ino));
	dentries_enter(cache, 2, "a", 1, 11);
	dentries_enter(cache, 3, "a", 1, 12);
	dentries_enter(cache, 2, "gone", 4, 0);
	assert_true(dentries_find(cache, 2, "a", 1, &ino) && ino == 11);
	assert_true(dentries_find(cache, 2, "gone", 4, &ino) && ino == 0);
	dentries_enter(cache, 2, "a", 1, 13);
	assert_true(dentries_find(cache, 2, "a", 1, &ino) && ino == 13);
	dentries_forget(cache, 2);
	assert_false(dentries_find(cache, 2, "a", 1, &ino));
	assert_true(dentries_find(cache, 3, "a", 1, &ino) && ino == 12);
	memset(long_name, 'n', sizeof(long_name));
	dentries_enter(cache, 3, long_name, sizeof(long_name), 14);
	assert_false(dentries_find(cache, 3, long_name, sizeof(long_name), &ino));
	/* Many more than fit: what is found is right, and what is used often stays. */
	for (unsigned i = 0; i < 10000; i++) {
		char name[8] = { (char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)i };

		dentries_enter(cache, 7, name, 3, i);
		assert_true(dentries_find(cache, 7, name, 3, &ino) && ino == i);
		assert_true(dentries_find(cache, 3, "a", 1, &ino) && ino == 12);
	}
	dentries_destroy(cache);
}

/* A disk in memory that counts requests. */
struct memory_disk {
	struct disk disk;
	unsigned reads, writes;
	bool fail;
	unsigned char bytes[256 * 1024];
};

static int disk_read(struct disk *disk, uint64_t offset, uint32_t length, void **data)
{
	struct memory_disk *memory = (struct memory_disk *)disk;

	if (memory->fail)
		return MASIX_E_IO;
	memory->reads++;
	*data = malloc(length);
	memcpy(*data, memory->bytes + offset, length);
	return 0;
}

static int disk_write(struct disk *disk, uint64_t offset, uint32_t length, const void *data)
{
	struct memory_disk *memory = (struct memory_disk *)disk;

	if (memory->fail)
		return MASIX_E_IO;
	memory->writes++;
	memcpy(memory->bytes + offset, data, length);
	return 0;
}

static void *disk_allocate(struct disk *disk, uint32_t length)
{
	(void)disk;
	return calloc(1, length);
}

static void disk_release(struct disk *disk, void *data, uint32_t length)
{
	(void)disk;
	(void)length;
	free(data);
}

static void make_disk(struct memory_disk *memory)
{
	*memory = (struct memory_disk){ .disk = { .size = sizeof(memory->bytes),
						.read = disk_read,
						.write = disk_write,
						.allocate = disk_allocate,
						.release = disk_release } };
}

static void test_block_cache(void **state)
{
	struct undo *undo = undo_create(store_open());
	static struct memory_disk memory;
	struct block_cache *cache;
	char data[3000];

	(void)state;
	make_disk(&memory);
	memset(memory.bytes + 1024, 'd', 1024);
	cache = block_cache_create(undo, &memory.disk, 1024, 16);
	assert_int_equal(block_cache_read(cache, 1000, 100, data), 0);
	assert_int_equal(data[23], 0);
	assert_int_equal(data[24], 'd');
	assert_int_equal(memory.reads, 1);
	memset(data, 'w', sizeof(data));
	assert_int_equal(block_cache_write(cache, 1100, 2500, data), 0);
	assert_int_equal(block_cache_dirty(cache), 3);
	assert_int_equal(memory.writes, 0);
	/* Freed: never written. */
	block_cache_discard(cache, 2);
	assert_int_equal(block_cache_dirty(cache), 2);
	memory.fail = true;
	assert_int_equal(block_cache_flush(cache, NULL, NULL), MASIX_E_IO);
	assert_int_equal(block_cache_dirty(cache), 2);
	memory.fail = false;
	assert_int_equal(block_cache_flush(cache, NULL, NULL), 0);
	assert_int_equal(block_cache_dirty(cache), 0);
	assert_int_equal(memory.bytes[1099], 'd');
	assert_int_equal(memory.bytes[1100], 'w');
	assert_int_equal(memory.bytes[2048], 0);
	assert_int_equal(memory.bytes[3072], 'w');
	block_cache_destroy(cache);
	undo_destroy(undo);
	store_close();
}

/* Random reads and writes against an array, with a cache much smaller than the disk. */
static void test_block_cache_random(void **state)
{
	static struct memory_disk memory;
	static unsigned char model[sizeof(memory.bytes)];
	struct undo *undo = undo_create(store_open());
	struct block_cache *cache;

	(void)state;
	make_disk(&memory);
	memset(model, 0, sizeof(model));
	cache = block_cache_create(undo, &memory.disk, 4096, 8);
	srandom(5);
	for (int round = 0; round < 5000; round++) {
		uint64_t offset = (uint64_t)random() % (sizeof(model) - 9000);
		uint32_t length = 1 + (uint32_t)random() % 9000;
		unsigned char data[9000];

		if (random() % 2) {
			memset(data, (int)random(), length);
			assert_int_equal(block_cache_write(cache, offset, length, data), 0);
			memcpy(model + offset, data, length);
		} else {
			assert_int_equal(block_cache_read(cache, offset, length, data), 0);
			assert_memory_equal(data, model + offset, length);
		}
		if (random() % 50 == 0) {
			assert_int_equal(block_cache_flush(cache, NULL, NULL), 0);
			assert_memory_equal(memory.bytes, model, sizeof(model));
		}
		if (random() % 3 == 0)
			undo_commit(undo);
	}
	block_cache_destroy(cache);
	undo_destroy(undo);
	store_close();
}

static void test_flock(void **state)
{
	struct flock lock = { 0 };
	int a = 0, b = 0, c = 0;
	struct flock_claim claim;

	(void)state;
	assert_int_equal(flock_take(NULL, &lock, &a, MASIX_LOCK_SHARED), 0);
	assert_int_equal(flock_take(NULL, &lock, &b, MASIX_LOCK_SHARED), 0);
	assert_int_equal(flock_take(NULL, &lock, &c, MASIX_LOCK_EXCLUSIVE), MASIX_E_WOULD_BLOCK);
	assert_int_equal(flock_wait(NULL, &lock, &c, MASIX_LOCK_EXCLUSIVE, 5, 55), 0);
	assert_false(flock_next_granted(NULL, &lock, &claim));
	assert_int_equal(flock_take(NULL, &lock, &a, MASIX_LOCK_NONE), 0);
	assert_false(flock_next_granted(NULL, &lock, &claim));
	assert_int_equal(flock_take(NULL, &lock, &b, MASIX_LOCK_NONE), 0);
	assert_true(flock_next_granted(NULL, &lock, &claim));
	assert_int_equal(claim.reply, 55);
	assert_int_equal(flock_take(NULL, &lock, &a, MASIX_LOCK_SHARED), MASIX_E_WOULD_BLOCK);
	assert_int_equal(flock_wait(NULL, &lock, &a, MASIX_LOCK_SHARED, 6, 66), 0);
	assert_false(flock_cancel(NULL, &lock, &a, 7, &claim));
	assert_true(flock_cancel(NULL, &lock, &a, 6, &claim));
	assert_int_equal(flock_wait(NULL, &lock, &a, MASIX_LOCK_SHARED, 8, 88), 0);
	assert_true(flock_forget(NULL, &lock, &a, &claim));
	assert_false(flock_forget(NULL, &lock, &a, &claim));
	/* A conversion that must wait gives the old lock up. */
	assert_int_equal(flock_take(NULL, &lock, &c, MASIX_LOCK_SHARED), 0);
	assert_int_equal(flock_take(NULL, &lock, &a, MASIX_LOCK_SHARED), 0);
	assert_int_equal(flock_take(NULL, &lock, &a, MASIX_LOCK_EXCLUSIVE), MASIX_E_WOULD_BLOCK);
	assert_int_equal(flock_take(NULL, &lock, &c, MASIX_LOCK_EXCLUSIVE), 0);
	assert_int_equal(flock_take(NULL, &lock, &c, MASIX_LOCK_NONE), 0);
	assert_null(lock.holders);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_parts),
		cmocka_unit_test(test_path_limits),
		cmocka_unit_test(test_path_prepend),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_dentries),
		cmocka_unit_test(test_block_cache),
		cmocka_unit_test(test_block_cache_random),
		cmocka_unit_test(test_flock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
