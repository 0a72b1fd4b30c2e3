#include "arena.h"

#include <string.h>

#include "error.h"

#define MCB_MORE 'M'
#define MCB_LAST 'Z'

static uint8_t *mcb(const struct arena *a, uint16_t at)
{
	return a->memory + ((uint32_t)at << 4);
}

static uint16_t owner_of(const uint8_t *m)
{
	return get16(m + 1);
}

static uint16_t size_of(const uint8_t *m)
{
	return get16(m + 3);
}

static void write_mcb(uint8_t *m, uint8_t type, uint16_t owner, uint16_t size)
{
	m[0] = type;
	put16(m + 1, owner);
	put16(m + 3, size);
}

/* A program can write over the chain: each step is checked before it is taken. */
static bool is_sound(const struct arena *a, uint16_t at)
{
	const uint8_t *m = mcb(a, at);
	uint32_t end = (uint32_t)at + 1 + size_of(m);

	return m[0] == MCB_LAST ? end == a->end : m[0] == MCB_MORE && end < a->end;
}

/* The MCB behind a sound one; 0: it was the last. */
static uint16_t next_of(const struct arena *a, uint16_t at)
{
	const uint8_t *m = mcb(a, at);

	return m[0] == MCB_MORE ? (uint16_t)(at + 1 + size_of(m)) : 0;
}

/* Join each run of free blocks; DOS_E_ARENA if the chain is damaged. */
static int join_free(const struct arena *a)
{
	uint16_t at = a->first, next;

	for (;; at = next) {
		if (!is_sound(a, at))
			return DOS_E_ARENA;
		next = next_of(a, at);
		while (next && !owner_of(mcb(a, at)) && is_sound(a, next) &&
			!owner_of(mcb(a, next))) {
			write_mcb(mcb(a, at), mcb(a, next)[0], 0,
				(uint16_t)(size_of(mcb(a, at)) + 1 + size_of(mcb(a, next))));
			next = next_of(a, at);
		}
		if (!next)
			return DOS_OK;
	}
}

/* The MCB of the block at `segment`; 0: there is none. */
static uint16_t find(const struct arena *a, uint16_t segment)
{
	uint16_t at = a->first;

	while (at && is_sound(a, at)) {
		if (at + 1 == segment)
			return at;
		at = next_of(a, at);
	}
	return 0;
}

/* Cut the block so that it has `size` paragraphs; what is left over is free. */
static void cut(const struct arena *a, uint16_t at, uint16_t size)
{
	uint8_t *m = mcb(a, at);
	uint16_t left = (uint16_t)(size_of(m) - size);

	if (!left)
		return;
	write_mcb(mcb(a, (uint16_t)(at + 1 + size)), m[0], 0, (uint16_t)(left - 1));
	write_mcb(m, MCB_MORE, owner_of(m), size);
}

void arena_init(struct arena *a, uint8_t *memory, uint16_t first, uint16_t end)
{
	a->memory = memory;
	a->first = first;
	a->end = end;
	a->strategy = 0;
	memset(mcb(a, first), 0, 16);
	write_mcb(mcb(a, first), MCB_LAST, 0, (uint16_t)(end - first - 1));
}

/* The free block that the strategy chooses; 0: none is large enough. */
static uint16_t choose(const struct arena *a, uint16_t paragraphs, uint16_t *largest)
{
	uint16_t chosen = 0;

	*largest = 0;
	for (uint16_t at = a->first; at; at = next_of(a, at)) {
		uint16_t size = size_of(mcb(a, at));

		if (owner_of(mcb(a, at)))
			continue;
		if (size > *largest)
			*largest = size;
		if (size < paragraphs)
			continue;
		switch (a->strategy & 3) {
		case 0:
			chosen = chosen ? chosen : at;
			break;
		case 1:
			chosen = chosen && size_of(mcb(a, chosen)) <= size ? chosen : at;
			break;
		default:
			chosen = at;
		}
	}
	return chosen;
}

int arena_allocate(
	struct arena *a, uint16_t owner, uint16_t paragraphs, uint16_t *segment, uint16_t *largest)
{
	int error = join_free(a);
	uint16_t at;

	if (error)
		return error;
	at = choose(a, paragraphs, largest);
	if (!at)
		return DOS_E_MEMORY;
	if ((a->strategy & 3) >= 2 && size_of(mcb(a, at)) > paragraphs) {
		/* The upper end of it. */
		uint16_t left = (uint16_t)(size_of(mcb(a, at)) - paragraphs - 1);

		cut(a, at, left);
		at = (uint16_t)(at + 1 + left);
	} else {
		cut(a, at, paragraphs);
	}
	write_mcb(mcb(a, at), mcb(a, at)[0], owner, paragraphs);
	memset(mcb(a, at) + 8, 0, 8);
	*segment = (uint16_t)(at + 1);
	return DOS_OK;
}

int arena_free(struct arena *a, uint16_t segment)
{
	uint16_t at = find(a, segment);
	int error = join_free(a);

	if (!at)
		return error ? error : DOS_E_BLOCK;
	write_mcb(mcb(a, at), mcb(a, at)[0], 0, size_of(mcb(a, at)));
	return join_free(a);
}

int arena_resize(struct arena *a, uint16_t segment, uint16_t paragraphs, uint16_t *largest)
{
	int error = join_free(a);
	uint16_t at = find(a, segment), next, size;

	if (error)
		return error;
	if (!at || !owner_of(mcb(a, at)))
		return DOS_E_BLOCK;
	size = size_of(mcb(a, at));
	next = next_of(a, at);
	if (paragraphs > size && next && !owner_of(mcb(a, next))) {
		uint8_t type = mcb(a, next)[0];

		size = (uint16_t)(size + 1 + size_of(mcb(a, next)));
		write_mcb(mcb(a, at), type, owner_of(mcb(a, at)), size);
	}
	/* As DOS does: it grows as far as it can, and the answer is still no. */
	*largest = size;
	if (paragraphs > size)
		return DOS_E_MEMORY;
	cut(a, at, paragraphs);
	return join_free(a);
}

int arena_free_all(struct arena *a, uint16_t owner)
{
	for (uint16_t at = a->first; at; at = next_of(a, at)) {
		if (!is_sound(a, at))
			return DOS_E_ARENA;
		if (owner_of(mcb(a, at)) == owner)
			write_mcb(mcb(a, at), mcb(a, at)[0], 0, size_of(mcb(a, at)));
	}
	return join_free(a);
}

int arena_set_owner(struct arena *a, uint16_t segment, uint16_t owner, const char *name)
{
	uint16_t at = find(a, segment);

	if (!at)
		return DOS_E_BLOCK;
	write_mcb(mcb(a, at), mcb(a, at)[0], owner, size_of(mcb(a, at)));
	if (name) {
		memset(mcb(a, at) + 8, 0, 8);
		for (unsigned i = 0; i < 8 && name[i]; i++)
			mcb(a, at)[8 + i] = (uint8_t)name[i];
	}
	return DOS_OK;
}

uint16_t arena_size(const struct arena *a, uint16_t segment)
{
	uint16_t at = find(a, segment);

	return at ? size_of(mcb(a, at)) : 0;
}
