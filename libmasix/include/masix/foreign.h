/* What a request brought out of line.  Its sender may back such pages with a pager of its own, which delivers nothing, or
 * something else the next time, or does not answer at all; and may take pages back that were there. */
#ifndef MASIX_FOREIGN_H
#define MASIX_FOREIGN_H

#include <mach/mach_types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* How many of a server's workers may be reading such memory at once, so that others are left. */
struct masix_foreign {
	atomic_uint now;
	unsigned most;
};

/* False: no more now.  The answer is MASIX_E_BUSY then; the client can send the bytes inline. */
static inline bool masix_foreign_enter(struct masix_foreign *foreign)
{
	if (atomic_fetch_add(&foreign->now, 1) < foreign->most)
		return true;
	atomic_fetch_sub(&foreign->now, 1);
	return false;
}

static inline void masix_foreign_leave(struct masix_foreign *foreign)
{
	atomic_fetch_sub(&foreign->now, 1);
}

/* A copy in memory of our own, which the caller frees with vm_deallocate; the original stays.  KERN_INVALID_ADDRESS:
 * a page cannot be had; MASIX_E_BUSY.  Blocks for as long as a pager likes: hold no lock. */
kern_return_t masix_foreign_copy(struct masix_foreign *foreign, const void *from, vm_size_t size,
	void **copy) __attribute__((warn_unused_result));

/* The same into `to`, which has room for it. */
kern_return_t masix_foreign_copy_to(struct masix_foreign *foreign, const void *from, vm_size_t size,
	void *to) __attribute__((warn_unused_result));

#endif
