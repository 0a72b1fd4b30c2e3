/* The bytes in a pipe, oldest first, without regard to its capacity; for pipe.c.  Pure. */
#ifndef UNIX_PIPE_QUEUE_H
#define UNIX_PIPE_QUEUE_H

#include "pipe.h"

/* Put a copy of `length` bytes behind the others.  Returns how many (short only without memory). */
uint32_t pipe_queue_bytes(struct pipe *p, const char *from, uint32_t length);

/* Put a copy of bytes that were taken out before the others.  False: no memory. */
bool pipe_requeue_bytes(struct pipe *p, const char *from, uint32_t length);

/* Put the first `length` bytes of the span behind the others, or less, so that no page is shared with the
 * rest.  Takes their pages over and cuts them off the span; returns how many bytes. */
uint32_t pipe_queue_pages(struct pipe *p, struct pipe_span *span, uint32_t length);

/* Move up to `amount` bytes out. */
uint32_t pipe_take_bytes(struct pipe *p, char *to, uint32_t amount);

/* Move a run of pages out whole, if the queue begins with one of at most `amount` bytes.  The queue is not
 * empty. */
bool pipe_take_pages(struct pipe *p, uint32_t amount, struct pipe_span *span);

void pipe_queue_free(struct pipe *p);

#endif
