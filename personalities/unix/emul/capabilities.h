/* Parts of root's power, as a process is told of them. */
#ifndef EMUL_CAPABILITIES_H
#define EMUL_CAPABILITIES_H

#include <stdint.h>

/* A new program: user 0 has everything again. */
void capabilities_exec(void);

/* The effective user is 0 again. */
void capabilities_raised(void);

/* PR_SET_KEEPCAPS, PR_GET_KEEPCAPS: a flag; who has no id 0 left has no capabilities all the same. */
long capabilities_keep(uint32_t keep);
long capabilities_kept(void);

#endif
