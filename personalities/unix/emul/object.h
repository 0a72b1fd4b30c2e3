/* Doing something to the inode that a path or a descriptor names. */
#ifndef EMUL_OBJECT_H
#define EMUL_OBJECT_H

#include <mach/mach_types.h>
#include <stdint.h>

/* The request to the inode's object. */
typedef kern_return_t object_request(mach_port_t object, const void *context);

/* at_flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.  0 or -errno. */
long object_of_path(
	int dirfd, uint32_t path, uint32_t at_flags, object_request *request, const void *context);
/* O_PATH descriptors only if path_too. */
long object_of_descriptor(uint32_t fd, int path_too, object_request *request, const void *context);

#endif
