/* How the kept pages are divided; for the sources of the kept memory only. */
#ifndef UNIX_KEPT_REGION_H
#define UNIX_KEPT_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kept.h"

#define KEPT_PAGE 4096u
#ifndef KEPT_BASE /* the unit tests have another one */
#define KEPT_BASE 0x80000000u
#endif
#define KEPT_SIZE (256u << 20)
#define KEPT_SERVER (1u << 12) /* struct unix_server; module.mk knows it too */
#define KEPT_MAP (4u << 20)    /* of the pages */
#define KEPT_SLOTS_AT (8u << 20)
#define KEPT_SLOTS 448u
#define KEPT_HEAP (24u << 20)  /* small blocks, and runs of few pages */
#define KEPT_LARGE (88u << 20) /* runs of many, mapped one by one */
#define KEPT_PAGES (KEPT_SIZE / KEPT_PAGE)

#define KEPT_MAGIC 0x6b707431u

#define KEPT_FRESH 48u
#define KEPT_FREES 512u
#define KEPT_LOG_WORDS 2048u

enum kept_phase {
	KEPT_OPEN,	/* the log is to be undone */
	KEPT_ANSWERING, /* only if the caller has not been answered */
	KEPT_DONE,	/* it lasts; blocks are being freed */
};

/* A block (size 0), or pages. */
struct kept_span {
	void *at;
	size_t size;
};

/* A thread's part. */
struct kept_slot {
	uint32_t phase;
	uint32_t log_used, log_room; /* words */
	uint32_t *log;		     /* first_log, or pages */
	uint32_t fresh_count, free_count;
	struct kept_span fresh[KEPT_FRESH]; /* allocated in this transaction */
	struct kept_span frees[KEPT_FREES]; /* to be freed when it is done */
	mach_port_t reply;		    /* ANSWERING: of whom */
	void *outbox[OUTBOXES];
	uint32_t first_log[KEPT_LOG_WORDS];
};

struct kept_header {
	uint32_t magic, incarnation;
	void *roots[ROOTS];
};

static inline struct kept_header *kept_header(void)
{
	return (struct kept_header *)KEPT_BASE;
}

static inline struct kept_slot *kept_slot(unsigned index)
{
	return (struct kept_slot *)(KEPT_BASE + KEPT_SLOTS_AT) + index;
}

static inline bool is_kept(const void *address)
{
	return (uintptr_t)address - KEPT_BASE < KEPT_SIZE;
}

/* This code is not to be undone. */
#define KEPT_RAW __attribute__((no_sanitize_address))

/* kept_heap.c, without regard to transactions.  Blocks are zeroed if `zero`. */
void *heap_allocate(size_t size, bool is_object, bool zero);
/* Whole pages, each of which can be freed for itself. */
void *heap_allocate_pages(size_t size);
void heap_free(const struct kept_span *span);
size_t heap_size_of(const void *block);
/* The free blocks are found again. */
void heap_rebuild(void);
/* The first of a successor: what does not belong to the large part's runs goes, and its place is reserved. */
void heap_close_holes(void);
/* kept.c: pages of the large part, which are in use or reserved: the kernel puts the memory of messages into any hole.  It may even
 * do so while one of these works.  Then they fail, and the place must be left alone. */
bool pages_map(void *address, size_t size);
bool pages_reserve(void *address, size_t size);

/* kept_log.c: this thread's slot; whether it holds a lock. */
struct kept_slot *log_slot(void);
bool log_is_on(void);
/* A lock was taken; the last one is about to be let go: what has been stored lasts from now on. */
void log_begin(void);
void log_commit(struct kept_slot *slot);
/* After the locks: what was freed is free. */
void log_end(struct kept_slot *slot);
void log_undo(struct kept_slot *slot);
void log_fresh(const struct kept_span *span);
/* False: it can be freed at once. */
bool log_free_later(const struct kept_span *span);

#endif
