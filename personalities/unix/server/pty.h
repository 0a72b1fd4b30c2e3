/* Pseudo-terminals: /dev/ptmx and /dev/pts/N.  pty(7). */
#ifndef UNIX_PTY_H
#define UNIX_PTY_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

#include "terminal.h"

#define PTY_MAX 64
#define PTY_MAJOR 136

/* A new pair; `master` is a right to its far side.  MASIX_E_NO_SPACE: all are in use. */
kern_return_t pty_open_master(uint32_t uid, uint32_t gid, mach_port_t *master)
	__attribute__((warn_unused_result));

/* The terminal /dev/pts/`number`, with a reference; NULL: it does not exist, or is locked. */
struct terminal *pty_slave(unsigned number);

/* MASIX_E_NOT_TTY: no pseudo-terminal. */
kern_return_t pty_number(struct terminal *terminal, int *number)
	__attribute__((warn_unused_result));
kern_return_t pty_lock(struct terminal *terminal, bool locked) __attribute__((warn_unused_result));
kern_return_t pty_is_locked(struct terminal *terminal, int *locked)
	__attribute__((warn_unused_result));

/* The first existing number from `from` on, and who made it; -1: none. */
int pty_next(int from, uint32_t *uid, uint32_t *gid);

#endif
