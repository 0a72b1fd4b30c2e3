/* The machine is switched off between any two writes to the disk: `e2fsck -p` must mend what is
 * there, without asking anyone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data.h"
#include "ext2.h"
#include "fake_pager.h"
#include "image.h"
#include "names.h"
#include "store.h"

#define NAMES 30

static const struct identity root = { 0 };
static struct arena *arena;

static void name_of(char *text, size_t size, unsigned i)
{
	snprintf(text, size, i % 3 ? "dir%u/file%u" : "file%u-%u", i % 3, i);
}

/* Something that changes a lot. */
static void work(struct volume *volume, struct context *context)
{
	static char data[60000];

	for (int round = 0; round < 800; round++) {
		char one[32], two[32];
		struct path path, other;
		struct found found = { 0 };
		size_t amount = 1 + fake_random(sizeof(data));
		uint64_t end;
		int error;

		name_of(one, sizeof(one), fake_random(NAMES));
		name_of(two, sizeof(two), fake_random(NAMES));
		assert_int_equal(path_init(&path, one, (unsigned)strlen(one)), 0);
		assert_int_equal(path_init(&other, two, (unsigned)strlen(two)), 0);
		switch (fake_random(7)) {
		case 0:
			error = names_unlink(context, context->root, &path, false);
			break;
		case 1:
			error = names_rename(context, context->root, &path, context, context->root,
				&other, true);
			break;
		case 2: {
			struct node_seed seed = { .mode = S_IFDIR | 0755 };

			snprintf(one, sizeof(one), "d%u", fake_random(5));
			assert_int_equal(path_init(&path, one, (unsigned)strlen(one)), 0);
			error = fake_random(2) ? names_make(context, context->root, &path, &seed)
					       : names_unlink(context, context->root, &path, true);
			break;
		}
		default:
			memset(data, round, amount);
			error = names_open(context, context->root, &path,
				MASIX_OPEN_CREATE | MASIX_OPEN_WRITE, 0600, &found);
			if (error)
				break;
			error = fake_random(5)
					? data_write(&root, found.node, fake_random(2),
						  fake_random(200000), data, &amount, &end)
					: data_resize(&root, found.node, fake_random(100000));
			node_release(found.node);
			break;
		}
		/* Many of these fail, as they should. */
		(void)error;
		fake_reap(volume);
		fake_evict(20);
		volume_lock(volume);
		if (round % 25 == 24)
			assert_int_equal(volume_flush(volume), 0);
		volume_unlock(volume);
	}
}

static void test_switched_off(void **state)
{
	struct image *image = image_make(4096, *state);
	unsigned char *before = malloc(image->disk.size), *after = malloc(image->disk.size);
	struct context context = { .who = root, .mounted = false };
	struct volume *volume;
	const char *why;
	unsigned done = 0, step;

	fake_seed(11);
	arena = store_open();
	memcpy(before, image->bytes, image->disk.size);
	image->record = true;
	assert_int_equal(ext2_mount(arena, &image->disk, "crash", 1, fake_now, &volume, &why), 0);
	volume_lock(volume);
	assert_int_equal(node_get(volume, volume->root, &context.root), 0);
	volume_unlock(volume);
	for (unsigned i = 1; i < 3; i++) {
		struct node_seed seed = { .mode = S_IFDIR | 0755 };
		char name[8];
		struct path path;

		snprintf(name, sizeof(name), "dir%u", i);
		assert_int_equal(path_init(&path, name, 4), 0);
		assert_int_equal(names_make(&context, context.root, &path, &seed), 0);
	}
	work(volume, &context);
	image->record = false;
	fake_forget();
	node_release(context.root);
	ext2_unmount(volume);
	assert_int_equal(arena->in_use, 0);
	store_close();

	step = image->log_count / 150 + 1;
	for (unsigned stop = 1; stop < image->log_count; stop += step) {
		int status;

		for (; done < stop; done++)
			memcpy(before + image->log[done].offset, image->log[done].data,
				image->log[done].length);
		memcpy(after, before, image->disk.size);
		status = image_check(after, image->disk.size, "-p", false);
		if (status > 1) {
			memcpy(after, before, image->disk.size);
			image_check(after, image->disk.size, "-fn", true);
			fail_msg("e2fsck -p gave up (%d) after write %u of %u", status, stop,
				image->log_count);
		}
		assert_int_equal(image_check(after, image->disk.size, "-fn", false), 0);
	}
	free(before);
	free(after);
	image_free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_switched_off, "-t ext2 -b 4096"),
		cmocka_unit_test_prestate(test_switched_off, "-t ext2 -b 1024"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
