/* The code of a machine, which lies inside this server. */
#ifndef DOS_IMAGE_H
#define DOS_IMAGE_H

#include <mach/mach_types.h>

#include "machine/boot.h"

/* Lay it out, once. */
kern_return_t image_init(void) __attribute__((warn_unused_result));

/* Put it into an empty task, with `boot` and a stack, and let `thread` begin there. */
kern_return_t image_load(mach_port_t task, mach_port_t thread, const struct machine_boot *boot)
	__attribute__((warn_unused_result));

#endif
