/* The contents of files: read, write, resize, sync.  All through the windows (or, in a memory
 * file system, straight from the store while no one has mapped the file).  These functions take
 * node->content; no lock may be held. */
#ifndef FS_DATA_H
#define FS_DATA_H

#include <mach/port.h>
#include <stddef.h>

#include "access.h"
#include "volume.h"

/* Up to *amount bytes from `offset` on; *amount says how many there were. */
int data_read(struct node *node, uint64_t offset, void *to, size_t *amount) CHECKED;

/* How many of `amount` bytes from `offset` on exist. */
size_t data_available(struct node *node, uint64_t offset, size_t amount);

uint64_t data_size(struct node *node);

/* Write at `offset` or, with `append`, at the end; *amount shrinks to what found room, *end is the
 * position behind it.  `from` is memory of our own. */
int data_write(const struct identity *who, struct node *node, bool append, uint64_t offset,
	const void *from, size_t *amount, uint64_t *end) CHECKED;

/* After the server's death: what its last owner had begun to cut, or to write behind the end. */
int data_finish_cut(struct node *node) CHECKED;

int data_resize(const struct identity *who, struct node *node, uint64_t size) CHECKED;

/* Everything written to the file so far to the disk, its inode too (but see volume_flush).  Tells
 * errors of earlier write-backs. */
int data_sync(struct node *node) CHECKED;

/* data_sync for all files, then volume_flush. */
int data_sync_volume(struct volume *volume) CHECKED;

/* A send right to the memory object of the file; `writable`: its holder may write through it. */
int data_map(struct node *node, bool writable, mach_port_t *right) CHECKED;

#endif
