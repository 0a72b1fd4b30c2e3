/* A set of numbers kept as disjoint ranges in order.  Pure; the owner's lock guards it, and its undo log if it is to survive. */
#ifndef FS_RANGES_H
#define FS_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "checked.h"
#include "undo.h"

struct range {
	uint64_t start, end; /* [start, end) */
};

struct ranges {
	struct range *array;
	unsigned count, room;
	uint32_t own; /* the undo_serial that the array was allocated in */
};

/* An all-zero struct ranges is the empty set. */
void ranges_clear(struct undo *undo, struct ranges *set);

/* MASIX_E_LIMIT when memory is short; the set is then unchanged. */
int ranges_add(struct undo *undo, struct ranges *set, uint64_t start, uint64_t end) CHECKED;
int ranges_remove(struct undo *undo, struct ranges *set, uint64_t start, uint64_t end) CHECKED;

bool ranges_contain(const struct ranges *set, uint64_t number);

/* How many members the set has. */
uint64_t ranges_total(const struct ranges *set);

/* Check a set of the last owner, and mark what it has in the arena. */
bool ranges_recover(const struct ranges *set, struct arena *arena) CHECKED;

#endif
