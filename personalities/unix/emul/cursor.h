/* A place in the program's list of buffers (one buffer is a list of one). */
#ifndef EMUL_CURSOR_H
#define EMUL_CURSOR_H

#include <stdint.h>

#include <linux/uio.h>

struct cursor {
	const struct iovec *vector; /* the program's, or `one` */
	uint32_t count;		    /* buffers left, the current one included */
	uint32_t at;		    /* bytes done of the current one */
	uint32_t library;	    /* the buffer is the library's own: any address will do */
	struct iovec one;
};

void cursor_of_buffer(struct cursor *cursor, uint32_t address, uint32_t size);
/* The same with memory of the library. */
void cursor_of_library(struct cursor *cursor, void *buffer, uint32_t size);
/* The total size, or -EINVAL (more than UIO_MAXIOV buffers or 2 GiB).  Call it with nothing
 * held but files: it reads the program's vector. */
long cursor_of_vector(struct cursor *cursor, uint32_t vector, uint32_t count);

/* A second one at the same place, which moves by itself. */
void cursor_copy(struct cursor *to, const struct cursor *from);

/* Copy n bytes to or from the program and move on.  The number of bytes done, fewer than n only
 * where the program's memory cannot be used. */
uint32_t cursor_put(struct cursor *cursor, const void *from, uint32_t n);
uint32_t cursor_get(struct cursor *cursor, void *to, uint32_t n);
uint32_t cursor_zero(struct cursor *cursor, uint32_t n);

/* How many of the next n bytes the program could take; does not move. */
uint32_t cursor_probe(const struct cursor *cursor, uint32_t n);

/* The address of n bytes that lie together at the cursor, or 0. */
uint32_t cursor_contiguous(struct cursor *cursor, uint32_t n);
void cursor_skip(struct cursor *cursor, uint32_t n);

#endif
