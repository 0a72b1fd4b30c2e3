/* Calls of a process that wait for something to happen to processes: wait4 and waitid for its
 * children, vfork for a child's exec, a stopped process for SIGCONT.  Pure; table lock. */
#ifndef UNIX_WAIT_H
#define UNIX_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include <masix/types.h>

struct process;
struct process_table;

enum waiter_kind { WAITER_CHILD, WAITER_EXEC, WAITER_STOP };

struct wait_result {
	int error;
	int pid;
	int status;
	uint32_t uid;
	struct masix_usage usage;
	int signals; /* some wait for the caller */
};

struct waiter {
	struct waiter *next;
	enum waiter_kind kind;
	uint32_t token;
	uint32_t reply;		   /* send-once right, owned */
	int which, id, options;	   /* WAITER_CHILD as in process_wait; WAITER_EXEC: id */
	struct wait_result result; /* when it is in t->answers */
};

/* Look for a child that p's wait is about.  True: *result is the answer (perhaps an error, or pid
 * 0 with MASIX_WAIT_NOHANG).  False: it has to wait. */
bool wait_try(struct process_table *t, struct process *p, int which, int id, int options,
	struct wait_result *result);

/* vfork: has child `id` of p executed, or is it gone? */
bool wait_exec_done(struct process_table *t, struct process *p, int id);

/* Park a waiter (malloc), which belongs to the table from now on. */
void waiter_park(struct process *p, struct waiter *w);

/* Answer p's parked call with MASIX_E_INTERRUPTED.  False: none has this token. */
bool waiter_cancel(struct process_table *t, struct process *p, uint32_t token);

/* p cannot hear answers any more. */
void waiters_discard(struct process_table *t, struct process *p);

/* Something that p's parent may wait for: tell it (SIGCHLD) and answer its calls.
 * child_ended reaps the zombie if the parent wants none. */
void child_ended(struct process_table *t, struct process *p);
void child_stopped(struct process_table *t, struct process *p);
void child_continued(struct process_table *t, struct process *p);
void child_executed(struct process_table *t, struct process *p);

/* SIGCONT: answer its process_stop. */
void stop_waiter_wake(struct process_table *t, struct process *p);

#endif
