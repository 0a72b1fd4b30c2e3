/* /proc: the processes and the system as files.  proc(5). */
#ifndef UNIX_PROCFS_H
#define UNIX_PROCFS_H

#include <mach/mach_types.h>

/* A directory port for the root, to which `self` is process `pid`. */
kern_return_t procfs_root(int pid, mach_port_t *dir) __attribute__((warn_unused_result));

#endif
