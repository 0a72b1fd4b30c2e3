#include "ranges.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

void ranges_clear(struct undo *undo, struct ranges *set)
{
	if (!set->array)
		return;
	if (undo)
		UNDO_NOTE(undo, *set);
	undo_free(undo, set->array, set->room * sizeof(*set->array));
	memset(set, 0, sizeof(*set));
}

/* The first range whose end is at or beyond `number`. */
static unsigned find(const struct ranges *set, uint64_t number)
{
	unsigned low = 0, high = set->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (set->array[middle].end < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#define NOTED_MAX 16u /* ranges that are noted rather than that an array is made */

/* Room for one more, in an array that may be changed without notes. */
static int make_room(struct undo *undo, struct ranges *set)
{
	bool own = !undo || set->own == undo_serial(undo);
	unsigned room = set->room ? set->room : 4;
	struct range *array;

	if (set->count < set->room && own)
		return 0;
	if (set->count < set->room && set->count <= NOTED_MAX) {
		undo_note(undo, set->array, set->count * sizeof(*set->array));
		UNDO_NOTE(undo, *set);
		set->own = undo_serial(undo);
		return 0;
	}
	if (set->count == room)
		room *= 2;
	array = undo_alloc(undo, room * sizeof(*array));
	if (!array)
		return MASIX_E_LIMIT;
	if (set->count > 0)
		memcpy(array, set->array, set->count * sizeof(*array));
	if (undo)
		UNDO_NOTE(undo, *set);
	undo_free(undo, set->array, set->room * sizeof(*array));
	set->array = array;
	set->room = room;
	set->own = undo ? undo_serial(undo) : 0;
	return 0;
}

/* Replace the ranges [from, to) by the one `range`, or by none.  Room was made. */
static void replace(struct ranges *set, unsigned from, unsigned to, const struct range *range)
{
	unsigned added = range ? 1 : 0;

	memmove(set->array + from + added, set->array + to,
		(set->count - to) * sizeof(*set->array));
	if (range)
		set->array[from] = *range;
	set->count = set->count - (to - from) + added;
}

int ranges_add(struct undo *undo, struct ranges *set, uint64_t start, uint64_t end)
{
	struct range merged = { start, end };
	unsigned from, to;
	int error;

	if (start >= end)
		return 0;
	from = find(set, start);
	if (from < set->count && set->array[from].start <= start && set->array[from].end >= end)
		return 0;
	error = make_room(undo, set);
	if (error)
		return error;
	from = to = find(set, start);
	while (to < set->count && set->array[to].start <= end) {
		if (set->array[to].start < merged.start)
			merged.start = set->array[to].start;
		if (set->array[to].end > merged.end)
			merged.end = set->array[to].end;
		to++;
	}
	replace(set, from, to, &merged);
	return 0;
}

int ranges_remove(struct undo *undo, struct ranges *set, uint64_t start, uint64_t end)
{
	unsigned index;
	int error;

	if (start >= end || set->count == 0)
		return 0;
	index = find(set, start + 1);
	if (index == set->count || set->array[index].start >= end)
		return 0;
	/* Cutting a hole makes two of one. */
	error = make_room(undo, set);
	if (error)
		return error;
	index = find(set, start);
	while (index < set->count && set->array[index].start < end) {
		struct range old = set->array[index];
		struct range left = { old.start, start }, right = { end, old.end };

		if (old.start < start && old.end > end) {
			set->array[index] = left;
			replace(set, index + 1, index + 1, &right);
			return 0;
		}
		if (old.start < start && old.end > start)
			set->array[index++] = left;
		else if (old.end <= start)
			index++;
		else if (old.end > end)
			set->array[index++] = right;
		else
			replace(set, index, index + 1, NULL);
	}
	return 0;
}

bool ranges_contain(const struct ranges *set, uint64_t number)
{
	unsigned index = find(set, number + 1);

	return index < set->count && set->array[index].start <= number;
}

uint64_t ranges_total(const struct ranges *set)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < set->count; i++)
		total += set->array[i].end - set->array[i].start;
	return total;
}

bool ranges_recover(const struct ranges *set, struct arena *arena)
{
	if (!set->array)
		return set->count == 0;
	if (set->count > set->room || set->room > UINT32_MAX / sizeof(*set->array) ||
		!arena_mark(arena, set->array, set->room * sizeof(*set->array)))
		return false;
	for (unsigned i = 0; i < set->count; i++)
		if (set->array[i].start >= set->array[i].end ||
			(i > 0 && set->array[i - 1].end >= set->array[i].start))
			return false;
	return true;
}
