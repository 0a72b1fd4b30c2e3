/* Advisory locks: flock(2), and record locks of fcntl(2).
 *
 * The servers know whole-file locks of open objects only.  A process with record locks in a file
 * holds the whole file there as strongly as its strongest record: others may have to wait
 * longer than the ranges demand, never shorter.  F_GETLK cannot name the holder. */
#ifndef EMUL_LOCKS_H
#define EMUL_LOCKS_H

#include "file.h"

/* F_GETLK, F_SETLK, F_SETLKW (64 = 0: `lock` is a struct flock of the program) and their 64-bit forms
 * (struct flock64). */
long locks_fcntl(struct emul_file *file, uint32_t command, uint32_t lock);
/* A descriptor of `file` goes: this process's record locks on the same inode end. */
void locks_closed(struct emul_file *file);
/* The process ends: relatives may keep the files open, but not the locks. */
void locks_exit(void);
/* In fork's child: record locks are not inherited. */
void locks_fork_child(void);

#endif
