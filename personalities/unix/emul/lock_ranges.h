/* The byte ranges that a process has locked in one file.  Pure. */
#ifndef EMUL_LOCK_RANGES_H
#define EMUL_LOCK_RANGES_H

#include <stdint.h>

#define LOCK_RANGES_MAX 32

enum lock_type { LOCK_TYPE_NONE, LOCK_TYPE_READ, LOCK_TYPE_WRITE };

struct lock_range {
	int64_t start, end;	/* both included */
	enum lock_type type;
};

struct lock_ranges {
	uint32_t count;
	struct lock_range range[LOCK_RANGES_MAX];	/* apart from each other, in no order */
};

/* Make [start, end] of type `type` (NONE: unlocked), replacing what was there.  0, or -ENOLCK and
 * nothing changed: too many pieces. */
int lock_ranges_set(struct lock_ranges *ranges, int64_t start, int64_t end, enum lock_type type);
/* The strongest type among them. */
enum lock_type lock_ranges_strongest(const struct lock_ranges *ranges);

#endif
