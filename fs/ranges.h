/* A set of numbers kept as disjoint ranges in order.  Pure; the owner's lock guards it. */
#ifndef FS_RANGES_H
#define FS_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "checked.h"

struct range {
	uint64_t start, end; /* [start, end) */
};

struct ranges {
	struct range *array;
	unsigned count, room;
};

/* An all-zero struct ranges is the empty set. */
void ranges_clear(struct ranges *set);

/* MASIX_E_LIMIT when memory is short; the set is then unchanged. */
int ranges_add(struct ranges *set, uint64_t start, uint64_t end) CHECKED;
int ranges_remove(struct ranges *set, uint64_t start, uint64_t end) CHECKED;

bool ranges_contain(const struct ranges *set, uint64_t number);

/* How many members the set has. */
uint64_t ranges_total(const struct ranges *set);

#endif
