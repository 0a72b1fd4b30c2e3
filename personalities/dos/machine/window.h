/* Reading regular files through mappings, with no message.
 *
 * The file server keeps one copy of a page for all who map or read it, so the bytes are always the current ones. The size is
 * not in a mapping: one that the server told stands for 10 ms, and only until the machine does or hears something from which
 * its program could know that the file has changed. */
#ifndef DOS_WINDOW_H
#define DOS_WINDOW_H

#include "machine.h"

#define WINDOW_SLOTS 128u /* files open at a time */

/* Bytes read at `offset`; 0, or fewer than n, where there is no mapping, or should be none: the server must be asked then. */
uint32_t window_read(unsigned slot, mach_port_t file, uint32_t offset, void *to, uint32_t n);
/* The file is being closed: a mapping would keep the blocks of a removed one. */
void window_close(unsigned slot);

#endif
