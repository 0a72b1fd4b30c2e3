/* The machine as a whole: stopping it, its memory. */
#ifndef UNIX_MACHINE_H
#define UNIX_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct memory_figures {
	uint32_t total, free, cached, active, inactive, wired; /* pages */
	uint64_t page_ins, page_outs, faults;
};

/* False: the kernel does not answer. */
bool machine_memory(struct memory_figures *figures);

/* How many tasks the kernel has.  False: it does not answer. */
bool machine_tasks(unsigned *count);

/* Running averages of the load, fixed point 1 << 16, over 1, 5 and 15 minutes. */
void machine_load(uint32_t load[3]);

/* End every process, write everything back, and stop (MASIX_HALT, MASIX_REBOOT).  No lock may be
 * held.  Returns only if another worker is stopping the machine already. */
void machine_stop(const char *why, int how);

/* Nothing can be started or found any more: a clean reboot without ACS. */
void machine_lost_acs(const char *why);

#endif
