/* Paths of the caller: nothing is reached but what its directory ports lead to. */
#ifndef DOS_WALK_H
#define DOS_WALK_H

#include <mach/mach_types.h>
#include <masix/types.h>

void walk_init(void);

/* dir_open, or dir_stat without `port`, which is the caller's. */
kern_return_t walk_open(const char *path, int flags, uint32_t mode, int *kind, mach_port_t *port,
	struct masix_stat *stat);
/* The directory that the last name of the path is in, and that name. */
kern_return_t walk_parent(const char *path, mach_port_t *port, const char **name);

#endif
