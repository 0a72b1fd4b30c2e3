/* What a process holds of a terminal. */
#ifndef UNIX_TERMINAL_OPENING_H
#define UNIX_TERMINAL_OPENING_H

#include <masix/object.h>

#include "serve_io.h"
#include "terminal.h"

struct terminal_opening {
	struct masix_object object;
	struct terminal *terminal; /* a reference */
	bool reader, writer;
	bool is_master;
	bool closed; /* the terminal's lock */
};

/* The opening behind a port, with a reference of its object; NULL: none. */
struct terminal_opening *terminal_opening_get(mach_port_t port);
void terminal_opening_put(struct terminal_opening *opening);

/* Read and write for both faces; `call` has kind, is_tty, token and reply set. */
kern_return_t terminal_opening_read(struct terminal_opening *opening, struct terminal_call *call,
	bool nonblock, char *data, uint32_t *count) __attribute__((warn_unused_result));
kern_return_t terminal_opening_write(struct terminal_opening *opening, struct terminal_call *call,
	bool nonblock, const char *data, uint32_t length, uint32_t *written)
	__attribute__((warn_unused_result));

#endif
