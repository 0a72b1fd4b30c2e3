/* Random bytes without a message: a generator seeded from RDRAND, or from timing jitter where the processor
 * has none. */
#ifndef EMUL_RANDOM_H
#define EMUL_RANDOM_H

#include <stddef.h>

/* Fill library memory; never fails, never blocks. */
void random_bytes(void *to, size_t n);
/* In fork's child: its numbers must not be the parent's. */
void random_fork_child(void);

#endif
