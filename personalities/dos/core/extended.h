/* Memory above the megabyte: blocks that XMS and DPMI hand out.  A block is the machine's own memory, so its linear address
 * is where it lies in the task. */
#ifndef DOS_EXTENDED_H
#define DOS_EXTENDED_H

#include "dos.h"

#define EXTENDED_MEMORY 0x2000000u /* bytes, all blocks of a machine together */

/* A block of `size` bytes (0: a handle that has no memory yet) for `use`; its number, or -1: too many blocks, -2: not as much
 * memory. */
int extended_allocate(struct dos *dos, enum dos_extended_use use, uint32_t size);
void extended_free(struct dos *dos, int block);
void extended_free_all(struct dos *dos, enum dos_extended_use use);
/* It may move. false: not as much memory. */
bool extended_resize(struct dos *dos, int block, uint32_t size);
/* Bytes that are left. */
uint32_t extended_left(const struct dos *dos);
uint32_t extended_linear(const struct dos *dos, int block);

/* n bytes at a linear address: in the program's megabyte, the high memory area, or in one block.  NULL: no memory of the
 * program is there. */
uint8_t *extended_at(struct dos *dos, uint32_t linear, uint32_t n);

#endif
