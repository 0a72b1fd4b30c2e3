/* Which memory object lies where, of the files that this process mapped itself: the kernel does not tell.  What was
 * inherited by fork is found again by its name (view.h). What is not known (mapped by exec, without a name, or more than there
 * is room for) cannot grow and keeps its private changes. */
#ifndef EMUL_MAPPINGS_H
#define EMUL_MAPPINGS_H

#include "emul.h"

struct mapping {
	uint32_t start, end;
	uint32_t offset; /* of start in the object */
	mach_port_t object;
	int shared, max_protection;
};

/* Note a new mapping, whose right the table takes over. */
void mappings_add(const struct mapping *mapping);
/* There is something else in the range now, or nothing. */
void mappings_cut(uint32_t start, uint32_t end);
/* mremap(2) of a file's mapping to a greater size. */
long mappings_grow(uint32_t address, uint32_t old, uint32_t new, int flags, uint32_t wanted);
/* MADV_DONTNEED: private pages are the file's again. */
long mappings_refresh(uint32_t start, uint32_t end);
/* exec. */
void mappings_clear(void);
/* The child has none of the rights. */
void mappings_fork_child(void);

#endif
