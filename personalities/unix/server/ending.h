/* Ending tasks.  The kernel may not come back from that (stuck.h), so whoever ends another process
 * does not wait for it. */
#ifndef UNIX_ENDING_H
#define UNIX_ENDING_H

struct process;

/* The process is EXITING: read its times, end its task, make it a zombie.  At once, on this thread, if it
 * asked for it itself; else by another thread.  The caller holds a reference and no lock. */
void process_finish(struct process *p);

#endif
