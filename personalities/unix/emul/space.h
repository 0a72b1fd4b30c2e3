/* The address space of a Unix process. */
#ifndef EMUL_SPACE_H
#define EMUL_SPACE_H

#include "emul.h"
#include "vector/region.h"

#define SPACE_MMAP 0x40000000u /* where the search for room begins */
#define SPACE_PIE 0x08000000u  /* position-independent programs */
#define SPACE_PAGE 4096u

extern struct region_space space;

static inline uint32_t page_up(uint32_t size)
{
	return (size + SPACE_PAGE - 1) & ~(SPACE_PAGE - 1);
}

/* exec: throw the program's memory away; its break begins at `heap` from now on. */
void space_clear(void);
void space_set_heap(uint32_t heap);
/* Note whether the pages map a file (MADV_DONTNEED must not zero them). */
void space_mark(uint32_t address, uint32_t size, int is_file);
/* vfork: what the next task_create inherits of the program's memory it shares.  With the locks of fork, until
 * space_end_sharing; 0, or it copies as ever: too much is shared already.  The child is left with the
 * attribute: it ends the sharing of later children when it forks itself. */
int space_begin_sharing(void);
void space_end_sharing(void);
void space_fork_prepare(void);
void space_fork_parent(void);
void space_fork_child(void);

#endif
