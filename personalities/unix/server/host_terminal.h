#ifndef UNIX_HOST_TERMINAL_H
#define UNIX_HOST_TERMINAL_H

#include <mach/mach_types.h>

struct terminal;

/* /dev/console: the host channel's terminal.  Input is only taken once somebody wants some, since
 * without a terminal at the host the same bytes are a command's standard input. */
kern_return_t host_terminal_create(mach_port_t console, struct terminal **terminal)
	__attribute__((warn_unused_result));

#endif
