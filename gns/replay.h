/* Which of the last 8192 counters of a session of datagrams have been seen (the ring of RFC 6479).  Pure. */
#ifndef GNS_REPLAY_H
#define GNS_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_WINDOW 8192
/* Greater counters are never used: nothing wraps around. */
#define REPLAY_LIMIT (UINT64_MAX - REPLAY_WINDOW)
/* One word more than the window, which is cleared when the window enters it. */
#define REPLAY_WORDS (REPLAY_WINDOW / 64 + 1)

struct replay {	       /* all zero = nothing seen */
	uint64_t next; /* the greatest seen, plus 1 */
	uint64_t words[REPLAY_WORDS];
};

/* Is it new?  Nothing is changed: whoever sent it may be nobody. */
bool replay_is_new(const struct replay *replay, uint64_t counter);

/* It was authentic.  False: it is not new. */
bool replay_accept(struct replay *replay, uint64_t counter);

#endif
