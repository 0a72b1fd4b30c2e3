/* What the library of a process tells of it (struct emul_view): read from the process's memory, so it is what the process
 * wants to have believed. */
#ifndef UNIX_LIBRARY_VIEW_H
#define UNIX_LIBRARY_VIEW_H

#include <mach/mach_types.h>
#include <stdbool.h>

#include "../emul/boot.h"

struct process;

/* A copy (library_view_free) as far as it makes sense, names terminated; NULL: it cannot be had.  The caller has a reference
 * to the process, and no lock. */
struct emul_view *library_view(const struct process *p);
void library_view_free(struct emul_view *view);

/* Is this the id of a thread that the process would have? */
bool library_view_is_thread(const struct process *p, uint32_t id);

#endif
