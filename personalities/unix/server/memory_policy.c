#include "memory_policy.h"

/* The kernel stops unprivileged allocation, everywhere, when the free pages of one zone of memory fall below
 * 5 %, and goes on when it has 10 % again; each zone keeps at least 1000.  Below 6 % it writes file pages back. It
 * takes pages from the upper zone first, so that the lower one, of 16 MiB, may be free and of no use to
 * anybody.  What a process can touch in two clock ticks comes on top. */
#define KERNEL_PART 10
#define KERNEL_LEAST 1000
#define LOWER_ZONE 4096
#define UPPER_PART 16
#define TOUCHED_PER_MS 60 /* pages; a zero-fill fault takes 18 us */
#define TICK_MS 10
#define PAUSE_MAX_MS 500
#define LITTLE 8
#define LIKE 4 /* one that has less by this part of it is as large as the largest */

struct memory_policy memory_policy(uint32_t total)
{
	struct memory_policy policy;

	policy.reserve = total / KERNEL_PART + KERNEL_LEAST;
	if (policy.reserve < LOWER_ZONE + total / UPPER_PART)
		policy.reserve = LOWER_ZONE + total / UPPER_PART;
	policy.critical = policy.reserve + 2 * TICK_MS * TOUCHED_PER_MS;
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

uint32_t memory_cached(uint32_t counted, uint32_t pageable)
{
	return counted < pageable ? counted : pageable;
}

static bool is_first_of_user(const struct memory_use *uses, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (!uses[k].ends && uses[k].uid == uses[i].uid)
			return false;
	return true;
}

static uint64_t weight_of_user(const struct memory_use *uses, unsigned count, uint32_t uid)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < count; k++)
		if (!uses[k].ends && uses[k].uid == uid)
			sum += uses[k].pages;
	return uid == 0 ? sum / 2 : sum;
}

int memory_victim(const struct memory_use *uses, unsigned count)
{
	uint64_t most = 0;
	uint32_t uid = 0, largest = 0;
	int victim = -1;

	for (unsigned i = 0; i < count; i++) {
		if (uses[i].ends || !is_first_of_user(uses, i))
			continue;
		uint64_t weight = weight_of_user(uses, count, uses[i].uid);

		if (weight > most) {
			most = weight;
			uid = uses[i].uid;
		}
	}
	for (unsigned i = 0; i < count; i++)
		if (!uses[i].ends && uses[i].uid == uid && uses[i].pages > largest)
			largest = uses[i].pages;
	for (unsigned i = 0; i < count; i++)
		if (!uses[i].ends && uses[i].uid == uid && uses[i].pages > 0 &&
			uses[i].pages >= largest - largest / LIKE)
			victim = (int)i;
	return victim;
}

bool memory_comes_back(
	const struct memory_policy *policy, uint32_t available, uint64_t coming, uint32_t pages)
{
	if (available + coming < policy->critical)
		return false;
	/* Soon too late: only one that has next to nothing is left alone. */
	return available >= policy->reserve || pages < coming / LITTLE;
}
