/* Where the memory file system has its pages: in regions that go back to the system when they are empty. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "memory_private.h"

/* A region lies at a multiple of its size, so that a page finds it.  Its first and last page cannot be touched: the
 * kernel makes one object of neighbours that are alike, and gives back pages of an object only with all of it. */
#define REGION_PAGES 64u
#define REGION_SIZE ((size_t)REGION_PAGES * PAGE_SIZE_)
#define HEAD 1u			   /* the page of struct memory_region */
#define ALL ((~0ull >> 1) & ~3ull) /* the pages that can be taken */

struct memory_region {
	struct memory_region *next, *previous; /* with pages left */
	uint64_t taken, dirty;		       /* a bit for each page; dirty: was taken before */
};

static char *start_of(const void *inside)
{
	return (char *)((uintptr_t)inside & ~(REGION_SIZE - 1));
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

static void unmap(char *from, char *to)
{
	/* Fails only for a bad range. */
	if (from < to)
		(void)munmap(from, (size_t)(to - from));
}

static struct memory_region *make(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *area = mmap(NULL, 2 * REGION_SIZE, PROT_NONE, flags, -1, 0), *start, *head;

	if (area == MAP_FAILED)
		return NULL;
	start = start_of(area + REGION_SIZE - 1);
	unmap(area, start);
	unmap(start + REGION_SIZE, area + 2 * REGION_SIZE);
	head = start + (size_t)HEAD * PAGE_SIZE_;
	if (mprotect(head, REGION_SIZE - 2 * PAGE_SIZE_, PROT_READ | PROT_WRITE) != 0) {
		unmap(start, start + REGION_SIZE);
		return NULL;
	}
	return (struct memory_region *)head;
}

void *memory_page_take(struct memory_volume *volume)
{
	struct memory_region *region = volume->regions;
	unsigned index;
	void *page;

	if (!region) {
		region = make();
		if (!region)
			return NULL;
		enter(volume, region);
	}
	index = (unsigned)__builtin_ctzll(ALL & ~region->taken);
	page = start_of(region) + (size_t)index * PAGE_SIZE_;
	if (region->dirty >> index & 1)
		memset(page, 0, PAGE_SIZE_);
	region->taken |= 1ull << index;
	region->dirty |= 1ull << index;
	if (region->taken == ALL)
		leave(volume, region);
	return page;
}

void memory_page_give(struct memory_volume *volume, void *page)
{
	char *start = start_of(page);
	struct memory_region *region = (void *)(start + (size_t)HEAD * PAGE_SIZE_);
	unsigned index = (unsigned)(((char *)page - start) / PAGE_SIZE_);

	if (region->taken == ALL)
		enter(volume, region);
	region->taken &= ~(1ull << index);
	if (region->taken != 0)
		return;
	leave(volume, region);
	unmap(start, start + REGION_SIZE);
}
