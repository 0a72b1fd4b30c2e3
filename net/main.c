/* The network server: acquire, wire, run. */
#include <masix/error.h>
#include <masix/object.h>
#include <masix/server.h>

#include "core.h"
#include "datagrams_server.h"
#include "face.h"
#include "interface_server.h"
#include "interfaces.h"
#include "io_server.h"
#include "network_server.h"
#include "socket_server.h"
#include "unreachable.h"

#define WORKERS 4
#define NETWORK_SUBSYSTEM 502400
/* Who asked for us waits so long for an address; without one there is loopback. */
#define LEASE_SECONDS 3

static struct masix_object network;

static void serve(void)
{
	static const uint32_t interfaces[] = { NETWORK_SUBSYSTEM };
	kern_return_t kr = masix_object_init(&network, &network_class);

	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_SERVER, interfaces, 1, network.port);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot register: %s", masix_strerror(kr));
}

int main(int argc, char **argv)
{
	static const masix_demux_t demux[] = { io_server_routine, socket_server_routine,
		datagrams_server_routine, interface_server_routine, network_server_routine, NULL };
	static const struct masix_pool_options options = {
		.demux = demux,
		.workers = WORKERS,
		.name = "net",
	};
	struct interfaces_settings settings = { 0 };
	kern_return_t kr = core_start();

	if (kr != KERN_SUCCESS)
		masix_fatal("cannot start the stack: %s", masix_strerror(kr));
	for (int i = 1; i < argc; i++)
		if (!interfaces_argument(&settings, argv[i]))
			masix_fatal("%s: no such setting", argv[i]);
	core_enter();
	kr = unreachable_start();
	core_leave();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot listen to ICMP: %s", masix_strerror(kr));
	interfaces_start(&settings);
	interfaces_wait(LEASE_SECONDS);
	serve();
	masix_pool_run(&options);
}
