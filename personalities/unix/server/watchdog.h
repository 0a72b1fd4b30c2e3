#ifndef UNIX_WATCHDOG_H
#define UNIX_WATCHDOG_H

#include <mach/kern_return.h>
#include <stdbool.h>

struct process;

/* Start the thread that keeps memory from running out: this kernel does not refuse
 * memory, it stops everybody who asks, for ever.  Needs the host's control port. */
kern_return_t watchdog_start(void) __attribute__((warn_unused_result));

/* The task of a process has ended. */
void memory_of_ended(const struct process *p);

/* So little is left that only root may start more. */
bool memory_is_short(void);

#endif
