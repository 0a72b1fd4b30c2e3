/* Copying to or from memory whose pages another task, or a disk, may fail to deliver: the
 * out-of-line data of a message, a mapped file. */
#ifndef MASIX_COPY_H
#define MASIX_COPY_H

#include <stddef.h>

/* Copies `size` bytes; the areas do not overlap.  MASIX_E_IO if a page of either could not be
 * had (some of the bytes are then copied), where memcpy would end the server.  May block for as
 * long as the pager of the memory takes: hold no lock that it could need. */
int masix_copy(void *to, const void *from, size_t size) __attribute__((warn_unused_result));

#endif
