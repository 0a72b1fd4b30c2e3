/* Reading and overwriting regular files through mappings, with no message.
 *
 * The file server keeps one copy of a page for all who map or read it, so the bytes are always
 * the current ones; the size is not in the mapping, and stands as long as trust.h says.  A read
 * that misses a cut gets the zeros that stand behind the new end.
 *
 * Only pages that this process has just written by message are overwritten in a mapping: they are part
 * of the file, have their place on the disk, and what else a write does was done then.  That, too,
 * stands as long as trust.h says, so the file's times are never more than TRUST_NS behind. */
#ifndef EMUL_WINDOW_H
#define EMUL_WINDOW_H

#include "cursor.h"
#include "file.h"

/* Bytes read at `offset` of a regular file; 0 or fewer than n where there is no mapping, or (once asked
 * for) should be none: the server must be asked then. */
uint32_t window_read(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset);

/* Bytes overwritten at `offset`, all n or none: 0 if the server must be asked. */
uint32_t window_write(struct emul_file *file, struct cursor *from, uint32_t n, int64_t offset);

/* The server has just written these bytes for us. */
void window_wrote(struct emul_file *file, uint32_t n, int64_t offset);

/* The file is being closed: nothing of it stays in this process's memory, which would keep the blocks
 * of a removed one, and let a stray pointer write to it. */
void window_close(struct emul_file *file);

/* In fork's child: it has no windows. */
void window_forget(void);

#endif
