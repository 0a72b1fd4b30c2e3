#ifndef UNIX_DEVPTS_H
#define UNIX_DEVPTS_H

#include <mach/mach_types.h>

/* A directory port for /dev/pts, whose entries are the pseudo-terminals that exist. */
kern_return_t devpts_root(mach_port_t *dir) __attribute__((warn_unused_result));

#endif
