#include "wire.h"

#include <stdbool.h>

#include <masix/error.h>
#include <masix/server.h>

static mach_port_t host; /* set once, before threads start */

void wire_init(void)
{
	kern_return_t result = masix_right(MASIX_RIGHT_HOST, 0, &host);

	if (result != KERN_SUCCESS) {
		host = MACH_PORT_NULL;
		masix_log("no host right, threads are not wired: %s", masix_strerror(result));
	}
}

void wire_thread(void)
{
	static __thread bool done;

	if (done)
		return;
	done = true;
	if (MACH_PORT_VALID(host) && masix_wire_thread(host) != KERN_SUCCESS)
		masix_log("a thread could not be wired");
}
