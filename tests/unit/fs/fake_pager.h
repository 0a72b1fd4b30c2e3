/* A stand-in for the kernel's cache of file pages: window.h and pager.h without Mach. */
#ifndef FS_TEST_FAKE_PAGER_H
#define FS_TEST_FAKE_PAGER_H

#include "volume.h"

/* Push one cached page in `chance` out, as the kernel does when memory is short. */
void fake_evict(unsigned chance);
/* Let go of deleted files: what pager_reap does in the server. */
void fake_reap(struct volume *volume);
/* Forget everything without writing: the machine was switched off. */
void fake_forget(void);
/* What a process that mapped the file sees; MASIX_E_IO beyond the end. */
int fake_touch(struct node *node, uint64_t offset, const void *from, size_t length);
unsigned fake_random(unsigned limit);
void fake_seed(unsigned seed);
/* A clock that goes on by a millisecond each time. */
int64_t fake_now(void);

#endif
