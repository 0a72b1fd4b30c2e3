/* The memory file system's pages when the kernel fills a hole in them, or the server dies while there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory_private.h"
#include "store.h"

#define REGION (64u * PAGE_SIZE_)
#define IN_REGION 61u /* pages of a region that can be taken */
#define PAGES (4 * IN_REGION)
#define FILLED 0x77

/* What the one that dies tells. */
static struct world {
	struct memory_volume *memory;
	char *hole;
} * world;

static void *pages[PAGES];
static unsigned countdown; /* the hole in which it happens */

static int64_t now(void)
{
	return 0;
}

static void begin(void)
{
	struct arena *arena = store_open();
	struct volume *volume;

	memset(store_range.start, STORE_RESERVED, STORE_SIZE);
	assert_int_equal(memory_mount(arena, &store_range, "test", 1, 8u << 20, now, &volume), 0);
	world->memory = (struct memory_volume *)volume;
}

static void end(void)
{
	memory_unmount(&world->memory->volume);
	store_close();
}

static bool die(void *address, size_t size)
{
	(void)size;
	if (--countdown > 0)
		return false;
	world->hole = address;
	_exit(0);
}

static bool fill(void *address, size_t size)
{
	if (--countdown > 0)
		return false;
	world->hole = address;
	memset(address, FILLED, size);
	return true;
}

static void take(unsigned from, unsigned to)
{
	volume_lock(&world->memory->volume);
	for (unsigned i = from; i < to; i++) {
		pages[i] = memory_page_take(world->memory);
		assert_non_null(pages[i]);
		for (unsigned at = 0; at < PAGE_SIZE_; at++)
			assert_int_equal(((char *)pages[i])[at], 0);
		memset(pages[i], 1, PAGE_SIZE_);
	}
	volume_commit(&world->memory->volume);
	volume_unlock(&world->memory->volume);
}

static void give(unsigned from, unsigned to)
{
	volume_lock(&world->memory->volume);
	for (unsigned i = from; i < to; i++)
		memory_page_give(world->memory, pages[i]);
	volume_commit(&world->memory->volume);
	volume_unlock(&world->memory->volume);
}

static void use_all(void)
{
	take(0, PAGES);
	give(0, PAGES);
	take(0, 2 * IN_REGION);
}

static void live_until(unsigned when)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		begin();
		countdown = when;
		store_in_hole = die;
		use_all();
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal((unsigned char)*world->hole, STORE_HOLE);
}

/* No page belongs to a file, and so all are reserved again. */
static void a_death_leaves_no_hole(void **state)
{
	(void)state;
	begin();
	end();
	for (unsigned when = 1; when <= 10; when++) {
		live_until(when);

		struct arena *arena = store_find();

		assert_int_equal(memory_recover(&world->memory->volume, arena, "test", now), 0);
		arena_sweep(arena);
		for (char *at = store_range.start; at < store_range.end; at += REGION)
			assert_int_equal((unsigned char)at[PAGE_SIZE_], STORE_RESERVED);
		end();
	}
}

static void what_fills_a_hole_is_left_alone(void **state)
{
	(void)state;
	for (unsigned when = 1; when <= 10; when++) {
		begin();
		countdown = when;
		store_in_hole = fill;
		use_all();
		store_in_hole = NULL;
		give(0, 2 * IN_REGION);
		use_all();
		give(0, 2 * IN_REGION);
		for (unsigned at = 0; at < REGION - 2 * PAGE_SIZE_; at++)
			assert_int_equal(world->hole[at], FILLED);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_leaves_no_hole),
		cmocka_unit_test(what_fills_a_hole_is_left_alone),
	};

	world = mmap(
		NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return world == MAP_FAILED || cmocka_run_group_tests(tests, NULL, NULL);
}
