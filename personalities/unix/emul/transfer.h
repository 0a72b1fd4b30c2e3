/* Reading and writing open files of every kind. */
#ifndef EMUL_TRANSFER_H
#define EMUL_TRANSFER_H

#include "cursor.h"
#include "file.h"

#define AT_POSITION (-1ll) /* use the file's own position and move it */

/* Up to n bytes between the file (held by the call) and the cursor, at `offset` or AT_POSITION.
 * The count, or -errno when nothing was done.  May block. */
long transfer_read(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset);
long transfer_write(struct emul_file *file, struct cursor *from, uint32_t n, int64_t offset);

#endif
