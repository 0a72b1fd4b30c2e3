/* The prober: tries what main.c of the fuzzer does on the ports that only servers hold. Started like any other server; it
 * ends when one of its own messages takes away what it lives on. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "prober_server.h"
#include "random.h"
#include "rounds.h"

#define NAMES_MAX 12

static const struct masix_class prober_class = { .name = "prober" };
static struct masix_object prober;
static struct target targets[NAMES_MAX];
static mach_port_t ports[NAMES_MAX];
static unsigned target_count;

static void add(const char *label, mach_port_t port)
{
	snprintf(targets[target_count].label, sizeof targets[0].label, "%s", label);
	targets[target_count].is_own = 1;
	targets[target_count].port = ports[target_count] = port;
	target_count++;
}

static kern_return_t open_targets(void)
{
	static const char *const names[] = { "console", "fs/root", "fs/tmp", "unix", "net",
		"gns/link" };
	mach_port_t port;
	kern_return_t kr;

	add("session", masix_session());
	kr = masix_right(MASIX_RIGHT_CLIENT, 0, &port);
	if (kr == KERN_SUCCESS)
		add("ACS", port);
	if (kr == KERN_SUCCESS)
		kr = masix_right(MASIX_RIGHT_ADMIN, 0, &port);
	if (kr == KERN_SUCCESS)
		add("ACS, admin", port);
	for (size_t i = 0; i < sizeof names / sizeof names[0] && kr == KERN_SUCCESS; i++) {
		kr = masix_lookup(names[i], 1000, &port);
		if (kr == KERN_SUCCESS)
			add(names[i], port);
	}
	surroundings.ports = ports;
	surroundings.port_count = target_count;
	surroundings.is_root = 1;
	return kr;
}

kern_return_t S_prober_try(mach_port_t port, uint32_t seed, uint32_t messages,
	masix_inline_t report, mach_msg_type_number_t *size)
{
	static struct findings found;
	struct masix_object *object = masix_object_get(port, &prober_class);

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	memset(&found, 0, sizeof found);
	surroundings.is_busy = 0;
	random_begin(seed);
	try_well_formed(targets, target_count, &found);
	try_long_arrays(targets, target_count, &found);
	try_spoilt(targets, target_count, messages, &found);
	end_fresh_rights();
	print_findings(&found, report, MASIX_INLINE_MAX);
	*size = strlen(report);
	masix_object_put(object);
	return KERN_SUCCESS;
}

static masix_routine_t demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)prober_server_routine(in);
}

int main(void)
{
	static const uint32_t interfaces[] = { 601000 };
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1, /* the fuzzer has one state */
		.name = "prober",
	};
	kern_return_t kr = open_targets();

	if (kr == KERN_SUCCESS)
		kr = masix_object_init(&prober, &prober_class);
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, prober.port);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_pool_run(&options);
}
