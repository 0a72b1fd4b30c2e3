/* Reading regular files through mappings, with no message.
 *
 * The file server keeps one copy of a page for all who map or read it, so the bytes are always
 * the current ones; the size is not in the mapping, and stands as long as trust.h says.  A read
 * that misses a cut gets the zeros that stand behind the new end. */
#ifndef EMUL_WINDOW_H
#define EMUL_WINDOW_H

#include "cursor.h"
#include "file.h"

/* Bytes read at `offset` of a regular file; 0 or fewer than n where there is no mapping, or (once asked
 * for) should be none: the server must be asked then. */
uint32_t window_read(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset);

/* In fork's child: it has no windows. */
void window_forget(void);

#endif
