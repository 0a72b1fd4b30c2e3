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

#endif
