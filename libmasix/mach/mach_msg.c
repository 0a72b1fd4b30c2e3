/* mach_msg over the trap: going on after interruptions and deaths of servers, and the thread's bounds on sends and calls. */
#include <masix/mach.h>

#include "mach/resend.h"
#include "mach/traps.h"
#include "vector/thread.h"

static mach_msg_return_t transfer(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify)
{
	mach_msg_option_t trap_option = option & ~(MACH_SEND_INTERRUPT | MACH_RCV_INTERRUPT);
	mach_msg_return_t result;

	if (option & MACH_SEND_MSG)
		vector_task.messages++;
	/* MIG gives simple routines no timeout; the thread's bound supplies it. */
	if ((option & (MACH_SEND_MSG | MACH_RCV_MSG)) == MACH_SEND_MSG) {
		uint32_t bound = vector_send_bound();

		if (bound != VECTOR_SEND_UNBOUND && !(option & MACH_SEND_TIMEOUT)) {
			trap_option |= MACH_SEND_TIMEOUT;
			timeout = bound;
		}
	}

	do
		result = trap_mach_msg(message, trap_option, send_size, receive_size, receive_name,
			timeout, notify);
	while (result == MACH_SEND_INTERRUPTED && !(option & MACH_SEND_INTERRUPT));

	/* Sent; only the receive half is left. */
	while (result == MACH_RCV_INTERRUPTED && !(option & MACH_RCV_INTERRUPT))
		result = trap_mach_msg(message, trap_option & ~(MACH_SEND_MSG | MACH_SEND_TIMEOUT),
			0, receive_size, receive_name, timeout, notify);
	return result;
}

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify)
{
	struct resend resend;
	mach_msg_return_t result;

	if (!resend_is_call(message, option, receive_name))
		return transfer(
			message, option, send_size, receive_size, receive_name, timeout, notify);
	if (vector_call_bound() != 0 && !(option & (MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT))) {
		option |= MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT;
		timeout = vector_call_bound();
	}
	resend_begin(&resend, message, send_size);
	do
		result = transfer(
			message, option, send_size, receive_size, receive_name, timeout, notify);
	while (result == MACH_MSG_SUCCESS && resend_is_due(message) &&
		resend_prepare(&resend, message));
	return result;
}

mach_port_t mach_reply_port(void)
{
	return trap_reply_port();
}

mach_port_t mach_thread_self(void)
{
	return trap_thread_self();
}
