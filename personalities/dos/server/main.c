/* The DOS server: makes the machines. */
#include <masix/error.h>
#include <masix/object.h>
#include <masix/server.h>

#include "dos_machine_server.h"
#include "exc_server.h"
#include "foreign_program_server.h"
#include "image.h"
#include "machines.h"

#define WORKERS 3

static masix_routine_t program_demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)foreign_program_server_routine(in);
}

static masix_routine_t machine_demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)machine_server_routine(in);
}

static masix_routine_t exception_demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)exc_server_routine(in);
}

int main(void)
{
	static const uint32_t interfaces[] = { 504000 }; /* program */
	static const masix_demux_t demuxers[] = { program_demux, machine_demux, exception_demux,
		NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers, .workers = WORKERS, .name = "dos"
	};
	mach_port_t face, screen;
	kern_return_t kr = image_init();

	if (kr == KERN_SUCCESS)
		kr = machines_init(&face, &screen);
	/* Whoever has waited for the server's own name may want the other one at once. */
	if (kr == KERN_SUCCESS)
		kr = masix_register("screen", MASIX_ROLE_ADMIN, interfaces, 1, screen);
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, face);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_pool_run(&options);
}
