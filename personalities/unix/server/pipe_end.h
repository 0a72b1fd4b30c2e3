/* Pipes as objects: each end has its port, and vanishes with the last right to it. */
#ifndef UNIX_PIPE_END_H
#define UNIX_PIPE_END_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

#include <masix/object.h>

#include "kept.h"
#include "pipe.h"
#include "server.h"

/* What the ends share. */
struct pipe_channel {
	struct kept_mutex lock; /* of `pipe` */
	struct pipe pipe;
	atomic_int references; /* ends, and the fifo table */
	uint32_t dev;
	uint64_t ino; /* what stat tells */
	uint32_t uid, gid;
	int64_t created; /* seconds since 1970 */
};

struct pipe_end;

struct pipe_channel *pipe_channel_create(uint32_t uid, uint32_t gid);
void pipe_channel_put(struct pipe_channel *channel);

/* A new end (reader, writer or, for a fifo opened so, both).  Takes its own reference of the channel;
 * the caller holds one of the end. */
kern_return_t pipe_end_create(struct pipe_channel *channel, bool reader, bool writer,
	struct pipe_end **end) __attribute__((warn_unused_result));
kern_return_t pipe_end_send_right(struct pipe_end *end, mach_port_t *right)
	__attribute__((warn_unused_result));
void pipe_end_put(struct pipe_end *end);
/* Nobody got a right to it: close it. */
void pipe_end_abandon(struct pipe_end *end);

/* After a death of the server (recover.h): somebody refers to the channel, or to the end. */
void pipe_channel_recover(struct pipe_channel *channel, enum recover_pass pass);
void pipe_end_recover(struct pipe_end *end);

#endif
