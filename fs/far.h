/* The parts of a file beyond FILE_MAPPED_MAX, where no memory object reaches: read and written
 * page by page at the backend, not cached.  The caller holds node->content and no lock. */
#ifndef FS_FAR_H
#define FS_FAR_H

#include <stddef.h>

#include "volume.h"

int far_read(struct node *node, uint64_t offset, char *to, size_t amount) CHECKED;
/* The range is reserved and lies within the size. */
int far_write(struct node *node, uint64_t offset, const char *from, size_t amount) CHECKED;
/* Clear what lies behind the end of the file in its last page. */
int far_clear_tail(struct node *node) CHECKED;

#endif
