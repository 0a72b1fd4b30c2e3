/* When a server that died starts again.  Pure. */
#ifndef ACS_RESTART_H
#define ACS_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#define RESTART_NS_PER_MS 1000000ull
#define RESTART_FIRST_MS 1000
#define RESTART_LAST_MS 30000
#define RESTART_FAILURES_MAX 8
#define RESTART_STEADY_MS 60000 /* up for so long: what was before is forgotten */

struct restart {
	unsigned failures; /* in a row */
	uint64_t up_since; /* monotonic ns; 0: it has not been up since the last start */
};

/* It has died at `now`: when to start it again, or UINT64_MAX when it has failed too often.  At once, or with
 * `backoff` 1 s later, then twice as long each time, at most 30 s. */
uint64_t restart_after_death(struct restart *restart, bool backoff, uint64_t now);
/* It was killed by order: when to start it again; that does not count. */
uint64_t restart_after_kill(struct restart *restart, bool backoff, uint64_t now);

/* The same when it was ended by order: that is no failure. */
uint64_t restart_after_kill(struct restart *restart, bool backoff, uint64_t now);

#endif
