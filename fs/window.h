/* This server's own view of files: mappings of their memory objects, which it reads and writes
 * like any process does.  A bounded number of windows, least recently used first out.
 *
 * A touch of a window may wait for a pager thread, which takes the volume's lock: no caller may
 * hold that, and pager threads never come here.  The caller holds node->content and stays
 * within the file's size. */
#ifndef FS_WINDOW_H
#define FS_WINDOW_H

#include <stddef.h>

#include "pager.h"

/* MASIX_E_IO if a page cannot be read. */
int window_read(struct node *node, uint64_t offset, void *to, size_t length) CHECKED;
int window_write(struct node *node, uint64_t offset, const void *from, size_t length) CHECKED;
int window_zero(struct node *node, uint64_t offset, size_t length) CHECKED;

/* Unmap the windows of this pager that are not in use. */
void window_drop(struct pager *pager);

#endif
