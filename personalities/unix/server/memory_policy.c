#include "memory_policy.h"

/* The kernel stops unprivileged allocation in a zone of memory when its free pages fall
 * below 5 % and starts to write file pages back below 6 %, up to 10 %; each zone keeps at least 1000.
 * So 10 % and 1000 pages for a second zone must stay available, and what a process can touch
 * in two clock ticks. */
#define KERNEL_PART 10
#define KERNEL_LEAST 1000
#define TOUCHED_PER_MS 60 /* pages; a zero-fill fault takes 18 us */
#define TICK_MS 10
#define PAUSE_MAX_MS 500

struct memory_policy memory_policy(uint32_t total)
{
	struct memory_policy policy;

	policy.critical = total / KERNEL_PART + KERNEL_LEAST + 2 * TICK_MS * TOUCHED_PER_MS;
	policy.watch = policy.critical + 4 * TICK_MS * TOUCHED_PER_MS;
	return policy;
}

unsigned memory_pause(const struct memory_policy *policy, uint32_t available)
{
	if (available <= policy->watch)
		return TICK_MS;
	/* Half of the time in which the rest could be gone. */
	uint32_t pause = (available - policy->critical) / (2 * TOUCHED_PER_MS);

	return pause < TICK_MS ? TICK_MS : pause > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause;
}
