/* The first act of a library in the fresh task of a set-ID program. */
#ifndef EMUL_TAKE_H
#define EMUL_TAKE_H

#include "file.h"
#include "takeover.h"

/* Go on as the process whose state lies at TAKEOVER_ADDRESS (emul_boot.takeover bytes): before and
 * after the service thread is started. */
void take_state(void);
void take_program(void) __attribute__((noreturn));

/* The parts, by those who own the state: */
/* A file with one use, or NULL. */
struct emul_file *file_restore(const struct takeover_file *from);
/* A relative's position is given up. */
void file_release_position(uint32_t position);
void fd_restore(uint32_t fd, struct emul_file *file);
void signals_take(
	uint64_t mask, uint64_t ignored, const struct takeover_signal *queue, uint32_t count);

#endif
