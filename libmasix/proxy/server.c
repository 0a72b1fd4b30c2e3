#include <masix/proxy.h>
#include <masix/server.h>
#include <string.h>

#include "acs_session.h"
#include "proxy/here.h"
#include "vector/thread.h"

kern_return_t here_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
{
	return masix_lookup(name, timeout_ms, port);
}

kern_return_t here_watch(const char *name, mach_port_t events)
{
	return acs_watch(masix_session(), name, strlen(name), events);
}

void masix_proxy_set_timeout(uint32_t ms)
{
	vector_thread()->call_bound = ms;
}
