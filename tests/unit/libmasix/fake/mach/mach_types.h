/* As much of the kernel's header as the pure cores of libmasix see on the host. */
#ifndef FAKE_MACH_TYPES_H
#define FAKE_MACH_TYPES_H

#include <mach/kern_return.h>
#include <stdint.h>

typedef uint32_t mach_port_t;

typedef uint32_t mach_port_type_t, mach_msg_type_number_t;

#define MACH_PORT_NULL 0
#define MACH_PORT_RIGHT_RECEIVE 1
#define MACH_PORT_TYPE_DEAD_NAME 0x100000u

#endif
