/* What this server leaves to its successor when it dies (masix/estate.h), and how the successor finds it.  Everything lies in
 * the kept pages, at the same address. */
#ifndef FS_KEPT_H
#define FS_KEPT_H

#include <masix/estate.h>
#include <masix/object.h>

#include "arena.h"
#include "done.h"
#include "memory.h"
#include "volume.h"

#define KEPT_MOUNTS 8u
#define KEPT_MEMORIES 3u /* mounts in memory */
#define KEPT_WORKERS 16u
#define KEPT_NAME 32u
#define KEPT_POSTPONED 32u

struct handle;
struct pager;

struct kept_mount {
	char name[KEPT_NAME], device[KEPT_NAME];
	struct volume *volume;
	mach_port_t port; /* the control port */
	mach_port_t disk; /* or null */
	bool down;	  /* fs_shutdown was here */
};

/* A worker of a pool, and what its request has done. */
struct kept_worker {
	void *memory;
	size_t size;
	bool of_pager;
	struct done done;
};

/* A page that the kernel asked for and that it has not got. */
struct kept_request {
	struct pager *pager; /* NULL: none */
	uint32_t offset, length, pages;
};

struct kept {
	uint32_t magic; /* last of all: the rest is in order */
	uint32_t layout;
	uint32_t generation; /* counts the deaths */
	unsigned mount_count, worker_count;
	struct kept_mount mounts[KEPT_MOUNTS];
	struct kept_worker workers[KEPT_WORKERS];
	struct kept_request postponed[KEPT_POSTPONED];
	struct handle *handles; /* a table: handle.c */
	unsigned handles_used;	/* those behind were never in use */
};

extern struct kept *kept;
extern struct arena kept_arena;
extern const struct memory_range kept_range;

/* Have the pages; *again: with what the last one left, and masix_inherit has to follow.  Ends the server if there are none. */
void kept_open(bool *again);
/* Is it of this build, and was it ever in order? */
bool kept_is_sound(void);
/* Start with nothing. */
void kept_begin(void);

/* For masix_pool_options. */
void *kept_worker_memory(size_t size);
void *kept_pager_memory(size_t size);
/* The record of the worker that serves this request; NULL: none. */
struct done *kept_done_of(const mach_msg_header_t *request);

#endif
