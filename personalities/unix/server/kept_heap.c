/* The kept heap: blocks of a few sizes, and runs of pages.  What is in use is told by single words, so that the heap is in
 * order after every instruction; lists of what is free are the task's own and made anew. */
#include <pthread.h>
#include <stdlib.h>

#include "kept_region.h"

#undef memset

#define CLASSES 7u
#define LEAST 32u /* size of class 0; each one is twice as large */
#define MAP_FREE 0u
#define MAP_SMALL 0x40000000u /* blocks of the class in the low bits */
#define MAP_RUN 0x80000000u   /* the first of so many pages */
#define MAP_OBJECT 0x20000000u
#define MAP_REST 0xc0000000u /* not the first */
#define MAP_KIND 0xc0000000u
#define MAP_COUNT 0x000fffffu
#define FEW 4u /* pages that stay mapped when they are free */

enum block_state { BLOCK_FREE, BLOCK_USED, BLOCK_OBJECT };

struct block {
	uint32_t state;
	struct block *next; /* while it is free */
	char bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below, and the map */
static struct block *free_blocks[CLASSES];
static uint32_t next_page[2]; /* where to look for free pages, in each part */

static uint32_t *page_map(void)
{
	return (uint32_t *)(KEPT_BASE + KEPT_MAP);
}

static uint32_t page_of(const void *address)
{
	return ((uintptr_t)address - KEPT_BASE) / KEPT_PAGE;
}

static char *address_of(uint32_t page)
{
	return (char *)KEPT_BASE + (size_t)page * KEPT_PAGE;
}

/* In which order others, who may look at any moment, see what was stored. */
static void barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

KEPT_RAW static void clear(char *to, size_t size)
{
	memset(to, 0, size);
}

/* --- Pages --- */

/* Free pages side by side from `from` up to `end`; 0: none. */
KEPT_RAW static uint32_t find_run(uint32_t from, uint32_t end, uint32_t count)
{
	const uint32_t *map = page_map();
	uint32_t found = 0;

	for (uint32_t page = from; page < end; page++) {
		found = map[page] == MAP_FREE ? found + 1 : 0;
		if (found == count)
			return page - count + 1;
	}
	return 0;
}

/* Lock held.  0: there is none. */
KEPT_RAW static uint32_t take_run(uint32_t count, bool large, uint32_t kind)
{
	const uint32_t start = (large ? KEPT_LARGE : KEPT_HEAP) / KEPT_PAGE;
	const uint32_t end = (large ? KEPT_SIZE : KEPT_LARGE) / KEPT_PAGE;
	uint32_t *map = page_map();
	uint32_t page = find_run(next_page[large] > start ? next_page[large] : start, end, count);

	if (page == 0)
		page = find_run(start, end, count);
	if (page == 0)
		return 0;
	next_page[large] = page + count;
	for (uint32_t i = 1; i < count; i++)
		map[page + i] = MAP_REST;
	barrier();
	map[page] = kind;
	return page;
}

/* Lock held. */
KEPT_RAW static void give_run(uint32_t page)
{
	const bool large = page >= KEPT_LARGE / KEPT_PAGE;
	uint32_t *map = page_map();
	uint32_t count = map[page] & MAP_COUNT;

	map[page] = MAP_FREE;
	barrier();
	for (uint32_t i = 1; i < count; i++)
		map[page + i] = MAP_FREE;
	if (page < next_page[large])
		next_page[large] = page;
}

static uint32_t pages_in(size_t size)
{
	return (size + KEPT_PAGE - 1) / KEPT_PAGE;
}

/* The successor gets these pages back. */
KEPT_RAW static void lose(uint32_t page, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		page_map()[page + i] = MAP_REST;
}

KEPT_RAW static void *allocate_run(size_t size, bool large, uint32_t flags)
{
	uint32_t count = pages_in(size), page;

	do {
		pthread_mutex_lock(&lock);
		page = take_run(count, large, MAP_RUN | flags | count);
		pthread_mutex_unlock(&lock);
		if (page == 0)
			return NULL;
		if (!large || pages_map(address_of(page), count * KEPT_PAGE))
			return address_of(page);
		lose(page, count);
	} while (true);
}

KEPT_RAW void *heap_allocate_pages(size_t size)
{
	char *run = allocate_run(size, true, 0);
	uint32_t *map = page_map();

	for (uint32_t i = pages_in(size); run != NULL && i-- > 0;)
		map[page_of(run) + i] = MAP_RUN | 1;
	return run;
}

/* The pages that the span touches. */
KEPT_RAW static void free_pages(const struct kept_span *span)
{
	uint32_t page = page_of(span->at);
	uint32_t end = page_of((char *)span->at + span->size - 1) + 1;

	if (!pages_reserve(address_of(page), (end - page) * KEPT_PAGE)) {
		lose(page, end - page);
		return;
	}
	pthread_mutex_lock(&lock);
	for (uint32_t i = page; i < end; i++)
		page_map()[i] = MAP_FREE;
	if (page < next_page[true])
		next_page[true] = page;
	pthread_mutex_unlock(&lock);
}

/* --- Blocks --- */

static size_t class_size(uint32_t class)
{
	return (size_t)LEAST << class;
}

static uint32_t class_for(size_t size)
{
	uint32_t class = 0;

	while (class < CLASSES && class_size(class) - sizeof(struct block) < size)
		class ++;
	return class;
}

/* Lock held. */
KEPT_RAW static void add_free(uint32_t class, struct block *block)
{
	block->next = free_blocks[class];
	free_blocks[class] = block;
}

/* Lock held.  Blocks of a fresh page: their states may be those of what was there before. */
KEPT_RAW static void add_page(uint32_t class)
{
	uint32_t page = take_run(1, false, MAP_REST);
	char *at = address_of(page);

	if (page == 0)
		return;
	for (size_t i = 0; i < KEPT_PAGE; i += class_size(class)) {
		((struct block *)(at + i))->state = BLOCK_FREE;
		add_free(class, (struct block *)(at + i));
	}
	barrier();
	page_map()[page] = MAP_SMALL | class;
}

KEPT_RAW static void *allocate_block(uint32_t class, bool is_object, bool zero)
{
	struct block *block;

	pthread_mutex_lock(&lock);
	if (free_blocks[class] == NULL)
		add_page(class);
	block = free_blocks[class];
	if (block != NULL)
		free_blocks[class] = block->next;
	pthread_mutex_unlock(&lock);
	if (block == NULL)
		return NULL;
	if (zero)
		clear(block->bytes, class_size(class) - sizeof(*block));
	barrier();
	block->state = is_object ? BLOCK_OBJECT : BLOCK_USED;
	return block->bytes;
}

void *heap_allocate(size_t size, bool is_object, bool zero)
{
	uint32_t class = class_for(size);

	if (class < CLASSES)
		return allocate_block(class, is_object, zero);

	bool large = pages_in(size) > FEW;
	void *run = allocate_run(size, large, is_object ? MAP_OBJECT : 0);

	if (run != NULL && zero && !large)
		clear(run, size);
	return run;
}

static struct block *block_of(void *bytes)
{
	return (struct block *)((char *)bytes - offsetof(struct block, bytes));
}

KEPT_RAW static void free_block(void *bytes)
{
	uint32_t page = page_of(bytes), entry = page_map()[page];
	struct block *block = block_of(bytes);

	/* A successor that died while it cleared up may have done it already. */
	if ((entry & MAP_KIND) == MAP_FREE ||
		((entry & MAP_KIND) == MAP_SMALL && block->state == BLOCK_FREE))
		return;
	if ((entry & MAP_KIND) == MAP_RUN && page >= KEPT_LARGE / KEPT_PAGE &&
		!pages_reserve(bytes, (entry & MAP_COUNT) * KEPT_PAGE)) {
		lose(page, entry & MAP_COUNT);
		return;
	}
	pthread_mutex_lock(&lock);
	if ((entry & MAP_KIND) == MAP_RUN) {
		give_run(page);
	} else {
		block->state = BLOCK_FREE;
		add_free(entry & MAP_COUNT, block);
	}
	pthread_mutex_unlock(&lock);
}

void heap_free(const struct kept_span *span)
{
	if (span->size > 0)
		free_pages(span);
	else
		free_block(span->at);
}

KEPT_RAW size_t heap_size_of(const void *bytes)
{
	uint32_t entry = page_map()[page_of(bytes)];

	return (entry & MAP_KIND) == MAP_RUN ? (size_t)(entry & MAP_COUNT) * KEPT_PAGE
					     : class_size(entry & MAP_COUNT) - sizeof(struct block);
}

/* --- After a death --- */

KEPT_RAW static void rebuild_page(uint32_t page)
{
	uint32_t class = page_map()[page] & MAP_COUNT;

	for (size_t i = 0; i < KEPT_PAGE; i += class_size(class)) {
		struct block *block = (struct block *)(address_of(page) + i);

		if (block->state == BLOCK_FREE)
			add_free(class, block);
	}
}

KEPT_RAW void heap_close_holes(void)
{
	const uint32_t *map = page_map();
	uint32_t end;

	for (uint32_t page = KEPT_LARGE / KEPT_PAGE; page < KEPT_PAGES; page = end) {
		end = page;
		while (end < KEPT_PAGES && (map[end] & MAP_KIND) != MAP_RUN)
			end++;
		if (end > page && !pages_reserve(address_of(page), (end - page) * KEPT_PAGE))
			abort();
		while (end < KEPT_PAGES && (map[end] & MAP_KIND) == MAP_RUN)
			end += map[end] & MAP_COUNT;
	}
}

KEPT_RAW void heap_rebuild(void)
{
	uint32_t *map = page_map();

	for (uint32_t page = KEPT_HEAP / KEPT_PAGE; page < KEPT_PAGES;) {
		uint32_t entry = map[page];

		if ((entry & MAP_KIND) == MAP_RUN) {
			page += entry & MAP_COUNT;
			continue;
		}
		if ((entry & MAP_KIND) == MAP_SMALL)
			rebuild_page(page);
		else
			map[page] = MAP_FREE; /* of a run that was being taken or given back */
		page++;
	}
}

KEPT_RAW void *kept_next_object(const void *object)
{
	const uint32_t *map = page_map();
	uint32_t page = object != NULL ? page_of(object) : KEPT_HEAP / KEPT_PAGE;
	size_t skip = 0; /* in the page */

	if (object != NULL && (map[page] & MAP_KIND) == MAP_RUN)
		page += map[page] & MAP_COUNT;
	else if (object != NULL)
		skip = (const char *)object - sizeof(struct block) - address_of(page) +
		       class_size(map[page] & MAP_COUNT);
	for (; page < KEPT_PAGES; page++, skip = 0) {
		uint32_t entry = map[page];

		if ((entry & MAP_KIND) == MAP_RUN && (entry & MAP_OBJECT) != 0)
			return address_of(page);
		if ((entry & MAP_KIND) != MAP_SMALL)
			continue;
		for (; skip < KEPT_PAGE; skip += class_size(entry & MAP_COUNT)) {
			struct block *block = (struct block *)(address_of(page) + skip);

			if (block->state == BLOCK_OBJECT)
				return block->bytes;
		}
	}
	return NULL;
}
