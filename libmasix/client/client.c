#include <masix/client.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <masix/error.h>
#include <masix/proxy.h>

#include "mach/mig_support.h"
#include "mach/resend.h"
#include "mach/traps.h"
#include "mach_port.h"

static mach_port_t task;
static __thread mach_port_t reply_port;
static __thread uint32_t call_timeout; /* ms; 0: none */

/* A child has a name space of its own, where these names mean nothing. */
static void forget_names(void)
{
	task = MACH_PORT_NULL;
	reply_port = MACH_PORT_NULL;
}

__attribute__((constructor)) static void watch_fork(void)
{
	(void)pthread_atfork(NULL, NULL, forget_names);
}

mach_port_t mach_task_self(void)
{
	/* Each trap adds a reference: ask once.  Two threads may both ask; nothing is lost. */
	if (task == MACH_PORT_NULL)
		task = trap_task_self();
	return task;
}

mach_port_t mach_host_self(void)
{
	return trap_host_self();
}

mach_port_t mach_thread_self(void)
{
	return trap_thread_self();
}

mach_port_t mach_reply_port(void)
{
	return trap_reply_port();
}

static mach_msg_return_t transfer(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify)
{
	mach_msg_option_t trap_option = option & ~(MACH_SEND_INTERRUPT | MACH_RCV_INTERRUPT);
	mach_msg_return_t result;

	/* Signals interrupt: the handler has run, the call goes on. */
	do
		result = trap_mach_msg(message, trap_option, send_size, receive_size, receive_name,
			timeout, notify);
	while (result == MACH_SEND_INTERRUPTED && !(option & MACH_SEND_INTERRUPT));
	while (result == MACH_RCV_INTERRUPTED && !(option & MACH_RCV_INTERRUPT))
		result = trap_mach_msg(message, trap_option & ~(MACH_SEND_MSG | MACH_SEND_TIMEOUT),
			0, receive_size, receive_name, timeout, notify);
	return result;
}

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify)
{
	int is_call = resend_is_call(message, option, receive_name);
	struct resend resend;
	mach_msg_return_t result;

	if (is_call && call_timeout != 0 && !(option & (MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT))) {
		option |= MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT;
		timeout = call_timeout;
	}
	if (is_call)
		resend_begin(&resend, message, send_size);
	do
		result = transfer(
			message, option, send_size, receive_size, receive_name, timeout, notify);
	while (is_call && result == MACH_MSG_SUCCESS && resend_is_due(message) &&
		resend_prepare(&resend, message));
	return result;
}

mach_port_t mig_get_reply_port(void)
{
	if (reply_port == MACH_PORT_NULL)
		reply_port = trap_reply_port();
	return reply_port;
}

void mig_dealloc_reply_port(mach_port_t port)
{
	if (port == MACH_PORT_NULL || port != reply_port)
		return;
	reply_port = MACH_PORT_NULL;
	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}

static kern_return_t private_call(long number, mach_port_t *port)
{
	long result = syscall(number);

	if (result == -1)
		return errno == ENOSYS ? MASIX_E_NOT_SUPPORTED : MASIX_E_DENIED;
	*port = (mach_port_t)result;
	return KERN_SUCCESS;
}

void masix_proxy_set_timeout(uint32_t ms)
{
	call_timeout = ms;
}

kern_return_t masix_client_acs(mach_port_t *acs)
{
	return private_call(MASIX_CALL_ACS, acs);
}

kern_return_t masix_client_process(mach_port_t *process)
{
	return private_call(MASIX_CALL_PROCESS, process);
}
