/* watch: the coming and going of a name. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acs_client.h"
#include "acs_event_server.h"
#include "json.h"
#include "mach.h"
#include "masix.h"

/* Signals reach a program when it is not inside a Mach trap of its own. */
#define WATCH_SLICE_MS 200

static bool print_as_json; /* for the handler, which has no other way to know */

static const char *const words[] = {
	[MASIX_EVENT_CAME] = "came",
	[MASIX_EVENT_WENT] = "went",
	[MASIX_EVENT_REPLACED] = "replaced",
};

static void print_event(const char *name, int what, uint32_t generation)
{
	char now[32];
	time_t seconds = time(NULL);
	struct tm local;

	strftime(now, sizeof now, "%H:%M:%S", localtime_r(&seconds, &local));
	if (print_as_json) {
		json_open();
		json_object();
		json_string("name", name);
		json_string("time", now);
		json_string("event", words[what]);
		json_number("generation", generation);
		json_close();
	} else if (what == MASIX_EVENT_WENT) {
		printf("%s %s went\n", now, name);
	} else {
		printf("%s %s %s, generation %u\n", now, name,
			what == MASIX_EVENT_REPLACED ? "was replaced" : "is there", generation);
	}
	fflush(stdout);
}

/* From acs_event_server. */
kern_return_t S_acs_event(mach_port_t port, const masix_name_t name, mach_msg_type_number_t length,
	int what, uint32_t generation)
{
	char copy[MASIX_NAME_MAX + 1];

	(void)port;
	if (length > MASIX_NAME_MAX || what < MASIX_EVENT_CAME || what > MASIX_EVENT_REPLACED)
		return KERN_INVALID_ARGUMENT;
	memcpy(copy, name, length);
	copy[length] = '\0';
	print_event(copy, what, generation);
	return KERN_SUCCESS;
}

void command_watch(const struct options *options)
{
	union {
		mach_msg_header_t header;
		mig_reply_header_t reply;
		char bytes[1024];
	} in, out;
	const char *name = options->arguments[0];
	mach_port_t port = mach_reply_port();
	kern_return_t kr = strchr(name, '@') != NULL ? masix_proxy_watch(name, port)
						     : acs_client_watch(acs_port(options), name,
							       name_length(options, name), port);
	unsigned seen = 0;

	print_as_json = options->json;
	if (kr != KERN_SUCCESS)
		die(options, name, "%s", masix_strerror(kr));
	while (options->count == 0 || seen < options->count) {
		mig_routine_t routine;

		kr = mach_msg(&in.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof in, port,
			WATCH_SLICE_MS, MACH_PORT_NULL);
		if (kr == MACH_RCV_TIMED_OUT)
			continue;
		if (kr != MACH_MSG_SUCCESS)
			die(options, name, "%s", masix_strerror(kr));
		/* Only ACS, or the network server, has a right to this port; what it does not know is no event. */
		routine = acs_event_server_routine(&in.header);
		if (routine == NULL)
			continue;
		routine(&in.header, &out.header);
		seen++;
	}
}
