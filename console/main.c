/* The console server: acquire, wire, run. */
#include <stddef.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "console_server.h"
#include "io_server.h"
#include "mach_port.h"
#include "state.h"

#define WORKERS 3
#define CONSOLE_SUBSYSTEM 501800

static struct console console;

static void acquire(void)
{
	mach_port_t device_master, host_priv;
	kern_return_t kr;

	kr = masix_right(MASIX_RIGHT_DEVICE, 0, &device_master);
	if (kr)
		masix_fatal("no device right: %s", masix_strerror(kr));
	kr = system_log_start(&console.log, device_master);
	if (kr)
		masix_fatal("cannot open the kernel's console: %s", masix_strerror(kr));

	kr = masix_right(MASIX_RIGHT_HOST, 0, &host_priv);
	if (!kr)
		kr = host_link_start(&console.link, &console.log, host_priv);
	if (!kr) {
		system_log_printf(&console.log, "console: host channel is up");
	} else if (kr == MASIX_E_NO_DEVICE) {
		system_log_printf(&console.log, "console: no host channel; using the serial line");
		kr = serial_line_start(&console.link, &console.log, device_master);
	}
	if (kr)
		masix_fatal("cannot start the host channel: %s", masix_strerror(kr));
	(void)mach_port_deallocate(mach_task_self(), device_master);
}

static void serve(void)
{
	static const uint32_t interfaces[] = { CONSOLE_SUBSYSTEM };
	kern_return_t kr;

	kr = masix_object_init(&console.object, &console_class);
	if (!kr)
		kr = masix_register(NULL, MASIX_ROLE_SERVER, interfaces, 1, console.object.port);
	console.log_view.console = &console;
	if (!kr)
		kr = masix_object_init(&console.log_view.object, &log_view_class);
	if (!kr)
		kr = masix_register(
			"log", MASIX_ROLE_CLIENT, interfaces, 1, console.log_view.object.port);
	if (!kr)
		kr = masix_ready();
	if (kr)
		masix_fatal("cannot register: %s", masix_strerror(kr));
}

int main(void)
{
	static const masix_demux_t demux[] = { io_server_routine, console_server_routine, NULL };
	static const struct masix_pool_options options = {
		.demux = demux,
		.workers = WORKERS,
		.name = "console",
	};

	acquire();
	serve();
	masix_pool_run(&options);
}
