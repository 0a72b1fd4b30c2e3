/* Handles that are given out again: whoever opens a file with the same rights in the same context, when the one who had the
 * handle has closed it, gets the same one.  So its port is not made anew, and no message tells that it was closed: the kernel
 * is asked whether anybody has it.  One that nobody has keeps its file open only until the file loses its last name. */
#ifndef FS_REUSE_H
#define FS_REUSE_H

#include "handle.h"

/* One that nobody has, with a reference: the caller's alone until reuse_keep; or NULL. */
struct handle *reuse_find(
	const struct node *node, const struct context *context, int rights) CHECKED;

/* It may be given out again; its object is a kept one (masix/object.h).  Takes over the caller's reference.  No volume's lock is
 * held here and below. */
void reuse_keep(struct handle *handle);

/* It must end when it is closed: from here on it has something of its own. */
void reuse_never(struct handle *handle);

/* The file has lost its last name: those of its handles that nobody has end now, the others when they are closed. */
void reuse_forget(const struct node *node);

#endif
