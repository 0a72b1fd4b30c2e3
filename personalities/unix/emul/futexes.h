/* futex(2) of one process. */
#ifndef EMUL_FUTEXES_H
#define EMUL_FUTEXES_H

#include "emul.h"

/* Wake one waiter of a word of the program (thread exit). */
void futexes_wake(uint32_t *word);
/* Thread exit: mark the locks of its robust list as abandoned. */
void futexes_robust_exit(struct emul_thread *thread);
void futexes_fork_prepare(void);
void futexes_fork_parent(void);
void futexes_fork_child(void);

#endif
