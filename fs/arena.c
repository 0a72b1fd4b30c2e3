#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#define MARK_BYTES (ARENA_PAGE / 32 / 8) /* of a page: a bit for each of the smallest objects */

/* What a page is for: nothing, objects of a class (its number + 1), or a large object. */
enum { FREE = 0, LARGE = 0x40, LARGE_TAIL = 0x41 };

static const uint16_t sizes[ARENA_CLASSES] = { 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024,
	2048 };

struct arena_free {
	struct arena_free *next;
};

int arena_open(struct arena *arena, void *start, size_t size)
{
	memset(arena, 0, sizeof(*arena));
	arena->start = start;
	arena->pages = size / ARENA_PAGE;
	arena->map = calloc(arena->pages, 1);
	if (!arena->map)
		return MASIX_E_LIMIT;
	(void)pthread_mutex_init(&arena->lock, NULL);
	return 0;
}

void arena_close(struct arena *arena)
{
	pthread_mutex_destroy(&arena->lock);
	free(arena->map);
}

/* The class of each size, in steps of 16 bytes. */
static const uint8_t classes[] = { 0, 0, 0, 1, 2, 3, 3, 4, 4, [9 ... 12] = 5, [13 ... 16] = 6,
	[17 ... 24] = 7, [25 ... 32] = 8, [33 ... 64] = 9, [65 ... 128] = 10 };

static unsigned class_of(size_t size)
{
	size_t step = (size + 15) / 16;

	return step < sizeof(classes) ? classes[step] : ARENA_CLASSES;
}

static size_t pages_of(size_t size)
{
	return (size + ARENA_PAGE - 1) / ARENA_PAGE;
}

/* What an object of this size takes. */
static size_t room_of(size_t size)
{
	unsigned class = class_of(size);

	return class < ARENA_CLASSES ? sizes[class] : pages_of(size) * ARENA_PAGE;
}

/* `count` free pages side by side; *fresh: they were never used. */
static char *take_pages(struct arena *arena, size_t count, bool *fresh)
{
	size_t page, run = 0;

	while (arena->hint < arena->top && arena->map[arena->hint] != FREE)
		arena->hint++;
	for (page = arena->hint; page < arena->top && run < count; page++)
		run = arena->map[page] == FREE ? run + 1 : 0;
	*fresh = run < count;
	if (*fresh) {
		/* What is new lies behind the rest. */
		if (arena->pages - arena->top < count)
			return NULL;
		page = arena->top + count;
		arena->top = page;
	}
	page -= count;
	return arena->start + page * ARENA_PAGE;
}

static size_t page_of(const struct arena *arena, const void *object)
{
	return (size_t)((const char *)object - arena->start) / ARENA_PAGE;
}

static void set_large(struct arena *arena, size_t page, size_t count)
{
	memset(arena->map + page, LARGE_TAIL, count);
	arena->map[page] = LARGE;
}

static void push(struct arena *arena, unsigned class, void *object)
{
	struct arena_free *entry = object;

	entry->next = arena->lists[class];
	arena->lists[class] = entry;
}

/* A page more for the class. */
static bool extend(struct arena *arena, unsigned class)
{
	bool fresh;
	char *page = take_pages(arena, 1, &fresh);

	if (!page)
		return false;
	arena->map[page_of(arena, page)] = (unsigned char)(class + 1);
	for (unsigned at = ARENA_PAGE / sizes[class]; at-- > 0;)
		push(arena, class, page + at * sizes[class]);
	return true;
}

/* *zeros: so it is already. */
static void *take(struct arena *arena, size_t size, bool *zeros)
{
	unsigned class = class_of(size);
	void *object;

	*zeros = false;
	pthread_mutex_lock(&arena->lock);
	if (class == ARENA_CLASSES) {
		object = take_pages(arena, pages_of(size), zeros);
		if (object)
			set_large(arena, page_of(arena, object), pages_of(size));
		*zeros = *zeros && !arena->used_before;
	} else {
		object = arena->lists[class] || extend(arena, class) ? arena->lists[class] : NULL;
		if (object)
			arena->lists[class] = arena->lists[class]->next;
	}
	if (object)
		arena->in_use += room_of(size);
	pthread_mutex_unlock(&arena->lock);
	return object;
}

void *arena_take(struct arena *arena, size_t size)
{
	bool zeros;

	return take(arena, size, &zeros);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	bool zeros;
	void *object = take(arena, size, &zeros);

	return !object || zeros ? object : memset(object, 0, size);
}

void arena_free(struct arena *arena, void *object, size_t size)
{
	unsigned class = class_of(size);
	size_t page;

	if (!object)
		return;
	page = page_of(arena, object);
	pthread_mutex_lock(&arena->lock);
	arena->in_use -= room_of(size);
	if (class < ARENA_CLASSES) {
		push(arena, class, object);
	} else {
		memset(arena->map + page, FREE, pages_of(size));
		if (page < arena->hint)
			arena->hint = page;
	}
	pthread_mutex_unlock(&arena->lock);
}

static bool mark_small(struct arena *arena, size_t page, size_t inside, unsigned class)
{
	unsigned index = (unsigned)(inside / sizes[class]);
	unsigned char *bits = arena->marks + page * MARK_BYTES + index / 8;

	if (arena->map[page] != FREE && arena->map[page] != class + 1)
		return false;
	if (inside % sizes[class] != 0 || inside + sizes[class] > ARENA_PAGE ||
		(*bits >> index % 8 & 1))
		return false;
	arena->map[page] = (unsigned char)(class + 1);
	*bits |= (unsigned char)(1u << index % 8);
	return true;
}

static bool mark_large(struct arena *arena, size_t page, size_t inside, size_t count)
{
	if (inside != 0 || count > arena->pages - page)
		return false;
	for (size_t i = 0; i < count; i++)
		if (arena->map[page + i] != FREE)
			return false;
	set_large(arena, page, count);
	return true;
}

bool arena_mark(struct arena *arena, const void *object, size_t size)
{
	uintptr_t offset = (uintptr_t)object - (uintptr_t)arena->start;
	size_t page = offset / ARENA_PAGE;
	unsigned class = class_of(size);

	if ((uintptr_t)object < (uintptr_t)arena->start || page >= arena->pages)
		return false;
	if (!arena->marks)
		arena->marks = calloc(arena->pages, MARK_BYTES);
	if (!arena->marks ||
		!(class < ARENA_CLASSES
				? mark_small(arena, page, offset % ARENA_PAGE, class)
				: mark_large(arena, page, offset % ARENA_PAGE, pages_of(size))))
		return false;
	arena->in_use += room_of(size);
	return true;
}

void arena_sweep(struct arena *arena)
{
	for (size_t page = 0; page < arena->pages; page++) {
		unsigned class = arena->map[page] - 1u;

		if (arena->map[page] == FREE)
			continue;
		arena->top = page + 1;
		if (arena->map[page] >= LARGE)
			continue;
		for (unsigned at = ARENA_PAGE / sizes[class]; at-- > 0;)
			if (!(arena->marks[page * MARK_BYTES + at / 8] >> at % 8 & 1))
				push(arena, class,
					arena->start + page * ARENA_PAGE + at * sizes[class]);
	}
	free(arena->marks);
	arena->marks = NULL;
	/* The last owner may have written anywhere. */
	arena->used_before = true;
}
