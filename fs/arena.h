/* An allocator in memory that outlives this task (README.md): a region of whole pages at an address that its next owner finds
 * it at, so that pointers in it stay true.  Pure.
 *
 * What is known about it is kept outside of it: the next owner marks what it reaches from its roots, which checks each
 * pointer too, and the rest is free.  So nothing leaks, whatever the last one was about. */
#ifndef FS_ARENA_H
#define FS_ARENA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "checked.h"

#define ARENA_PAGE 4096u
#define ARENA_CLASSES 11u

struct arena_free;

struct arena {
	char *start;
	size_t pages;
	/* Guarded by lock: */
	size_t top;	    /* pages from here on were never used, and read as zeros */
	size_t hint;	    /* no page before it is free */
	size_t in_use;	    /* bytes */
	unsigned char *map; /* what each page is for */
	unsigned char *marks;
	bool used_before; /* pages may hold something though they were never used here */
	struct arena_free *lists[ARENA_CLASSES];
	pthread_mutex_t lock; /* last of all */
};

/* All of it is free.  MASIX_E_LIMIT. */
int arena_open(struct arena *arena, void *start, size_t size) CHECKED;
void arena_close(struct arena *arena);

/* Zeros; NULL: no memory. */
void *arena_alloc(struct arena *arena, size_t size) CHECKED;
/* The same with whatever was there. */
void *arena_take(struct arena *arena, size_t size) CHECKED;
/* `size` as it was asked for.  NULL is nothing. */
void arena_free(struct arena *arena, void *object, size_t size);

/* After arena_open, before anything is allocated: this is an object of `size` bytes.  False if it cannot be, or was marked
 * before. */
bool arena_mark(struct arena *arena, const void *object, size_t size) CHECKED;
/* All that was not marked is free. */
void arena_sweep(struct arena *arena);

#endif
