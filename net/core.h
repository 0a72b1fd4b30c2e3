/* The TCP/IP stack and everything that hangs on it belong to one lock.  What happens under it may end parked calls; they
 * are answered when the lock has been left. */
#ifndef NET_CORE_H
#define NET_CORE_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

struct call;

/* Sets the stack up and starts the thread of its timers. */
kern_return_t core_start(void) __attribute__((warn_unused_result));

void core_enter(void);
/* Delivers what was sent to the machine itself, then answers the calls that ended. */
void core_leave(void);

/* Under the lock: the call, which no list holds, has its result. */
void core_answer(struct call *call);

/* port.c */
void port_memory_init(void);

#endif
