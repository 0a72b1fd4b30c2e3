/* The kernel's cache of file pages as the server's successor finds it: it does not die with the server. */
#ifndef TEST_KERNEL_CACHE_H
#define TEST_KERNEL_CACHE_H

#include "pager.h"

/* Before any child process. */
void cache_open(void);
void cache_clear(void);

#endif
