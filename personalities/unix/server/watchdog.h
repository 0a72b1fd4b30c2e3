#ifndef UNIX_WATCHDOG_H
#define UNIX_WATCHDOG_H

#include <mach/kern_return.h>

/* Start the thread that keeps memory from running out: this kernel does not refuse
 * memory, it stops everybody who asks, for ever.  Needs the host's control port. */
kern_return_t watchdog_start(void) __attribute__((warn_unused_result));

#endif
