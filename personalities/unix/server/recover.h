/* The server goes on from what the one before left in the kept pages.  Locks are free, unfinished transactions undone.
 *
 * What threads of the dead one held is gone: references are counted anew.  Rights have the names that they had; those that
 * something in the kept pages names are claimed, the rest is destroyed. */
#ifndef UNIX_RECOVER_H
#define UNIX_RECOVER_H

#include <mach/mach_types.h>
#include <stdbool.h>

#include "server.h"

/* Before anything is served. */
void recover(void);
/* When everything is served again: what was to be done to processes. */
void recover_processes(void);

/* The name, if there is such a right, which the caller has from now on: a send right, or the right to answer a call.
 * Null: it has died. */
mach_port_t claim_send(mach_port_t name);
mach_port_t claim_reply(mach_port_t name);
/* The same for an answer of an outbox, which may have been sent. */
mach_port_t claim_unsent(mach_port_t name);

/* For recover.c, each where the objects are. */
void process_port_recover(struct process *p, enum recover_pass pass);
void processes_recover(void);
void processes_resume(void);
void waiters_send_unsent(void **box);
void fifos_recover(enum recover_pass pass);
void fifos_send_unsent(void **box);
void pipes_send_unsent(void **box);
void sockets_recover(enum recover_pass pass);
void sockets_resume(void);
void sockets_send_unsent(void **answers, void **dropped, void **gone);
void terminal_recover(struct terminal *terminal, enum recover_pass pass);
void terminals_send_unsent(void **box);
void terminal_resume(struct terminal *terminal);
void ptys_recover(enum recover_pass pass);
void ptys_resume(void);
void locks_recover(void);
void locks_send_unsent(void **box);
void counters_send_unsent(void **box);
void counters_resume(void);
void host_terminal_recover(void);
void host_terminal_resume(void);

#endif
