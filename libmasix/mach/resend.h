/* Calls whose server died with them.  The kernel answers such a call with a notification, and what the server leaves
 * behind may be served by another: the call is made again, since nobody has done what it asks. */
#ifndef LIBMASIX_RESEND_H
#define LIBMASIX_RESEND_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/notify.h>

#include <masix/mach.h>

#define RESEND_DEATHS 3 /* a request that kills its server shall not do so for ever */

struct resend {
	mach_msg_header_t request; /* the reply comes where it was */
	unsigned deaths;
};

/* What `message` holds came for the call that `resend` remembers: nonzero if it has to be made again, and then
 * `message` is the request as it was.  Not one that moved rights or memory: it has them no more. */
int resend_prepare(struct resend *resend, mach_msg_header_t *message);

static inline void resend_begin(
	struct resend *resend, const mach_msg_header_t *message, mach_msg_size_t size)
{
	resend->request = *message;
	resend->request.msgh_size = size; /* stubs leave that to the kernel */
	resend->deaths = 0;
}

/* A request and the wait for its reply, not a reply and the wait for the next request. */
static inline int resend_is_call(
	const mach_msg_header_t *message, mach_msg_option_t option, mach_port_t receive_name)
{
	return (option & (MACH_SEND_MSG | MACH_RCV_MSG)) == (MACH_SEND_MSG | MACH_RCV_MSG) &&
	       message->msgh_local_port == receive_name;
}

/* Did it bring something else than a reply?  Both have a header only. */
static inline int resend_is_due(const mach_msg_header_t *received)
{
	return received->msgh_size == sizeof *received &&
	       (received->msgh_id == MACH_NOTIFY_SEND_ONCE ||
		       received->msgh_id == MASIX_CALL_AGAIN);
}

#endif
