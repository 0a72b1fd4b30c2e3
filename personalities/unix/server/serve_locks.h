/* Record locks as calls: what other files have to tell serve_locks.c.  The table lock is held. */
#ifndef UNIX_SERVE_LOCKS_H
#define UNIX_SERVE_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* End the waiting call of a process.  False: there is none. */
bool locks_cancel(int pid, uint32_t token);

/* The process goes on in another task: nobody is left to hear of its waiting calls. */
void locks_forget_waits(int pid);

/* The process has ended: its locks are free. */
void locks_forget(int pid);

/* At start-up. */
void locks_init(void);

/* Calls that have been decided: under the lock they become this thread's, which sends them without it. */
bool locks_have_answers(void);
void locks_take_answers(void);
void locks_send_answers(void);

#endif
