/* meter: a server with a pool, and beside it the least that can answer a message. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "mach_port.h"
#include "meter_server.h"

#define ID 601400

static const struct masix_class meter_class = { .name = "meter" };
static struct masix_object meter;
static mach_port_t bare; /* receive right of the thread below */
static unsigned names;	 /* registered; one caller at a time asks for more */

/* Receives, answers and receives again by one call of the kernel each. */
static void *serve_bare(void *unused)
{
	union {
		mach_msg_header_t header;
		mig_reply_header_t reply;
		char bytes[256];
	} message;
	mach_msg_option_t send = 0;

	(void)unused;
	for (;;) {
		if (mach_msg(&message.header, MACH_RCV_MSG | send, send ? sizeof message.reply : 0,
			    sizeof message, bare, 0, MACH_PORT_NULL) != MACH_MSG_SUCCESS) {
			send = 0;
			continue;
		}
		send = MACH_SEND_MSG;
		message.header.msgh_bits =
			MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(message.header.msgh_bits), 0);
		message.header.msgh_local_port = MACH_PORT_NULL;
		message.header.msgh_id += 100;
		message.reply.RetCodeType =
			(mach_msg_type_t){ .msgt_name = MACH_MSG_TYPE_INTEGER_32,
				.msgt_size = 32,
				.msgt_number = 1,
				.msgt_inline = TRUE };
		message.reply.RetCode = KERN_SUCCESS;
	}
	return NULL;
}

/* The object behind a request's port: what every handler of a server does. */
static kern_return_t check(mach_port_t port)
{
	struct masix_object *object = masix_object_get(port, &meter_class);

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	masix_object_put(object);
	return KERN_SUCCESS;
}

kern_return_t S_meter_null(mach_port_t port)
{
	return check(port);
}

kern_return_t S_meter_bare(mach_port_t port, mach_port_t *right)
{
	*right = bare;
	return check(port);
}

static kern_return_t register_name(const char *suffix)
{
	static const uint32_t interfaces[] = { ID };

	return masix_register(suffix, MASIX_ROLE_CLIENT, interfaces, 1, meter.port);
}

kern_return_t S_meter_register(mach_port_t port, int count, int *us)
{
	const uint64_t begin = masix_monotonic_ns();
	char suffix[16];
	kern_return_t kr = check(port);

	if (kr == KERN_SUCCESS && count <= 0)
		kr = MASIX_E_INVALID;
	for (int i = 0; kr == KERN_SUCCESS && i < count; i++) {
		snprintf(suffix, sizeof suffix, "%u", names++);
		kr = register_name(suffix);
	}
	if (kr == KERN_SUCCESS)
		*us = (int)((masix_monotonic_ns() - begin) / 1000 / (unsigned)count);
	return kr;
}

kern_return_t S_meter_crash(mach_port_t port)
{
	(void)port;
	__builtin_trap();
}

static masix_routine_t demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)meter_server_routine(in);
}

int main(void)
{
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 3,
		.name = "meter",
	};
	pthread_t thread;
	kern_return_t kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &bare);

	if (kr == KERN_SUCCESS)
		kr = masix_object_init(&meter, &meter_class);
	if (kr == KERN_SUCCESS)
		kr = register_name(NULL);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS || pthread_create(&thread, NULL, serve_bare, NULL) != 0)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_pool_run(&options);
}
