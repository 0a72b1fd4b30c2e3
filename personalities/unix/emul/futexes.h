/* futex(2) of one process. */
#ifndef EMUL_FUTEXES_H
#define EMUL_FUTEXES_H

#include "emul.h"

/* Wake one waiter of a word of the program, in whatever process (thread exit). */
void futexes_wake(uint32_t *word);
/* The end of a thread, or of what it knows as its memory: the locks of its robust list are abandoned.  `alone`: nobody
 * else of this process can wait for them any more.  Bad pointers are harmless. */
void futexes_robust_exit(struct emul_thread *thread, int alone);
void futexes_fork_prepare(void);
void futexes_fork_parent(void);
void futexes_fork_child(void);

#endif
