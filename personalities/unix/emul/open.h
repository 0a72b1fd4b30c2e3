/* Opening: from a path and O_* flags to a file. */
#ifndef EMUL_OPEN_H
#define EMUL_OPEN_H

#include "file.h"

/* Open as open(2) does; *file comes with a use for the caller.  0 or -errno. */
long open_file(int dirfd, const char *path, uint32_t flags, uint32_t mode, struct emul_file **file);

#endif
