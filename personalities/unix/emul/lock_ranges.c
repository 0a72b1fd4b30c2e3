/* Arithmetic of locked ranges. */
#include <asm/errno.h>
#include <string.h>

#include "lock_ranges.h"

static int add(struct lock_ranges *ranges, int64_t start, int64_t end, enum lock_type type)
{
	if (ranges->count == LOCK_RANGES_MAX)
		return -ENOLCK;
	ranges->range[ranges->count++] = (struct lock_range){start, end, type};
	return 0;
}

int lock_ranges_set(struct lock_ranges *ranges, int64_t start, int64_t end, enum lock_type type)
{
	struct lock_ranges result = {.count = 0};
	int error = 0;

	for (uint32_t i = 0; i < ranges->count && error == 0; i++) {
		const struct lock_range *old = &ranges->range[i];

		if (old->end < start || old->start > end) {
			/* A neighbour of the same type becomes one with the new range. */
			if (old->type == type && start > INT64_MIN && old->end == start - 1)
				start = old->start;
			else if (old->type == type && end < INT64_MAX && old->start == end + 1)
				end = old->end;
			else
				error = add(&result, old->start, old->end, old->type);
			continue;
		}
		if (old->start < start)
			error = add(&result, old->start, start - 1, old->type);
		if (error == 0 && old->end > end)
			error = add(&result, end + 1, old->end, old->type);
	}
	if (error == 0 && type != LOCK_TYPE_NONE)
		error = add(&result, start, end, type);
	if (error == 0)
		memcpy(ranges, &result, sizeof result);
	return error;
}

enum lock_type lock_ranges_strongest(const struct lock_ranges *ranges)
{
	enum lock_type strongest = LOCK_TYPE_NONE;

	for (uint32_t i = 0; i < ranges->count; i++)
		if (ranges->range[i].type > strongest)
			strongest = ranges->range[i].type;
	return strongest;
}
