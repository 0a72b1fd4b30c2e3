/* The working directory and the root. */
#ifndef EMUL_CWD_H
#define EMUL_CWD_H

#include "file.h"

/* The absolute path of a directory as the process sees it, not terminated: the length, -ENOENT
 * (not below its root) or -ERANGE. */
long cwd_path_of(struct emul_file *directory, char *out, uint32_t size);

/* New credentials: `root` (a right that is consumed) is the root directory that acts with them; the
 * working directory is opened anew through it. */
void cwd_new_root(mach_port_t root);

#endif
