#ifndef UNIX_EXCEPTIONS_H
#define UNIX_EXCEPTIONS_H

#include <mach/mach_types.h>

/* A send right to the port where exceptions of processes end up that they do not handle. */
kern_return_t exceptions_init(mach_port_t *port) __attribute__((warn_unused_result));

#endif
