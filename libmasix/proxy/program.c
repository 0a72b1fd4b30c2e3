#include <masix/client.h>
#include <string.h>

#include "acs_client.h"
#include "mach_port.h"
#include "proxy/here.h"

/* ACS's port is asked for each time, and not kept: whether it is the administrator's follows from who the caller is now. */
static void drop(mach_port_t acs)
{
	(void)mach_port_deallocate(mach_task_self(), acs); /* ours */
}

kern_return_t here_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
{
	mach_port_t acs;
	kern_return_t kr = masix_client_acs(&acs);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = acs_lookup(acs, name, strlen(name), timeout_ms, port);
	drop(acs);
	return kr;
}

kern_return_t here_watch(const char *name, mach_port_t events)
{
	mach_port_t acs;
	kern_return_t kr = masix_client_acs(&acs);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = acs_client_watch(acs, name, strlen(name), events);
	drop(acs);
	return kr;
}
