/* Calls of the kernel about a task that may not come back: it waits there for the task's threads, and one
 * that waits in the kernel for a pager of its own making may never let go. */
#ifndef UNIX_STUCK_H
#define UNIX_STUCK_H

#include <stdbool.h>
#include <stdint.h>

/* Around such a call, on the stack of the thread that makes it. */
struct stuck_call {
	struct stuck_call *next;
	int pid;
	uint64_t since; /* monotonic ns */
	bool worker;	/* on a thread that should be serving */
	bool reported;
};

void stuck_begin(struct stuck_call *call, int pid, bool worker);
void stuck_end(struct stuck_call *call);

/* Report the calls that take too long, and add a worker for each worker among them; called now and
 * then. */
void workers_replace_stuck(void);

#endif
