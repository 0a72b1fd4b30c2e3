#include "kept.h"

#include <masix/error.h>
#include <masix/server.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "handle.h"
#include "pager.h"

#define MAGIC 0x6b666c73u
#define ARENA_SIZE (128u << 20)
#define ROOT_SIZE 16384u
#define START ((char *)MASIX_KEEP_BASE)

_Static_assert(sizeof(struct kept) <= ROOT_SIZE, "it fits");

struct kept *kept = (struct kept *)MASIX_KEEP_BASE;
struct arena kept_arena;
const struct memory_range kept_range = { START + ARENA_SIZE, (char *)MASIX_KEEP_LIMIT };

/* Another build may have laid things out in another way; the same image always has this number. */
static uint32_t layout(void)
{
	return (uint32_t)(sizeof(struct kept) * 31 + sizeof(struct handle) * 37 +
			  sizeof(struct pager) * 41 + sizeof(struct context) * 43 +
			  sizeof(struct node) * 47 + sizeof(struct volume) * 53);
}

static void open_arena(void)
{
	if (arena_open(&kept_arena, START + ROOT_SIZE, ARENA_SIZE - ROOT_SIZE) != 0)
		masix_fatal("not enough memory");
}

/* The pages of files in memory are mapped one region at a time; until then the range is reserved. */
static void make_room(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

	if (mmap(kept_range.start, (size_t)(kept_range.end - kept_range.start), PROT_NONE, flags,
		    -1, 0) != kept_range.start)
		masix_fatal("the kept pages cannot be used");
}

void kept_open(bool *again)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
	kern_return_t result =
		masix_keep(MASIX_KEEP_BASE, MASIX_KEEP_LIMIT - MASIX_KEEP_BASE, again);

	if (result == MASIX_E_DENIED) {
		/* Its manifest lets nobody inherit: it works all the same. */
		*again = false;
		if (mmap(START, ARENA_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) != START)
			masix_fatal("not enough memory");
	} else if (result != KERN_SUCCESS) {
		masix_fatal("no pages can be kept: %s", masix_strerror(result));
	} else if (!*again) {
		make_room();
	}
	open_arena();
}

bool kept_is_sound(void)
{
	return kept->magic == MAGIC && kept->layout == layout() &&
	       kept->mount_count <= KEPT_MOUNTS && kept->worker_count <= KEPT_WORKERS;
}

void kept_begin(void)
{
	if (kept->magic != 0) {
		make_room();
		arena_close(&kept_arena);
		open_arena();
		kept_arena.used_before = true;
	}
	memset(kept, 0, sizeof(*kept));
	kept->layout = layout();
	kept->magic = MAGIC;
}

static void *add_worker(size_t size, bool of_pager)
{
	struct kept_worker *worker = &kept->workers[kept->worker_count];

	if (kept->worker_count == KEPT_WORKERS)
		return NULL;
	*worker = (struct kept_worker){
		.memory = arena_alloc(&kept_arena, size), .size = size, .of_pager = of_pager
	};
	if (!worker->memory)
		return NULL;
	kept->worker_count++;
	return worker->memory;
}

void *kept_worker_memory(size_t size)
{
	return add_worker(size, false);
}

void *kept_pager_memory(size_t size)
{
	return add_worker(size, true);
}

struct done *kept_done_of(const mach_msg_header_t *request)
{
	for (unsigned i = 0; i < kept->worker_count; i++) {
		struct kept_worker *worker = &kept->workers[i];

		if ((const char *)request >= (char *)worker->memory &&
			(const char *)request < (char *)worker->memory + worker->size)
			return &worker->done;
	}
	return NULL;
}
