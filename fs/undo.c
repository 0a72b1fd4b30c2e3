#include "undo.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#define ROOM (1u << 20)
#define LATER_KEPT 1024u
#define MAGIC 0x756e646fu

/* After the bytes that were there. */
struct entry {
	char *place;
	size_t size; /* rounded up in the log */
};

struct later {
	void (*function)(void *owner, void *object); /* NULL: of the arena */
	void *owner;
	void *object;
	size_t size;
};

struct undo {
	uint32_t magic;
	uint32_t serial;
	size_t used;
	bool full; /* something could not be noted */
	/* Not of the last owner: */
	struct arena *arena;
	struct later *later;
	unsigned later_count, later_room;
	char log[] __attribute__((aligned(sizeof(void *))));
};

#define SIZE (sizeof(struct undo) + ROOM)

struct undo *undo_create(struct arena *arena)
{
	struct undo *undo = arena_alloc(arena, SIZE);

	if (!undo)
		return NULL;
	undo->magic = MAGIC;
	undo->serial = 1;
	undo->arena = arena;
	return undo;
}

void undo_destroy(struct undo *undo)
{
	if (!undo)
		return;
	undo_commit(undo);
	free(undo->later);
	undo->magic = 0;
	arena_free(undo->arena, undo, SIZE);
}

static size_t rounded(size_t size)
{
	return (size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
}

static bool is_inside(const struct arena *arena, const char *place, size_t size)
{
	size_t length = arena->pages * ARENA_PAGE;
	uintptr_t offset = (uintptr_t)place - (uintptr_t)arena->start;

	return offset < length && size <= length - offset;
}

static bool roll_back(struct undo *undo, bool check)
{
	size_t used = undo->used;

	while (used > 0) {
		struct entry entry;

		if (used < sizeof(entry))
			return false;
		used -= sizeof(entry);
		memcpy(&entry, undo->log + used, sizeof(entry));
		if (entry.size > used || rounded(entry.size) > used ||
			!is_inside(undo->arena, entry.place, entry.size))
			return false;
		used -= rounded(entry.size);
		if (!check)
			memcpy(entry.place, undo->log + used, entry.size);
	}
	return true;
}

bool undo_recover(struct undo *undo, struct arena *arena)
{
	if (!arena_mark(arena, undo, SIZE) || undo->magic != MAGIC || undo->used > ROOM ||
		undo->full)
		return false;
	undo->arena = arena;
	undo->later = NULL;
	undo->later_count = undo->later_room = 0;
	/* If this one ends in the middle, the next one does it all again. */
	if (!roll_back(undo, true) || !roll_back(undo, false))
		return false;
	undo->used = 0;
	undo->serial++;
	return true;
}

void *undo_alloc(struct undo *undo, size_t size)
{
	return undo ? arena_alloc(undo->arena, size) : calloc(1, size);
}

void *undo_take(struct undo *undo, size_t size)
{
	return undo ? arena_take(undo->arena, size) : malloc(size);
}

static void add_later(struct undo *undo, struct later later)
{
	if (undo->later_count == undo->later_room) {
		unsigned room = undo->later_room ? undo->later_room * 2 : 64;
		struct later *array = realloc(undo->later, room * sizeof(*array));

		/* Lost until the next owner looks. */
		if (!array)
			return;
		undo->later = array;
		undo->later_room = room;
	}
	undo->later[undo->later_count++] = later;
}

void undo_free(struct undo *undo, void *object, size_t size)
{
	if (!undo)
		free(object);
	else if (object)
		add_later(undo, (struct later){ .object = object, .size = size });
}

void undo_later(
	struct undo *undo, void (*function)(void *owner, void *object), void *owner, void *object)
{
	add_later(undo, (struct later){ .function = function, .owner = owner, .object = object });
}

/* The order of the stores counts, for one who finds them half done. */
#define IN_ORDER() __asm__ volatile("" : : : "memory")

/* Most are words. */
static inline void copy(void *to, const void *from, size_t size)
{
	if (size == sizeof(void *))
		memcpy(to, from, sizeof(void *));
	else
		memcpy(to, from, size);
}

void undo_note(struct undo *undo, void *place, size_t size)
{
	struct entry entry = { place, size };
	size_t bytes = rounded(size);

	if (!undo)
		return;
	if (bytes + sizeof(entry) > ROOM - undo->used) {
		undo->full = true;
		return;
	}
	copy(undo->log + undo->used, place, size);
	*(struct entry *)(undo->log + undo->used + bytes) = entry;
	IN_ORDER();
	undo->used += bytes + sizeof(entry);
	IN_ORDER();
}

struct arena *undo_arena(const struct undo *undo)
{
	return undo->arena;
}

uint32_t undo_serial(const struct undo *undo)
{
	return undo->serial;
}

void undo_commit(struct undo *undo)
{
	if (!undo || (undo->used == 0 && undo->later_count == 0))
		return;
	IN_ORDER();
	undo->full = false;
	undo->used = 0;
	IN_ORDER();
	undo->serial++;
	while (undo->later_count > 0) {
		struct later later = undo->later[--undo->later_count];

		if (later.function)
			later.function(later.owner, later.object);
		else
			arena_free(undo->arena, later.object, later.size);
	}
	if (undo->later_room > LATER_KEPT) {
		free(undo->later);
		undo->later = NULL;
		undo->later_room = 0;
	}
}
