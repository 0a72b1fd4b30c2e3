#include "mach/resend.h"

#include "object/walk.h"

int resend_prepare(struct resend *resend, mach_msg_header_t *message)
{
	int is_death = message->msgh_id == MACH_NOTIFY_SEND_ONCE;
	mach_msg_header_t received = *message;

	/* All but the header is still there. */
	*message = resend->request;
	if ((!is_death || ++resend->deaths <= RESEND_DEATHS) &&
		!message_moves((const uint32_t *)message, message->msgh_size))
		return 1;
	/* As stubs know it. */
	received.msgh_id = MACH_NOTIFY_SEND_ONCE;
	*message = received;
	return 0;
}
