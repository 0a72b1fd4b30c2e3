/* The service thread of a process: exceptions, signals from the Unix server, timers. */
#ifndef EMUL_SERVICE_H
#define EMUL_SERVICE_H

#include "emul.h"

/* The Unix server's exception port, for faults of the service thread itself. */
#define EMUL_PORT_FAULT 0x1006

/* Create the service thread and its port and tell the Unix server (process_started), which
 * fills emul_process.pid and ppid.  In process 1 and in each fork's child. */
kern_return_t service_start(void) __attribute__((warn_unused_result));

/* Everything that waits for this process at the Unix server. */
void service_take_signals(void);
/* From one to the other nobody takes any: they stay with the Unix server.  Not while user memory is touched. */
void service_hold_signals(void);
void service_release_signals(void);
/* The service thread shall do so. */
void service_take_later(void);

/* Make it look at nudge flags and timers. */
void service_wake(void);

/* The user registers of a stopped thread. */
kern_return_t service_get_state(mach_port_t thread, struct emul_state *state)
	__attribute__((warn_unused_result));

#endif
