/* Small change with the kernel. */
#ifndef EMUL_KERNEL_H
#define EMUL_KERNEL_H

#include "boot.h"
#include "mach/traps.h"

/* Give up a send right of ours, if it is one. */
static inline void port_drop(mach_port_t port)
{
	if (port != MACH_PORT_NULL && port != MACH_PORT_DEAD)
		(void)trap_port_deallocate(EMUL_PORT_TASK, port);
}

#endif
