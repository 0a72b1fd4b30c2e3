/* Advisory locks: flock(2), which belong to an open object and are its server's, and record locks of
 * fcntl(2), which belong to the process and are the Unix server's. */
#ifndef EMUL_LOCKS_H
#define EMUL_LOCKS_H

#include "file.h"

/* F_GETLK, F_SETLK, F_SETLKW (64 = 0: `lock` is a struct flock of the program) and their 64-bit forms
 * (struct flock64). */
long locks_fcntl(struct emul_file *file, uint32_t command, uint32_t lock);
/* A descriptor of `file` goes: this process's record locks on the same inode end. */
void locks_closed(struct emul_file *file);
/* In fork's child: record locks are not inherited. */
void locks_fork_child(void);

#endif
