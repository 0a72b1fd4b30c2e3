/* Exactly once: what the request that this thread serves has done.  Whoever dies after the commit but before the answer leaves it
 * to the next owner, who answers (revive.c).  A request that had not come so far is sent again.  Pure.
 *
 * Only for what gives another result when it is done again. */
#ifndef FS_DONE_H
#define FS_DONE_H

#include <stdint.h>

#include "undo.h"

enum done_what {
	DONE_NOTHING,
	DONE_PLAIN /* answered by a success alone */,
	DONE_CREATED,
	DONE_WRITTEN
};

struct done {
	uint32_t what;
	uint32_t written; /* DONE_WRITTEN: bytes */
	uint64_t number;  /* the position behind them; DONE_CREATED: the inode */
	/* Of an open, from its beginning on: */
	const void *directory; /* the handle */
	int flags;
};

/* Where this thread keeps it: in the arena; NULL: nobody asks. */
extern _Thread_local struct done *done_here;

/* In the critical section that does it. */
void done_note(struct undo *undo, enum done_what what, uint32_t written, uint64_t number);

#endif
