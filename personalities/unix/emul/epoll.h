/* epoll: lists of files to wait for. */
#ifndef EMUL_EPOLL_H
#define EMUL_EPOLL_H

#include "waiting.h"

/* How often a list was changed by epoll_ctl.  The list's own file among items tells how often when they were taken. */
extern volatile uint32_t epoll_changes;

/* The file goes: from all lists; and its own list. */
void epoll_forget(struct emul_file *file);

/* A copy of `items` (emul_memory_allocate) with what the epoll files among them wait for behind it, each with a use, `of`
 * being the index of the list's file; NULL: no memory. */
struct waiting *epoll_expand(const struct waiting *items, uint32_t count, uint32_t *all);

/* Around the making of a child, outside of the files lock; in the child when its files have their uses. */
void epoll_fork_prepare(void);
void epoll_fork_parent(void);
void epoll_fork_child(void);

#endif
