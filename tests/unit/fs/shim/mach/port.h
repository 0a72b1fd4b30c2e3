/* Just enough of Mach's types for fs/data.c on the host. */
#ifndef SHIM_MACH_PORT_H
#define SHIM_MACH_PORT_H

typedef unsigned mach_port_t;
typedef int kern_return_t;

#endif
