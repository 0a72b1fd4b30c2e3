/* The console server: acquire, wire, run; or go on after the death of the one before. */
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "console_server.h"
#include "io_server.h"
#include "mach_host.h"
#include "mach_port.h"
#include "state.h"

#define CONSOLE_SUBSYSTEM 501800
#define PAGE 4096u
#define KEPT_SIZE ((sizeof(struct console) + PAGE - 1) & ~(PAGE - 1))
#define KEPT_MAGIC 0x636f6e73u

static struct console *const console = (struct console *)MASIX_KEEP_BASE;
static mach_port_t host_priv;

static void need(kern_return_t kr, const char *what)
{
	if (kr)
		masix_fatal("%s: %s", what, masix_strerror(kr));
}

static void begin(mach_port_t device_master)
{
	kern_return_t kr;

	console->link.workers = console->workers;
	need(system_log_start(&console->log, device_master), "cannot open the kernel's console");
	kr = host_link_start(&console->link, &console->log, host_priv);
	if (!kr) {
		system_log_printf(&console->log, "console: host channel is up");
	} else if (kr == MASIX_E_NO_DEVICE) {
		system_log_printf(&console->log, "console: no host channel; using the serial line");
		kr = serial_line_start(&console->link, &console->log, device_master);
	}
	need(kr, "cannot start the host channel");
	need(masix_object_init(&console->object, &console_class), "no port");
	need(masix_object_init(&console->log_view.object, &log_view_class), "no port");
	console->log_view.console = console;
	console->port = console->object.port;
	console->log_port = console->log_view.object.port;
	console->magic = KEPT_MAGIC;
}

static kern_return_t adopt(struct masix_estate *estate, struct masix_object *object,
	const struct masix_class *class, mach_port_t port)
{
	return masix_estate_take(estate, port, MACH_PORT_TYPE_RECEIVE)
		       ? masix_object_adopt(object, class, port)
		       : MASIX_E_NOT_FOUND;
}

static void go_on(mach_port_t device_master, struct masix_estate *estate)
{
	need(system_log_adopt(&console->log, device_master), "cannot go on with the log");
	need(adopt(estate, &console->object, &console_class, console->port), "no port left");
	need(adopt(estate, &console->log_view.object, &log_view_class, console->log_port),
		"no port left");
	need(adopt_channels(console, estate), "cannot go on with the channels");
	need(console->link.is_serial
			? serial_line_adopt(&console->link, &console->log, device_master, estate)
			: host_link_adopt(&console->link, &console->log, host_priv, estate),
		"cannot go on with the host channel");
	system_log_printf(&console->log, "console: goes on");
}

/* --- The end of ACS --- */

#define GRACE_SECONDS 60 /* for a personality that stops the machine in order */
#define KERNEL_REBOOT 0

/* A machine on which nothing can be started or found shall not go on for ever. */
static void lost_acs(const char *why)
{
	static const struct timespec grace = { .tv_sec = GRACE_SECONDS };

	system_log_printf(&console->log, "console: %s", why);
	(void)nanosleep(&grace, NULL);
	(void)host_reboot(host_priv, KERNEL_REBOOT);
}

/* Its contents count until the link has been recovered; each worker begins anew. */
static void *worker_memory(size_t size)
{
	static unsigned given;
	char *memory = console->workers + given * CONSOLE_WORKER_BYTES;

	if (given == CONSOLE_WORKERS || size > CONSOLE_WORKER_BYTES)
		return NULL;
	given++;
	return memset(memory, 0, size);
}

int main(void)
{
	static const masix_demux_t demux[] = { io_server_routine, console_server_routine, NULL };
	static const struct masix_pool_options options = {
		.demux = demux,
		.workers = CONSOLE_WORKERS,
		.name = "console",
		.memory = worker_memory,
	};
	static const uint32_t interfaces[] = { CONSOLE_SUBSYSTEM };
	mach_port_t device_master;
	struct masix_estate *estate = NULL;
	bool again;

	need(masix_keep(MASIX_KEEP_BASE, KEPT_SIZE, &again), "cannot keep anything");
	need(masix_right(MASIX_RIGHT_DEVICE, 0, &device_master), "no device right");
	need(masix_right(MASIX_RIGHT_HOST, 0, &host_priv), "no host right");
	if (again && console->magic == KEPT_MAGIC) {
		need(masix_inherit(&estate), "nothing to inherit");
		go_on(device_master, estate);
	} else {
		if (again) /* he died before there was anything */
			memset(console, 0, sizeof *console);
		begin(device_master);
	}
	need(masix_register(NULL, MASIX_ROLE_SERVER, interfaces, 1, console->port),
		"cannot register");
	need(masix_register("log", MASIX_ROLE_CLIENT, interfaces, 1, console->log_port),
		"cannot register");
	masix_estate_end(estate);
	need(masix_guard_acs(lost_acs), "cannot watch acs");
	need(masix_ready(), "cannot get ready");
	(void)mach_port_deallocate(mach_task_self(), device_master);
	masix_pool_run(&options);
}
