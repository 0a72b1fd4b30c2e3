/* When the watchdog has to act.  Pure. */
#ifndef UNIX_MEMORY_POLICY_H
#define UNIX_MEMORY_POLICY_H

#include <stdint.h>

/* In pages. */
struct memory_policy {
	uint32_t critical; /* available below this: kill */
	uint32_t watch;	   /* available below this: look every clock tick */
};

/* `total` pages of memory. */
struct memory_policy memory_policy(uint32_t total);

/* How long to sleep, in ms, with so many pages available. */
unsigned memory_pause(const struct memory_policy *policy, uint32_t available);

#endif
