/* Parts of root's power, as a process is told of them. */
#ifndef EMUL_CAPABILITIES_H
#define EMUL_CAPABILITIES_H

#include <stdint.h>

/* A new program, with the ids that the process has now. */
void capabilities_exec(void);

/* Before emul_process has them: real, effective and saved user. */
void capabilities_change(const uint32_t *new_ids);

/* PR_SET_KEEPCAPS, PR_GET_KEEPCAPS. */
long capabilities_keep(uint32_t value);
long capabilities_kept(void);

#endif
