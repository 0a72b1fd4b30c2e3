/* Descriptors: the numbers that a program has for its open files. */
#ifndef EMUL_FD_H
#define EMUL_FD_H

#include "file.h"

/* The file behind a descriptor, held by the running call (file_hold); NULL: EBADF. */
struct emul_file *fd_hold(uint32_t fd);
/* With a use of the caller's (file_get). */
struct emul_file *fd_get(uint32_t fd);

/* The lowest free descriptor for `file`, whose use it takes over (it is dropped on failure).  The
 * descriptor or -EMFILE. */
long fd_install(struct emul_file *file, int close_on_exec);
/* -EMFILE if there is no room: asked before something with effects is done. */
long fd_check_room(unsigned count);
long fd_close(uint32_t fd);
/* A copy at the lowest free descriptor from `from` on: -EBADF, -EINVAL, -EMFILE. */
long fd_duplicate_from(uint32_t fd, uint32_t from, int close_on_exec);
long fd_get_close_on_exec(uint32_t fd);
/* The first file of a descriptor >= *fd, which *fd becomes, that is a directory; a use for the caller.  NULL: none. */
struct emul_file *fd_next_directory(uint32_t *fd);
/* The first open descriptor from `fd` on; -1: none. */
int fd_next(uint32_t fd);
long fd_set_close_on_exec(uint32_t fd, int on);

/* Where path resolution starts; each holds one use of its file.  Slots for file_hold. */
extern volatile uint32_t fd_cwd, fd_root;
/* Put `file` (the caller's use of it) into one of these slots. */
void fd_replace(volatile uint32_t *slot, struct emul_file *file);

#endif
