/* Reading regular files through a mapping: no message. */
#ifndef EMUL_WINDOW_H
#define EMUL_WINDOW_H

#include "cursor.h"
#include "file.h"

/* Bytes read at `offset`, 0 if there is (or should be) no mapping of it. */
uint32_t window_read(struct emul_file *file, struct cursor *to, uint32_t n, int64_t offset);
/* This process wrote to the file. */
void window_wrote(struct emul_file *file);
/* This process changed the size of an inode. */
void window_changed(uint32_t dev, uint64_t ino);
/* In fork's child: it has no windows. */
void window_forget(void);

#endif
