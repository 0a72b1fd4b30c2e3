/* How often something happened at an object that is polled: for those who want to hear of it once (epoll's EPOLLET),
 * whatever holds.  Pure; the object's lock guards it. */
#ifndef MASIX_ACTIVITY_H
#define MASIX_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include <masix/types.h>

struct masix_activity {
	uint16_t came; /* something to read, or an end of that */
	uint16_t went; /* room to write, or an end of that */
};

static inline int masix_activity_events(int ready, int events)
{
	return ready & ((events & MASIX_POLL_EVENTS) | MASIX_POLL_ERR | MASIX_POLL_HUP);
}

static inline uint16_t masix_activity_count(const struct masix_activity *a, int events)
{
	return (events & (MASIX_POLL_IN | MASIX_POLL_RDHUP) ? a->came : 0) +
	       (events & MASIX_POLL_OUT ? a->went : 0);
}

/* Has a poll for `events` (of io_poll) nothing to hear when `ready` holds? */
static inline bool masix_activity_waits(const struct masix_activity *a, int ready, int events)
{
	return masix_activity_events(ready, events) == 0 ||
	       ((events & MASIX_POLL_COUNTED) &&
		       masix_activity_count(a, events) ==
			       (uint16_t)(events >> MASIX_POLL_COUNT_SHIFT));
}

/* Its answer. */
static inline int masix_activity_answer(const struct masix_activity *a, int ready, int events)
{
	int answer = masix_activity_events(ready, events);

	if (events & MASIX_POLL_COUNTED)
		answer |= MASIX_POLL_COUNTED | (int)((uint32_t)masix_activity_count(a, events)
						       << MASIX_POLL_COUNT_SHIFT);
	return answer;
}

#endif
