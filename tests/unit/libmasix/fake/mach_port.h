/* As much of the kernel's calls as masix/proxy.h needs, answered by the test. */
#ifndef FAKE_MACH_PORT_H
#define FAKE_MACH_PORT_H

#include <mach/mach_types.h>
#include <mach/message.h>

kern_return_t mach_port_type(mach_port_t task, mach_port_t name, mach_port_type_t *type);
kern_return_t mach_port_deallocate(mach_port_t task, mach_port_t name);
kern_return_t mach_port_mod_refs(mach_port_t task, mach_port_t name, unsigned right, int delta);
kern_return_t mach_port_request_notification(mach_port_t task, mach_port_t name, int which,
	unsigned sync, mach_port_t notify, unsigned type, mach_port_t *before);

#endif
