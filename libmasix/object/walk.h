/* Walking over what a message carries.  Pure: works on the 32-bit words of a message and
 * hands every right and region to its caller; compiled with the unit tests on the host. */
#ifndef LIBMASIX_WALK_H
#define LIBMASIX_WALK_H

#include <stddef.h>
#include <stdint.h>

struct message_sink {
	/* A right under `name` in our space; disposition MACH_MSG_TYPE_*. */
	void (*right)(void *context, uint32_t name, unsigned disposition);
	/* The names of an out-of-line port array, which stays until memory() is called for it. */
	const uint32_t *(*array)(void *context, uint32_t address, uint32_t count);
	/* An out-of-line region that came with the message. */
	void (*memory)(void *context, uint32_t address, uint32_t size);
	void *context;
};

/* Everything in the message `words` of which at most `size` bytes are readable: bounded by both the size that
 * its header tells and `size`, ending at the first descriptor that does not fit.  The header's
 * remote right too, unless keep_reply.  Never the local port: that is the receiver's own. */
void message_walk(
	const uint32_t *words, size_t size, int keep_reply, const struct message_sink *sink);

/* Does sending the message take rights or memory from its sender? */
int message_moves(const uint32_t *words, size_t size);

#endif
