/* MIG's server side of exc.defs under names of our own, so that a server may have one too. */
#ifndef LIBMASIX_EXCEPTION_SERVER_H
#define LIBMASIX_EXCEPTION_SERVER_H

#include <mach/mach_types.h>
#include <mach/message.h>

boolean_t vector_exc_server(mach_msg_header_t *in, mach_msg_header_t *out);
kern_return_t vector_exception_raise(mach_port_t port, mach_port_t thread, mach_port_t task,
	int exception, int code, rpc_long_integer_t subcode);

#endif
