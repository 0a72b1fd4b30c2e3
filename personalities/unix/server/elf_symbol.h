/* Where a symbol of a shared object lies: its dynamic symbol table, read from the file image.  Pure. */
#ifndef UNIX_ELF_SYMBOL_H
#define UNIX_ELF_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

/* The linked address of the object `name` of exactly `size` bytes, in the ELF32 file `image` of
 * `image_size` bytes.  0: it is not there. */
uint32_t elf_symbol(const void *image, size_t image_size, const char *name, uint32_t size);

#endif
