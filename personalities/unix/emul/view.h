/* What the library tells of its process to /proc: the Unix server reads it there, whenever somebody asks (emul_view in
 * boot.h).  It is told to nobody else, and costs no message. */
#ifndef EMUL_VIEW_H
#define EMUL_VIEW_H

#include <mach/mach_types.h>
#include <stdint.h>

#include "boot.h"

struct emul_file;

/* Threads lock held. */
void view_add_thread(uint32_t id, mach_port_t port);
void view_remove_thread(uint32_t id);
/* The calling thread is the only one. */
void view_only_thread(uint32_t id, mach_port_t port);

/* A file was mapped there; a place that is mapped anew, or given up. */
void view_map(uint32_t start, uint32_t end, uint32_t offset, struct emul_file *file);
void view_cut(uint32_t start, uint32_t end);
/* More of the file that is mapped at `from` is now at `to`: `size` bytes from `offset` on. */
void view_move(uint32_t from, uint32_t to, uint32_t size, uint32_t offset);
/* What is mapped at `at`; 0: nothing that is known. */
int view_find(uint32_t at, struct emul_view_mapping *found);
/* Where the first one behind `start` begins, at most `end`. */
uint32_t view_next(uint32_t start, uint32_t end);
void view_clear(void);
void view_fork_child(void);

#endif
