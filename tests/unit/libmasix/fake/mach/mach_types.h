/* As much of the kernel's header as the pure cores of libmasix see on the host. */
#ifndef FAKE_MACH_TYPES_H
#define FAKE_MACH_TYPES_H

#include <stdint.h>

typedef uint32_t mach_port_t;
typedef int kern_return_t;

#define MACH_PORT_NULL 0

#endif
