/* io_read and io_write between a server and the program's buffers: the messages that MIG's stubs
 * would make, without the copy to a buffer in between and without a stub's limits. */
#ifndef EMUL_MESSAGE_H
#define EMUL_MESSAGE_H

#include <mach/mach_types.h>

#include "cursor.h"

/* Where an io call goes and how. */
struct message_target {
	mach_port_t port;
	uint32_t token; /* of emul_wait_begin, or 0 */
	int flags;	/* MASIX_IO_* */
};

/* Read up to `amount` bytes (clipped to MASIX_INLINE_MAX) to the cursor.  *got is what arrived; a
 * KERN_PROTECTION_FAILURE with *got > 0 says that the program could not take all. */
kern_return_t message_read(const struct message_target *target, int64_t offset, uint32_t amount,
	struct cursor *to, uint32_t *got) __attribute__((warn_unused_result));

/* Write up to `amount` bytes (clipped to MASIX_INLINE_MAX) from the cursor, which moves on by what was
 * taken by the server. */
kern_return_t message_write(const struct message_target *target, int64_t offset, uint32_t amount,
	struct cursor *from, uint32_t *written, int64_t *end) __attribute__((warn_unused_result));

#endif
