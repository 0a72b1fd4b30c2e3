/* When the watchdog has to act, and on whom.  Pure. */
#ifndef UNIX_MEMORY_POLICY_H
#define UNIX_MEMORY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* In pages. */
struct memory_policy {
	uint32_t critical; /* available below this: kill */
	uint32_t reserve;  /* available below this: the kernel's own is touched */
	uint32_t watch;	   /* available below this: look every clock tick, let only root fork */
};

/* What a process has. */
struct memory_use {
	uint32_t uid;
	uint32_t pages;
	bool ends;
};

/* `total` pages of memory. */
struct memory_policy memory_policy(uint32_t total);

/* How many pages of files there are.  The kernel tells its count in a call of its own, later than the others, and includes
 * pages that are only expected: `pageable` ones of all kinds, counted together with the free ones, are its bound. */
uint32_t memory_cached(uint32_t counted, uint32_t pageable);

/* How long to sleep, in ms, with so many pages available. */
unsigned memory_pause(const struct memory_policy *policy, uint32_t available);

/* Whom to kill, of `count` processes, oldest first: an index, or -1 for nobody that has memory.  The user whose processes have
 * most together loses one (root counts half); of that user's largest ones the newest, so that a family which
 * grows is cut from its leaves and the shell it came from stays. */
int memory_victim(const struct memory_use *uses, unsigned count);

/* Is what comes back from processes that end so much that `victim`, which has `pages`, should be left alone for a
 * while? */
bool memory_comes_back(
	const struct memory_policy *policy, uint32_t available, uint64_t coming, uint32_t pages);

#endif
