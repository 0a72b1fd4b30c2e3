/* memcpy and memset for code that may not call glibc: it runs before glibc has relocated
 * itself, and must not touch vector registers. */
#ifndef LIBMASIX_BYTES_H
#define LIBMASIX_BYTES_H

#include <stddef.h>

void *vector_copy(void *to, const void *from, size_t size);
void *vector_fill(void *to, int byte, size_t size);

#endif
