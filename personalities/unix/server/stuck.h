/* Calls of the kernel that may not come back: about a task (the kernel waits for its threads, and one that waits in
 * the kernel for a pager of its own making may never let go), or for memory with such a pager. */
#ifndef UNIX_STUCK_H
#define UNIX_STUCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Threads that do the same work: while one of them is stuck there is another in its place. */
struct stuck_crew {
	bool (*add)(void); /* start one more; takes no lock */
	unsigned most;	   /* replacements at a time */

	/* Of stuck.c: */
	unsigned replaced;
	atomic_uint surplus; /* threads that are one too many since theirs came back */
};

/* Around such a call, on the stack of the thread that makes it. */
struct stuck_call {
	struct stuck_call *next;
	struct stuck_crew *crew;
	int pid;	/* 0: nobody knows whose memory it is */
	uint32_t uid;	/* of the process */
	uint64_t since; /* monotonic ns */
	bool overdue, replaced;
};

void stuck_begin(struct stuck_call *call, int pid, uint32_t uid, struct stuck_crew *crew);
void stuck_end(struct stuck_call *call);

/* Does this user hold as many threads already as one may?  Then a call for him that could get stuck is refused. */
bool stuck_too_many(uint32_t uid);

/* How many of the crew are stuck and replaced. */
unsigned stuck_replaced(struct stuck_crew *crew);

/* Asked by a thread of the crew between two pieces of work; true: it has to end. */
bool stuck_is_surplus(struct stuck_crew *crew);

/* Report the calls that take too long, and replace their threads; called now and then. */
void stuck_replace(void);

#endif
