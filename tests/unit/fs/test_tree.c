/* Whole file systems: names and contents at random against a model, on ext2 of several shapes and in
 * memory; full disks; deleted files; then e2fsck. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

#include "attributes.h"
#include "data.h"
#include "ext2.h"
#include "fake_pager.h"
#include "image.h"
#include "memory.h"
#include "names.h"
#include "store.h"

static const struct identity root = { 0 };
static struct arena *arena;

struct world {
	const char *options; /* of mke2fs; NULL: in memory */
	struct image *image;
	struct volume *volume;
	struct context context;
};

static void open_world(struct world *world, unsigned kib)
{
	const char *why;

	arena = store_open();
	if (world->options) {
		world->image = image_make(kib, world->options);
		assert_int_equal(ext2_mount(arena, &world->image->disk, "test", 1, fake_now,
					 &world->volume, &why),
			0);
		assert_false(world->volume->read_only);
	} else {
		assert_int_equal(memory_mount(arena, &store_range, "test", 1, kib * 1024ull,
					 fake_now, &world->volume),
			0);
	}
	world->context = (struct context){ .who = root };
	volume_lock(world->volume);
	assert_int_equal(node_get(world->volume, world->volume->root, &world->context.root), 0);
	volume_unlock(world->volume);
}

/* As the server does it, and then the judge. */
static void close_world(struct world *world)
{
	assert_int_equal(data_sync_volume(world->volume), 0);
	fake_forget();
	volume_lock(world->volume);
	node_put(world->context.root);
	assert_int_equal(volume_shutdown(world->volume), 0);
	volume_unlock(world->volume);
	if (!world->image) {
		memory_unmount(world->volume);
		assert_int_equal(arena->in_use, 0);
		store_close();
		return;
	}
	ext2_unmount(world->volume);
	assert_int_equal(arena->in_use, 0);
	store_close();
	if (image_check(world->image->bytes, world->image->disk.size, "-fn", false) != 0) {
		image_check(world->image->bytes, world->image->disk.size, "-fn", true);
		fail_msg("e2fsck is not content");
	}
	image_free(world->image);
	world->image = NULL;
}

static struct path path_of(const char *text)
{
	struct path path;

	assert_int_equal(path_init(&path, text, (unsigned)strlen(text)), 0);
	return path;
}

static int open_node(struct world *world, const char *text, int flags, struct node **node)
{
	struct path path = path_of(text);
	struct found found = { 0 };
	int error;

	error = names_open(&world->context, world->context.root, &path, flags, 0644, &found);
	*node = error ? NULL : found.node;
	return error;
}

static int make_directory(struct world *world, const char *text)
{
	struct node_seed seed = { .mode = S_IFDIR | 0755 };
	struct path path = path_of(text);

	return names_make(&world->context, world->context.root, &path, &seed);
}

static int unlink_name(struct world *world, const char *text, bool directory)
{
	struct path path = path_of(text);
	int error = names_unlink(&world->context, world->context.root, &path, directory);

	fake_reap(world->volume);
	return error;
}

static int rename_name(struct world *world, const char *from, const char *to)
{
	struct path old = path_of(from), new = path_of(to);
	int error = names_rename(&world->context, world->context.root, &old, &world->context,
		world->context.root, &new, true);

	fake_reap(world->volume);
	return error;
}

/* --- one file, all operations on its contents --- */

#define FILE_MAX (600u << 10)

static unsigned char model[FILE_MAX], buffer[FILE_MAX];

static void write_random(struct node *node, uint64_t *size)
{
	size_t amount = 1 + fake_random(fake_random(4) ? 5000 : 200000), given = amount;
	uint64_t offset = fake_random(FILE_MAX - 200001), end;
	bool append = fake_random(4) == 0;

	if (append && *size + amount > FILE_MAX)
		return;
	for (size_t i = 0; i < amount; i++)
		buffer[i] = (unsigned char)(fake_random(255) + 1);
	assert_int_equal(data_write(&root, node, append, offset, buffer, &given, &end), 0);
	assert_int_equal(given, amount);
	if (append)
		offset = *size;
	assert_int_equal(end, offset + amount);
	memcpy(model + offset, buffer, amount);
	if (end > *size)
		*size = end;
}

static void resize_random(struct node *node, uint64_t *size)
{
	uint64_t new = fake_random(FILE_MAX);

	assert_int_equal(data_resize(&root, node, new), 0);
	if (new < *size)
		memset(model + new, 0, (size_t)(*size - new));
	*size = new;
}

/* A process that mapped the file writes up to the end of a page, behind the file's end too. */
static void map_random(struct node *node, uint64_t size)
{
	char junk[PAGE_SIZE_];
	uint64_t page;

	if (size == 0)
		return;
	page = fake_random((unsigned)((size + PAGE_SIZE_ - 1) / PAGE_SIZE_)) * (uint64_t)PAGE_SIZE_;
	memset(junk, 'J', sizeof(junk));
	assert_int_equal(fake_touch(node, page, junk, sizeof(junk)), 0);
	memset(model + page, 'J', size - page < PAGE_SIZE_ ? (size_t)(size - page) : PAGE_SIZE_);
}

static void check_contents(struct node *node, uint64_t size)
{
	size_t amount = sizeof(buffer);

	assert_int_equal(data_read(node, 0, buffer, &amount), 0);
	assert_int_equal(amount, size);
	for (size_t i = 0; i < amount; i++)
		if (buffer[i] != model[i])
			fail_msg("byte %zu of %zu: %02x instead of %02x", i, amount, buffer[i],
				model[i]);
}

static void test_contents(void **state)
{
	struct world *world = *state;
	struct node *node;
	uint64_t size = 0;

	fake_seed(7);
	memset(model, 0, sizeof(model));
	open_world(world, 8192);
	assert_int_equal(open_node(world, "f", MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &node), 0);
	for (int round = 0; round < 1500; round++) {
		switch (fake_random(8)) {
		case 0:
			resize_random(node, &size);
			break;
		case 1:
			if (!world->volume->ops->direct)
				map_random(node, size);
			break;
		case 2:
			assert_int_equal(data_sync(node), 0);
			break;
		case 3:
			fake_evict(1 + fake_random(6));
			break;
		case 4:
			volume_lock(world->volume);
			assert_int_equal(volume_flush(world->volume), 0);
			volume_unlock(world->volume);
			break;
		default:
			write_random(node, &size);
			break;
		}
		if (round % 10 == 0)
			check_contents(node, size);
	}
	assert_int_equal(data_sync(node), 0);
	fake_forget();
	check_contents(node, size);
	node_release(node);
	close_world(world);
}

/* --- names --- */

#define NAMES 40

/* What should be there: 0 nothing, 1 a file, 2 a directory, in the root and in each directory. */
static void test_names(void **state)
{
	struct world *world = *state;
	unsigned char kinds[NAMES] = { 0 };

	fake_seed(8);
	open_world(world, 8192);
	for (int round = 0; round < 4000; round++) {
		unsigned i = fake_random(NAMES), j = fake_random(NAMES);
		char one[16], two[16];
		struct node *node;
		int error;

		snprintf(one, sizeof(one), "name-%u", i);
		snprintf(two, sizeof(two), "name-%u", j);
		switch (fake_random(5)) {
		case 0:
			error = make_directory(world, one);
			assert_int_equal(error, kinds[i] ? MASIX_E_EXISTS : 0);
			if (!error)
				kinds[i] = 2;
			break;
		case 1:
			error = open_node(world, one, MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &node);
			assert_int_equal(error, kinds[i] == 2 ? MASIX_E_IS_DIRECTORY : 0);
			if (!error) {
				kinds[i] = 1;
				node_release(node);
			}
			break;
		case 2:
			error = unlink_name(world, one, kinds[i] == 2);
			assert_int_equal(error, kinds[i] ? 0 : MASIX_E_NOT_FOUND);
			kinds[i] = 0;
			break;
		case 3:
			error = rename_name(world, one, two);
			if (!kinds[i])
				assert_int_equal(error, MASIX_E_NOT_FOUND);
			else if (i == j)
				assert_int_equal(error, 0);
			else if (kinds[j] && kinds[i] != kinds[j])
				assert_int_equal(error, kinds[j] == 2 ? MASIX_E_IS_DIRECTORY
								      : MASIX_E_NOT_DIRECTORY);
			else
				assert_int_equal(error, 0);
			if (!error && i != j) {
				kinds[j] = kinds[i];
				kinds[i] = 0;
			}
			break;
		default:
			error = open_node(world, one, MASIX_OPEN_PATH, &node);
			assert_int_equal(error, kinds[i] ? 0 : MASIX_E_NOT_FOUND);
			if (!error) {
				assert_int_equal(node_is_directory(node), kinds[i] == 2);
				node_release(node);
			}
			break;
		}
	}
	close_world(world);
}

struct listing {
	unsigned count, stop;
	int64_t next;
	char seen[2000];
};

static bool note(void *argument, const struct name *name, uint64_t ino, uint8_t type, int64_t next)
{
	struct listing *listing = argument;
	char text[32];

	(void)ino;
	(void)type;
	if (listing->count == listing->stop)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)name->length, name->text);
	if (text[0] == 'n')
		listing->seen[atoi(text + 1)]++;
	listing->count++;
	listing->next = next;
	return true;
}

/* A directory that is listed in small pieces while its entries are deleted. */
static void test_listing(void **state)
{
	struct world *world = *state;
	static struct listing listing;
	struct node *node;
	char name[32];

	memset(&listing, 0, sizeof(listing));
	open_world(world, 8192);
	assert_int_equal(make_directory(world, "many"), 0);
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "many/n%u", i);
		assert_int_equal(open_node(world, name, MASIX_OPEN_CREATE, &node), 0);
		node_release(node);
	}
	assert_int_equal(open_node(world, "many", MASIX_OPEN_READ, &node), 0);
	for (;;) {
		unsigned before = listing.count;

		listing.stop = listing.count + 7;
		volume_lock(world->volume);
		assert_int_equal(
			world->volume->ops->entries(node, listing.next, note, &listing), 0);
		volume_unlock(world->volume);
		if (listing.count == before)
			break;
		for (unsigned i = 0; i < 500; i += 3)
			if (listing.seen[i] == 1) {
				snprintf(name, sizeof(name), "many/n%u", i);
				if (!unlink_name(world, name, false))
					listing.seen[i] = 1;
			}
	}
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(listing.seen[i], 1);
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "many/n%u", i);
		assert_int_equal(unlink_name(world, name, false), i % 3 ? 0 : MASIX_E_NOT_FOUND);
	}
	node_release(node);
	assert_int_equal(unlink_name(world, "many", true), 0);
	close_world(world);
}

/* --- space --- */

static uint64_t blocks_free(struct world *world)
{
	struct masix_statfs info;

	volume_lock(world->volume);
	assert_int_equal(world->volume->ops->statfs(world->volume, &info), 0);
	volume_unlock(world->volume);
	return info.blocks_free;
}

static void test_full(void **state)
{
	struct world *world = *state;
	uint64_t total = 0, before, end;
	struct node *node, *other;
	int error = 0;
	char name[32];

	fake_seed(9);
	open_world(world, 3000);
	before = blocks_free(world);
	for (int round = 0; round < 3; round++) {
		total = 0;
		assert_int_equal(
			open_node(world, "full", MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &node), 0);
		for (;;) {
			size_t amount = 70000;

			memset(buffer, 'x', amount);
			error = data_write(&root, node, true, 0, buffer, &amount, &end);
			if (error)
				break;
			total += amount;
			fake_evict(3);
		}
		assert_int_equal(error, MASIX_E_NO_SPACE);
		assert_true(total > 1u << 20);
		/* No room for names and inodes either, or just enough; never a mess. */
		for (unsigned i = 0; i < 200; i++) {
			snprintf(name, sizeof(name), "a-rather-long-file-name-%u", i);
			if (open_node(world, name, MASIX_OPEN_CREATE, &other) == 0)
				node_release(other);
		}
		assert_int_equal(data_sync(node), 0);
		node_release(node);
		for (unsigned i = 0; i < 200; i++) {
			snprintf(name, sizeof(name), "a-rather-long-file-name-%u", i);
			error = unlink_name(world, name, false);
			assert_true(error == 0 || error == MASIX_E_NOT_FOUND);
		}
		assert_int_equal(unlink_name(world, "full", false), 0);
		fake_forget();
	}
	volume_lock(world->volume);
	assert_int_equal(volume_flush(world->volume), 0);
	volume_unlock(world->volume);
	/* The root directory may have grown. */
	assert_true(blocks_free(world) + 16 >= before);
	close_world(world);
}

static void test_deleted(void **state)
{
	struct world *world = *state;
	uint64_t before, end;
	struct node *node, *kept;
	size_t amount = 100000;
	char name[32];

	open_world(world, 4096);
	before = blocks_free(world);
	assert_int_equal(open_node(world, "f", MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &node), 0);
	memset(buffer, 'd', amount);
	assert_int_equal(data_write(&root, node, false, 0, buffer, &amount, &end), 0);
	assert_int_equal(unlink_name(world, "f", false), 0);
	assert_int_equal(open_node(world, "f", MASIX_OPEN_READ, &kept), MASIX_E_NOT_FOUND);
	/* Its blocks are not given to others while it is open. */
	for (unsigned i = 0; i < 20; i++) {
		struct node *other;

		snprintf(name, sizeof(name), "other%u", i);
		assert_int_equal(
			open_node(world, name, MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &other), 0);
		amount = 20000;
		memset(buffer, 'o', amount);
		assert_int_equal(data_write(&root, other, false, 0, buffer, &amount, &end), 0);
		node_release(other);
	}
	fake_evict(1);
	amount = 100000;
	assert_int_equal(data_read(node, 0, buffer, &amount), 0);
	assert_int_equal(amount, 100000);
	for (size_t i = 0; i < amount; i++)
		assert_int_equal(buffer[i], 'd');
	node_release(node);
	fake_reap(world->volume);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "other%u", i);
		assert_int_equal(unlink_name(world, name, false), 0);
	}
	fake_forget();
	volume_lock(world->volume);
	assert_int_equal(volume_flush(world->volume), 0);
	volume_unlock(world->volume);
	assert_int_equal(blocks_free(world), before);
	/* Still open when the system is shut down. */
	assert_int_equal(open_node(world, "g", MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &kept), 0);
	amount = 5000;
	assert_int_equal(data_write(&root, kept, false, 0, buffer, &amount, &end), 0);
	assert_int_equal(unlink_name(world, "g", false), 0);
	close_world(world);
}

static void test_attributes(void **state)
{
	const struct identity user = { .uid = 5, .gid = 6 };
	const struct new_time time = { 1234567890, 42 }, leave = { 0, ATTRIBUTES_TIME_LEAVE };
	struct world *world = *state;
	struct node *node;
	uint64_t end;
	size_t amount = 1;

	open_world(world, 4096);
	assert_int_equal(open_node(world, "f", MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &node), 0);
	assert_int_equal(attributes_set_mode(&user, node, 0777), MASIX_E_PERMISSION);
	assert_int_equal(attributes_set_mode(&root, node, 04777), 0);
	assert_int_equal(attributes_set_times(&root, true, node, time, leave), 0);
	assert_int_equal(data_write(&user, node, false, 0, "x", &amount, &end), 0);
	assert_int_equal(node->stat.mode, S_IFREG | 0777);
	assert_int_equal(attributes_set_owner(&root, node, 70000, 80000), 0);
	assert_int_equal(
		attributes_set_owner(&user, node, 5, ATTRIBUTES_LEAVE), MASIX_E_PERMISSION);
	/* Through the disk and back. */
	node_release(node);
	if (world->image) {
		const char *why;

		assert_int_equal(data_sync_volume(world->volume), 0);
		volume_lock(world->volume);
		node_put(world->context.root);
		assert_int_equal(volume_shutdown(world->volume), 0);
		volume_unlock(world->volume);
		fake_forget();
		ext2_unmount(world->volume);
		assert_int_equal(ext2_mount(arena, &world->image->disk, "test", 1, fake_now,
					 &world->volume, &why),
			0);
		volume_lock(world->volume);
		assert_int_equal(
			node_get(world->volume, world->volume->root, &world->context.root), 0);
		volume_unlock(world->volume);
	}
	assert_int_equal(open_node(world, "f", MASIX_OPEN_READ, &node), 0);
	assert_int_equal(node->stat.uid, 70000);
	assert_int_equal(node->stat.gid, 80000);
	assert_int_equal(node->stat.atime, 1234567890);
	assert_int_equal(node->stat.size, 1);
	node_release(node);
	close_world(world);
}

/* Beyond what a memory object reaches, and across that border. */
static void test_far(void **state)
{
	struct world *world = *state;
	const uint64_t places[] = { FILE_MAPPED_MAX - 3000, 5000000000, 9000000000 };
	struct node *node;
	uint64_t end;
	size_t amount;

	open_world(world, 4096);
	assert_int_equal(open_node(world, "f", MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &node), 0);
	for (unsigned i = 0; i < 3; i++) {
		amount = 10000;
		memset(buffer, 'a' + (int)i, amount);
		assert_int_equal(
			data_write(&root, node, false, places[i], buffer, &amount, &end), 0);
		assert_int_equal(amount, 10000);
	}
	assert_int_equal(data_sync(node), 0);
	fake_forget();
	for (unsigned i = 0; i < 3; i++) {
		amount = 30000;
		assert_int_equal(data_read(node, places[i] - 10000, buffer, &amount), 0);
		assert_int_equal(amount, i == 2 ? 20000 : 30000);
		for (size_t j = 0; j < amount; j++)
			assert_int_equal(buffer[j], j < 10000 || j >= 20000 ? 0 : 'a' + i);
	}
	/* Cut far out, and grow again: zeros. */
	assert_int_equal(data_resize(&root, node, 5000000005), 0);
	assert_int_equal(data_resize(&root, node, 5000010000), 0);
	amount = 20000;
	assert_int_equal(data_read(node, 5000000000, buffer, &amount), 0);
	assert_int_equal(amount, 10000);
	for (size_t j = 0; j < amount; j++)
		assert_int_equal(buffer[j], j < 5 ? 'b' : 0);
	assert_int_equal(data_resize(&root, node, world->volume->size_max + 1), MASIX_E_TOO_BIG);
	node_release(node);
	close_world(world);
}

/* A disk that goes bad: errors, not crashes or hangs. */
static void test_bad_disk(void **state)
{
	struct world *world = *state;
	struct node *node;
	size_t amount = 50000;
	uint64_t end;

	if (!world->options)
		return;
	open_world(world, 4096);
	assert_int_equal(open_node(world, "f", MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, &node), 0);
	assert_int_equal(data_write(&root, node, false, 0, buffer, &amount, &end), 0);
	assert_int_equal(data_sync(node), 0);
	fake_forget();
	world->image->fail_reads = true;
	amount = 50000;
	assert_int_equal(data_read(node, 0, buffer, &amount), MASIX_E_IO);
	world->image->fail_reads = false;
	amount = 50000;
	assert_int_equal(data_read(node, 0, buffer, &amount), 0);
	node_release(node);
	close_world(world);
}

/* Things that are no clean ext2 file system. */
static void test_refused(void **state)
{
	struct image *image = image_make(2048, "-t ext2 -b 1024");
	struct volume *volume;
	const char *why = NULL;

	(void)state;
	arena = store_open();
	/* Not unmounted: only for reading. */
	image->bytes[1024 + 58] &= (unsigned char)~1u;
	assert_int_equal(ext2_mount(arena, &image->disk, "t", 1, fake_now, &volume, &why), 0);
	assert_true(volume->read_only);
	ext2_unmount(volume);
	image->disk.read_only = false;
	image->bytes[1024 + 58] |= 1;
	/* Group descriptors overwritten. */
	memset(image->bytes + 2048, 0xff, 1024);
	assert_int_not_equal(ext2_mount(arena, &image->disk, "t", 1, fake_now, &volume, &why), 0);
	assert_non_null(why);
	/* An unknown feature. */
	image->bytes[1024 + 96 + 3] = 0x40;
	assert_int_equal(ext2_mount(arena, &image->disk, "t", 1, fake_now, &volume, &why),
		MASIX_E_BAD_FORMAT);
	assert_string_equal(why, "it uses features that are not supported");
	memset(image->bytes, 0, image->disk.size);
	assert_int_equal(ext2_mount(arena, &image->disk, "t", 1, fake_now, &volume, &why),
		MASIX_E_BAD_FORMAT);
	assert_string_equal(why, "there is no ext2 file system on it");
	assert_int_equal(arena->in_use, 0);
	store_close();
	image_free(image);
}

#define FOR(name, world) cmocka_unit_test_prestate(test_##name, &(world))
#define ALL(world)                                                                                 \
	FOR(contents, world), FOR(names, world), FOR(listing, world), FOR(full, world),            \
		FOR(deleted, world), FOR(attributes, world), FOR(bad_disk, world), FOR(far, world)

int main(void)
{
	static struct world large_blocks = { .options = "-t ext2 -b 4096" },
			    small_blocks = { .options = "-t ext2 -b 1024 -I 128 -m 0" },
			    extents = { .options = "-t ext4 -b 4096 -O ^has_journal" }, memory;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		ALL(large_blocks),
		ALL(small_blocks),
		ALL(extents),
		ALL(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
