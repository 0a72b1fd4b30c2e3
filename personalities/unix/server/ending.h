/* Ending tasks.  The kernel may not come back from that (stuck.h), so whoever ends another process
 * does not wait for it. */
#ifndef UNIX_ENDING_H
#define UNIX_ENDING_H

#include <stdbool.h>

struct process;

/* The process is EXITING: read its times, end its task, make it a zombie.  At once, on this thread, if it
 * asked for it itself; else by another thread.  The caller holds a reference and no lock. */
void process_finish(struct process *p);

/* The first threads that end others, there before memory is short: a new thread may not get as far as asking for the
 * kernel's reserve.  False: no memory. */
bool ending_start(void) __attribute__((warn_unused_result));

#endif
