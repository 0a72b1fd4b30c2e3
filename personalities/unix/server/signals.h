/* Signals between processes: what waits for whom, and what the server does itself (SIGKILL,
 * stopping and continuing).  signal(7), kill(2), sigqueue(3).  Pure; table lock. */
#ifndef UNIX_SIGNALS_H
#define UNIX_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include <masix/types.h>

struct process;
struct process_table;

#define SIGNAL_MAX 64
#define SIGNAL_FIRST_REALTIME 32
#define SIGNAL_BIT(signal) ((uint64_t)1 << ((signal)-1))
#define SIGNAL_QUEUE_PROCESS 256 /* realtime signals waiting for one process */
#define SIGNAL_QUEUE_ALL 4096

/* kill(2): pid as there, signal 0 only checks.  info->code and ->value come from the sender,
 * ->pid and ->uid are filled in here.  MASIX_E_NO_PROCESS, MASIX_E_PERMISSION, MASIX_E_INVALID,
 * MASIX_E_WOULD_BLOCK (the queue is full). */
int signal_kill(struct process_table *t, struct process *from, int pid, int signal,
	const struct masix_siginfo *info) __attribute__((warn_unused_result));

/* A signal that nobody is asked about (SIGCHLD, SIGHUP, the terminal's).  Drops what does not
 * fit: the system does not queue. */
void signal_post_from_system(
	struct process_table *t, struct process *p, int signal, const struct masix_siginfo *info);

/* The next waiting signal, lowest number first; 0 = none, and then info->pid is the parent's pid. */
int signal_take(struct process_table *t, struct process *p, struct masix_siginfo *info);

/* Which signals need not be posted; those that wait and are ignored now vanish. */
void signals_set_ignored(struct process_table *t, struct process *p, uint64_t ignored);

/* The default action of a stop signal that p took.  True: it is stopped now; false: it goes on
 * (continued in between, or nobody could continue its group). */
bool signal_stop_self(struct process_table *t, struct process *p, int signal);

/* Forget all that waits for p. */
void signals_discard(struct process_table *t, struct process *p);

#endif
