/* mig/gns.defs, answered by the test. */
#ifndef FAKE_GNS_H
#define FAKE_GNS_H

#include <masix/types.h>

kern_return_t gns_lookup(mach_port_t gns, const char *name, mach_msg_type_number_t length,
	uint32_t timeout_ms, mach_port_t *port);
kern_return_t gns_watch(
	mach_port_t gns, const char *name, mach_msg_type_number_t length, mach_port_t port);
kern_return_t gns_where(
	mach_port_t gns, mach_port_t right, masix_name_t node, mach_msg_type_number_t *length);

#endif
