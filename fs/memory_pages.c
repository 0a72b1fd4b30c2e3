/* Where the memory file system has its pages: in regions that go back to the system when they are empty. */
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "memory_private.h"

/* A region lies at a multiple of its size from the start of the range.  Its first and last page cannot be used: the
 * kernel makes one object of neighbours that are alike, and gives back pages of an object only with all of it.
 * What is not in use stays reserved: the kernel puts memory that it hands out into any hole.  Taking the place of what is mapped is two
 * steps for the kernel, and between them there is one.  If it is filled, what came there is another's: the slot counts as
 * mapped and is left alone, until a next owner takes all that is not his.  If we die there, the next owner closes it. */
#define REGION_PAGES 64u
#define REGION_SIZE ((size_t)REGION_PAGES * PAGE_SIZE_)
#define HEAD 1u			   /* the page of struct memory_region */
#define ALL ((~0ull >> 1) & ~3ull) /* the pages that can be taken */

struct memory_region {
	struct memory_region *next, *previous; /* with pages left */
	uint64_t taken, dirty;		       /* a bit for each page; dirty: was taken before */
};

static char *start_of(const struct memory_volume *volume, unsigned slot)
{
	return volume->range.start + slot * REGION_SIZE;
}

static struct memory_region *region_of(const struct memory_volume *volume, unsigned slot)
{
	return (struct memory_region *)(start_of(volume, slot) + (size_t)HEAD * PAGE_SIZE_);
}

static unsigned slot_of(const struct memory_volume *volume, const void *inside)
{
	return (unsigned)((size_t)((const char *)inside - volume->range.start) / REGION_SIZE);
}

static void enter(struct memory_volume *volume, struct memory_region *region)
{
	region->previous = NULL;
	region->next = volume->regions;
	if (region->next)
		region->next->previous = region;
	volume->regions = region;
}

static void leave(struct memory_volume *volume, struct memory_region *region)
{
	*(region->previous ? &region->previous->next : &volume->regions) = region->next;
	if (region->next)
		region->next->previous = region->previous;
}

static bool map(struct memory_volume *volume, unsigned slot)
{
	const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	void *head = region_of(volume, slot);

	return mmap(head, REGION_SIZE - 2 * PAGE_SIZE_, PROT_READ | PROT_WRITE, flags, -1, 0) ==
	       head;
}

/* False: the place is another's now. */
static bool unmap(struct memory_volume *volume, unsigned slot)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	void *head = region_of(volume, slot);

	return mmap(head, REGION_SIZE - 2 * PAGE_SIZE_, PROT_NONE, flags, -1, 0) == head;
}

/* The next owner looks at so many. */
static bool use(struct memory_volume *volume, unsigned slot)
{
	if (slot >= volume->slots_used)
		volume->slots_used = slot + 1;
	atomic_signal_fence(memory_order_seq_cst);
	volume->mapped[slot] = true;
	return map(volume, slot);
}

static struct memory_region *make(struct memory_volume *volume)
{
	size_t room = (size_t)(volume->range.end - volume->range.start) / REGION_SIZE;
	unsigned slot = 0;

	while (slot < room && slot < MEMORY_SLOTS && (volume->mapped[slot] || !use(volume, slot)))
		slot++;
	return slot < room && slot < MEMORY_SLOTS ? region_of(volume, slot) : NULL;
}

void *memory_page_take(struct memory_volume *volume)
{
	struct memory_region *region = volume->regions;
	unsigned index;
	void *page;

	if (!region) {
		region = make(volume);
		if (!region)
			return NULL;
		enter(volume, region);
	}
	index = (unsigned)__builtin_ctzll(ALL & ~region->taken);
	page = start_of(volume, slot_of(volume, region)) + (size_t)index * PAGE_SIZE_;
	if (region->dirty >> index & 1)
		memset(page, 0, PAGE_SIZE_);
	region->taken |= 1ull << index;
	region->dirty |= 1ull << index;
	if (region->taken == ALL)
		leave(volume, region);
	return page;
}

static void give(void *owner, void *page)
{
	struct memory_volume *volume = owner;
	unsigned slot = slot_of(volume, page);
	struct memory_region *region = region_of(volume, slot);
	unsigned index = (unsigned)((size_t)((char *)page - start_of(volume, slot)) / PAGE_SIZE_);

	if (region->taken == ALL)
		enter(volume, region);
	region->taken &= ~(1ull << index);
	if (region->taken != 0)
		return;
	leave(volume, region);
	volume->mapped[slot] = !unmap(volume, slot);
}

void memory_page_give(struct memory_volume *volume, void *page)
{
	undo_later(volume->volume.undo, give, volume, page);
}

void memory_pages_forget(struct memory_volume *volume)
{
	memset(volume->mapped, 0, sizeof(volume->mapped));
	volume->regions = NULL;
}

bool memory_page_mark(struct memory_volume *volume, void *page)
{
	size_t offset = (uintptr_t)page - (uintptr_t)volume->range.start;
	unsigned slot = (unsigned)(offset / REGION_SIZE);
	unsigned index = (unsigned)(offset % REGION_SIZE / PAGE_SIZE_);
	struct memory_region *region;

	if (slot >= volume->slots_used || slot >= MEMORY_SLOTS || offset % PAGE_SIZE_ != 0 ||
		!(ALL >> index & 1))
		return false;
	region = region_of(volume, slot);
	if (!volume->mapped[slot])
		*region = (struct memory_region){ .dirty = ALL };
	volume->mapped[slot] = true;
	if (region->taken >> index & 1)
		return false;
	region->taken |= 1ull << index;
	return true;
}

void memory_pages_sweep(struct memory_volume *volume)
{
	for (unsigned slot = 0; slot < volume->slots_used && slot < MEMORY_SLOTS; slot++) {
		struct memory_region *region = region_of(volume, slot);

		if (!volume->mapped[slot])
			volume->mapped[slot] = !unmap(volume, slot);
		else if (region->taken != ALL)
			enter(volume, region);
	}
}
