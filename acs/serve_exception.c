/* Exceptions of servers: by these they end, also when they end themselves (libmasix/start/end.c). */
#include <mach/mig_errors.h>
#include <masix/mach.h>
#include <masix/object.h>

#include "mach_port.h"
#include "server.h"
#include "session.h"

#define EXCEPTION_RAISE 2400 /* exc.defs */

/* What the kernel sends. */
struct exception_request {
	mach_msg_header_t header;
	mach_msg_type_t thread_type;
	mach_port_t thread;
	mach_msg_type_t task_type;
	mach_port_t task;
};

static bool is_right(const mach_msg_type_t *type)
{
	return type->msgt_name == MACH_MSG_TYPE_PORT_SEND && type->msgt_size == 32 &&
	       type->msgt_number == 1 && type->msgt_inline && !type->msgt_longform;
}

static void serve(mach_msg_header_t *in, mach_msg_header_t *out)
{
	const struct exception_request *request = (const void *)in;
	mig_reply_header_t *reply = (mig_reply_header_t *)out;
	struct session *session = session_get(in->msgh_local_port);

	reply->RetCode = MIG_BAD_ARGUMENTS;
	if (session == NULL)
		return;
	/* The kernel gives the task's port; the server itself could do so too, and would end as it asks for. */
	if (in->msgh_size >= sizeof *request && in->msgh_bits & MACH_MSGH_BITS_COMPLEX &&
		is_right(&request->thread_type) && is_right(&request->task_type) &&
		server_ended(session, request->task, in->msgh_remote_port) == KERN_SUCCESS) {
		masix_msg_destroy(in, 1);
		reply->RetCode = MIG_NO_REPLY;
	}
	session_put(session);
}

masix_routine_t session_exception_routine(const mach_msg_header_t *in)
{
	return in->msgh_id == EXCEPTION_RAISE ? serve : NULL;
}
