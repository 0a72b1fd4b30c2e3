/* When a server that died starts again. */
#include "restart.h"

uint64_t restart_after_death(struct restart *restart, bool backoff, uint64_t now)
{
	uint64_t pause = RESTART_FIRST_MS;
	unsigned i;

	if (restart->up_since != 0 &&
		now - restart->up_since >= RESTART_STEADY_MS * RESTART_NS_PER_MS)
		restart->failures = 0;
	restart->up_since = 0;
	if (++restart->failures >= RESTART_FAILURES_MAX)
		return UINT64_MAX;
	if (!backoff)
		return now;
	for (i = 1; i < restart->failures && pause < RESTART_LAST_MS; i++)
		pause *= 2;
	if (pause > RESTART_LAST_MS)
		pause = RESTART_LAST_MS;
	return now + pause * RESTART_NS_PER_MS;
}

uint64_t restart_after_kill(struct restart *restart, bool backoff, uint64_t now)
{
	restart->up_since = 0;
	return now + (backoff ? RESTART_FIRST_MS * RESTART_NS_PER_MS : 0);
}
