/* An open object: what a port that dir_open or fs_mint gave out stands for. */
#ifndef FS_HANDLE_H
#define FS_HANDLE_H

#include <masix/object.h>

#include "walk.h"

/* One of the table that is kept: it is in use from the moment on that it is `live`. */
struct handle {
	struct masix_object object;
	bool live;
	struct node *node;	 /* a reference */
	struct context *context; /* a reference: whose credentials it carries */
	int rights;		 /* MASIX_OPEN_READ, _WRITE, _EXEC: as it was opened */
};

struct masix_estate;

/* The table, for a server that starts with nothing. */
int handle_begin(void) CHECKED;

/* The successor: mark in the arena what the handles lead to, and count their references to nodes; drop what is not whole.
 * Then, when all is marked, adopt their ports, and forget the locks of those that have gone. */
bool handle_recover(void) CHECKED;
int handle_adopt(struct masix_estate *estate) CHECKED;
/* Locks that became free are taken by those who wait. */
void handle_grant_all(void);
/* Is it one of the table, and in use? */
bool handle_is_live(const void *handle);

/* A context with the given root, of which it takes a reference; NULL: no memory.  One reference,
 * for the caller. */
struct context *context_create(struct node *root, const struct identity *who, bool mounted);
void context_put(struct context *context);

/* A send right to a handle on `node` that nobody else has, for a reply.  No volume's lock is held. */
int handle_open(struct node *node, struct context *context, int rights, mach_port_t *right) CHECKED;
/* The same with a context that has just been made: nobody would ask for the handle again (reuse.h). */
int handle_open_first(
	struct node *node, struct context *context, int rights, mach_port_t *right) CHECKED;

/* The handle behind a port, with a reference; NULL if it is none. */
struct handle *handle_get(mach_port_t port);
void handle_put(struct handle *handle);

/* The handle behind the port of a directory: KERN_INVALID_ARGUMENT, MASIX_E_NOT_DIRECTORY. */
int handle_get_directory(mach_port_t port, struct handle **handle) CHECKED;

/* Answer a call that waited for a lock; false: nobody heard it. */
bool handle_answer_lock(const struct flock_claim *claim, int result);

/* Answer the calls that wait for a lock that they have now.  Takes the volume's lock. */
void handle_grant_locks(struct node *node);

#endif
