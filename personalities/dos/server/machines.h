/* The machines that run, as this server knows them: a port each, over which a machine speaks to it. */
#ifndef DOS_MACHINES_H
#define DOS_MACHINES_H

#include <mach/mach_types.h>

/* The port that is registered with ACS: who holds it may start programs. */
kern_return_t machines_init(mach_port_t *face, mach_port_t *screen)
	__attribute__((warn_unused_result));

#endif
