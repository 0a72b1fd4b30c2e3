/* The prover: a server that does for the test what only another server can do. */
#include "prover.h"

#include <device/device_types.h>
#include <masix/authenticate.h>
#include <masix/error.h>
#include <masix/server.h>

#include "counter.h"
#include "counter_server.h"
#include "device.h"
#include "mach_host.h"
#include "mach_port.h"

static const struct masix_class prover_class = { .name = "prover" };
static struct masix_object prover;
static mach_port_t given; /* by acs_boot, to this server alone */

static int authenticate(void)
{
	struct masix_peer peer;
	kern_return_t kr = masix_authenticate("acs_boot/gate", &peer, &given);

	masix_log(
		"acs_boot/gate is %s, session %u: %s", peer.name, peer.session, masix_strerror(kr));
	return kr;
}

/* How many rights ACS gives. */
static int ask_acs(void)
{
	mach_port_t right;
	int got = 0, which;
	uint32_t arg;

	for (which = 0; which < 12; which++)
		for (arg = 0; arg < 3; arg++)
			got += masix_right(which, arg, &right) == KERN_SUCCESS;
	got += masix_right(MASIX_RIGHT_IO_PORTS, 0xffff, &right) == KERN_SUCCESS;
	got += masix_right(MASIX_RIGHT_IO_PORTS, 0x70u << 16 | 0x71, &right) == KERN_SUCCESS;
	return got;
}

/* How many of the ports that this task holds, however it came by them, are the kernel's privileged ones. */
static int search_ports(void)
{
	mach_port_t *names, *processors, device;
	mach_port_type_t *types;
	mach_msg_type_number_t count, type_count, processor_count, i;
	int got = 0;

	if (mach_port_names(mach_task_self(), &names, &count, &types, &type_count) != KERN_SUCCESS)
		return -1;
	for (i = 0; i < count; i++) {
		/* Of its own ports, it knows what they are. */
		if ((types[i] & (MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_RECEIVE)) !=
			MACH_PORT_TYPE_SEND)
			continue;
		got += host_processors(names[i], &processors, &processor_count) == KERN_SUCCESS;
		got += device_open(names[i], D_READ, "time", &device) == KERN_SUCCESS;
	}
	return got;
}

kern_return_t S_counter_add(mach_port_t port, int amount, int *total)
{
	mach_port_t none;

	(void)port;
	switch (amount) {
	case PROVER_AUTHENTICATE:
		*total = authenticate();
		return KERN_SUCCESS;
	case PROVER_USE:
		if (counter_add(given, 7, total) != KERN_SUCCESS)
			*total = -1;
		return KERN_SUCCESS;
	case PROVER_GREED:
		*total = ask_acs() + search_ports();
		return KERN_SUCCESS;
	case PROVER_FORBIDDEN:
		*total = masix_authenticate("acs_boot", NULL, &none);
		return KERN_SUCCESS;
	}
	return MASIX_E_INVALID;
}

kern_return_t S_counter_crash(mach_port_t port)
{
	(void)port;
	return MASIX_E_NOT_SUPPORTED;
}

/* It wants proofs too, and admits nobody. */
static kern_return_t admit(mach_port_t port, const struct masix_peer *peer, mach_port_t *right)
{
	(void)port;
	(void)peer;
	(void)right;
	return MASIX_E_DENIED;
}

static masix_routine_t demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)counter_server_routine(in);
}

int main(void)
{
	static const uint32_t interfaces[] = { 600000 };
	static const masix_demux_t demuxers[] = { demux, masix_authentication_demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1,
		.name = "prover",
	};
	kern_return_t kr = masix_object_init(&prover, &prover_class);

	masix_authentication_serve(admit);
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, prover.port);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_pool_run(&options);
}
