/* What clients sent out of line, copied once into memory of our own: its sender may back such pages with a pager of its
 * own, which delivers nothing, or does not answer, or takes pages back that were there. */
#ifndef FS_INCOMING_H
#define FS_INCOMING_H

#include <stddef.h>

struct incoming;

/* KERN_INVALID_ADDRESS: a page cannot be had.  MASIX_E_BUSY: as many workers as may are reading such memory;
 * the client can send its bytes inline.  Blocks for as long as a pager likes: hold no lock.  `size` is at most
 * MASIX_BULK_MAX. */
int incoming_take(const void *from, size_t size, struct incoming **taken)
	__attribute__((warn_unused_result));
const void *incoming_bytes(const struct incoming *taken);
void incoming_drop(struct incoming *taken);

#endif
