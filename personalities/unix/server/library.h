/* The emulation library in a task that this server makes: process 1, and those of set-ID programs.  All other
 * processes get it from their parents. */
#ifndef UNIX_LIBRARY_H
#define UNIX_LIBRARY_H

#include <mach/mach_types.h>
#include <stdint.h>

struct library_start {
	const char *program; /* process 1: what it runs */
	uint32_t takeover;   /* else: the size of what lies at TAKEOVER_ADDRESS */
};

/* Map the library, and its first stack, where nothing is mapped yet. */
kern_return_t library_load(mach_port_t task, const struct library_start *what, uint32_t *entry)
	__attribute__((warn_unused_result));

/* The rights of docs/unix.md that are the process's own; owned until they are given (then null). */
struct library_rights {
	mach_port_t root, directory, process;
};
kern_return_t library_give_rights(mach_port_t task, mach_port_t thread,
	struct library_rights *rights) __attribute__((warn_unused_result));
void library_drop_rights(struct library_rights *rights);

/* The address of what the library exports, 0: there is none of that size. */
uint32_t library_symbol(const char *name, uint32_t size);

/* The thread, which stands still, will begin in the library. */
kern_return_t library_enter(mach_port_t thread, uint32_t entry) __attribute__((warn_unused_result));

#endif
