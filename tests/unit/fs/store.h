/* The memory that survives, for tests: an arena and a range of pages at fixed addresses, shared with child processes. */
#ifndef TEST_STORE_H
#define TEST_STORE_H

#include "arena.h"
#include "memory.h"

#define STORE_SIZE (64u << 20)

/* All of it is free. */
struct arena *store_open(void);
/* As the next owner finds it. */
struct arena *store_find(void);
void store_close(void);
extern const struct memory_range store_range;
char *store_start(void);

/* What stands in pages of the range that nobody has mapped, and in those that are reserved. */
#define STORE_HOLE 0xdb
#define STORE_RESERVED 0xee
/* Called while there is a hole at `address`; true: somebody has filled it, and nothing can be mapped there.  Or NULL. */
extern bool (*store_in_hole)(void *address, size_t size);

#endif
