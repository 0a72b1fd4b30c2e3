/* Waiting until one of several files is ready. */
#ifndef EMUL_WAITING_H
#define EMUL_WAITING_H

#include "file.h"

#define WAITING_FOREVER (~0ull)

struct waiting {
	struct emul_file *file; /* a use of the caller's (file_get), or NULL: not looked at */
	uint32_t events;	/* MASIX_POLL_IN, MASIX_POLL_OUT */
	uint32_t ready;		/* out: MASIX_POLL_* that hold */
};

/* Wait until something in `items` is ready, `deadline` (emul_now_ns; 0: only look) has come or a signal
 * arrives.  The number of items with something ready, or -EMUL_RESTART_NOHAND, -ENOMEM.  Touches no
 * memory of the program. */
long waiting_wait(struct waiting *items, uint32_t count, uint64_t deadline);

/* Room for `count` items: `few` if they fit there (count <= few_count), else of the library's memory; NULL:
 * no memory. */
struct waiting *waiting_room(uint32_t count, struct waiting *few, uint32_t few_count);
/* Drop the files of all items and give the room back. */
void waiting_end(struct waiting *items, uint32_t count, const struct waiting *few);

#endif
