/* ioctl_tty(2). */
#ifndef UNIX_TERMINAL_CONTROL_H
#define UNIX_TERMINAL_CONTROL_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

struct terminal_opening;

struct control_request {
	struct terminal_opening *opening;
	uint32_t token;
	mach_port_t reply; /* taken over with MIG_NO_REPLY */
	mach_port_t proc;
	uint32_t request;
	const char *in;
	uint32_t in_length;
	char *out; /* room for MASIX_NAME_MAX bytes */
	uint32_t out_length;
};

/* Does the request count as writing, for SIGTTOU? */
bool control_changes_terminal(uint32_t request);

/* MASIX_E_NOT_TTY: unknown request; MASIX_E_INVALID: its argument has the wrong size. */
kern_return_t terminal_control(struct control_request *control) __attribute__((warn_unused_result));

#endif
