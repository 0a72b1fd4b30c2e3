/* A watch over ACS, by servers that can stop the machine. */
#include <mach/mig_errors.h>
#include <pthread.h>
#include <stdbool.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "server/log.h"
#include "start/start.h"

#define ACS_ALIVE 500013 /* acs_session.defs; the stub has no time-outs */
#define PAUSE_MS 2000	 /* by the kernel's ticks: a machine that stood still has not been silent */
#define SILENCE 15	 /* turns without a sign of life */

static void (*lost)(const char *why);

/* Without waiting for the answer. */
static mach_msg_return_t ask(mach_port_t reply)
{
	mach_msg_header_t message = {
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
		.msgh_size = sizeof message,
		.msgh_remote_port = start.session,
		.msgh_local_port = reply,
		.msgh_id = ACS_ALIVE,
	};

	return mach_msg(&message, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0,
		MACH_PORT_NULL, PAUSE_MS, MACH_PORT_NULL);
}

/* What has come to the port, or comes soon: an answer of ACS, or the kernel's word that there will be none. */
static mach_msg_return_t receive(mach_port_t port, bool *is_answer)
{
	union {
		mig_reply_header_t header;
		char bytes[256];
	} in;
	mach_msg_return_t result = mach_msg(&in.header.Head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
		sizeof in, port, PAUSE_MS, MACH_PORT_NULL);

	*is_answer = result == MACH_MSG_SUCCESS && in.header.Head.msgh_id == ACS_ALIVE + 100 &&
		     in.header.RetCode == KERN_SUCCESS;
	return result;
}

/* Calls to ACS fail from now on, as far as they have not been made: one that is frozen would never answer. */
static void end(const char *why)
{
	start.session = MACH_PORT_NULL;
	lost(why);
}

static void *guard(void *unused)
{
	const mach_port_t reply = mach_reply_port(), never = mach_reply_port();
	bool asked = false, is_answer = false;
	unsigned silent = 0;

	(void)unused;
	while (silent < SILENCE) {
		mach_msg_return_t result = KERN_SUCCESS;

		if (!asked)
			result = ask(reply);
		if (result == MACH_SEND_INVALID_DEST) {
			end("acs has died");
			return NULL;
		}
		asked = result == MACH_MSG_SUCCESS;
		if (asked)
			asked = receive(reply, &is_answer) != MACH_MSG_SUCCESS;
		if (is_answer) {
			silent = 0;
			(void)receive(never, &is_answer);
		} else {
			silent++;
		}
	}
	end("acs does not answer");
	return NULL;
}

kern_return_t masix_guard_acs(void (*function)(const char *why))
{
	pthread_t thread;

	lost = function;
	/* Without ACS it could not be found any more when there is something to say. */
	if (start.sink == NULL)
		(void)log_console();
	return pthread_create(&thread, NULL, guard, NULL) == 0 ? KERN_SUCCESS
							       : KERN_RESOURCE_SHORTAGE;
}
