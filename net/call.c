#include "call.h"

#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/foreign.h>
#include <masix/mach.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "io_reply.h"
#include "lwip/timeouts.h"
#include "mach.h"
#include "mach_port.h"
#include "socket_reply.h"
#include "sockets.h"

#define ONCE MACH_MSG_TYPE_MOVE_SEND_ONCE
#define CALLS_MAX 64 /* that wait on one socket */

struct call call_make(enum call_kind kind, mach_port_t reply, uint32_t token, int flags)
{
	return (struct call){
		.kind = kind,
		.reply = reply,
		.token = token,
		.nonblock = (flags & MASIX_IO_NONBLOCK) != 0,
		.peek = (flags & MASIX_SOCKET_PEEK) != 0,
	};
}

kern_return_t call_foreign(struct call *call, const char *data, uint32_t length)
{
	static struct masix_foreign foreign = { .most = 1 };
	void *copy;
	kern_return_t kr = length <= MASIX_BULK_MAX
				   ? masix_foreign_copy(&foreign, data, length, &copy)
				   : MASIX_E_MESSAGE_SIZE;

	if (kr == KERN_SUCCESS) {
		call->data = copy;
		call->length = length;
	}
	return kr;
}

void call_foreign_end(struct call *call, const char *data, uint32_t length, kern_return_t kr)
{
	if (call->data != NULL)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)call->data, length);
	if ((kr == KERN_SUCCESS || kr == MIG_NO_REPLY) && length > 0)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)data, length);
}

bool call_receives(const struct call *call)
{
	return call->kind <= CALL_RECEIVE_LARGE;
}

static bool call_sends(const struct call *call)
{
	return call->kind >= CALL_WRITE && call->kind <= CALL_SEND_LARGE;
}

static bool is_large(const struct call *call)
{
	return call->kind == CALL_READ_LARGE || call->kind == CALL_RECEIVE_LARGE;
}

bool call_buffer(struct call *call, uint32_t count)
{
	vm_address_t pages = 0;

	if (count == 0 || call->buffer != NULL)
		return true;
	if (!is_large(call)) {
		call->buffer = malloc(count);
	} else if (vm_allocate(mach_task_self(), &pages, count, TRUE) == KERN_SUCCESS) {
		call->buffer = (char *)pages;
	}
	return call->buffer != NULL;
}

/* --- Trying and parking; core lock held --- */

static bool is_wanted(const struct call *call)
{
	mach_port_type_t type;

	return mach_port_type(mach_task_self(), call->reply, &type) == KERN_SUCCESS &&
	       (type & MACH_PORT_TYPE_SEND_ONCE) != 0;
}

static void unpark(struct call **at)
{
	struct call *call = *at;

	*at = call->next;
	call->socket->call_count--;
	sys_untimeout(socket_call_is_late, call);
	core_answer(call);
}

void calls_retry(struct socket *socket)
{
	struct call **at = &socket->calls;

	while (*at != NULL) {
		struct call *call = *at;

		/* What it takes would be lost with a caller that was killed. */
		if (call_receives(call) && (socket_ready(socket) & MASIX_POLL_IN) &&
			!is_wanted(call)) {
			call->result = MASIX_E_INTERRUPTED;
			unpark(at);
		} else if (socket_try(socket, call)) {
			unpark(at);
		} else {
			at = &call->next;
		}
	}
}

bool calls_end(struct socket *socket, const uint32_t *token, kern_return_t result)
{
	struct call **at = &socket->calls;
	bool found = false;

	while (*at != NULL) {
		if (token != NULL && (*at)->token != *token) {
			at = &(*at)->next;
			continue;
		}
		/* Of a stream a part may have been sent. */
		(*at)->result = call_sends(*at) && (*at)->count > 0 ? KERN_SUCCESS : result;
		unpark(at);
		found = true;
	}
	return found;
}

void socket_call_is_late(void *argument)
{
	struct call *call = argument;
	struct call **at = &call->socket->calls;

	while (*at != call)
		at = &(*at)->next;
	call->result = MASIX_E_WOULD_BLOCK;
	unpark(at);
}

static kern_return_t park(struct socket *socket, const struct call *call)
{
	uint32_t timeout = call_sends(call) || call->kind == CALL_CONNECT ? socket->send_timeout
									  : socket->receive_timeout;
	struct call *parked = NULL, **last = &socket->calls;

	if (socket->call_count == CALLS_MAX)
		return MASIX_E_LIMIT;
	parked = malloc(sizeof *parked + (call_sends(call) ? call->length : 0));
	if (parked == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*parked = *call;
	parked->is_parked = true;
	parked->buffer = NULL;
	if (call_sends(call)) {
		memcpy(parked + 1, call->data, call->length);
		parked->data = (const char *)(parked + 1);
	}
	masix_object_ref(&socket->object);
	parked->socket = socket;
	parked->next = NULL;
	while (*last != NULL)
		last = &(*last)->next;
	*last = parked;
	socket->call_count++;
	if (timeout != 0 && call->kind != CALL_POLL)
		sys_timeout(timeout, socket_call_is_late, parked);
	return MIG_NO_REPLY;
}

static kern_return_t try_or_park(struct socket *socket, struct call *call)
{
	kern_return_t result;

	core_enter();
	if (socket->is_closed)
		result = KERN_INVALID_ARGUMENT;
	else if (socket_try(socket, call))
		result = call->result;
	else if (call->kind == CALL_POLL && call->nonblock)
		result = KERN_SUCCESS;
	else if (call->nonblock)
		result = call->kind == CALL_CONNECT ? MASIX_E_IN_PROGRESS : MASIX_E_WOULD_BLOCK;
	else
		result = park(socket, call);
	core_leave();
	return result;
}

kern_return_t call_serve(mach_port_t port, struct call *call, mach_msg_type_name_t reply_type)
{
	const bool can_answer =
		MACH_PORT_VALID(call->reply) && reply_type == MACH_MSG_TYPE_PORT_SEND_ONCE;
	struct socket *socket = can_answer ? socket_get(port) : NULL;
	kern_return_t kr;

	if (socket == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = try_or_park(socket, call);
	socket_put(socket);
	return kr;
}

/* --- Answering --- */

static kern_return_t send_reply(struct call *c, mach_port_t accepted)
{
	struct masix_socket_info info = { .full = c->full };

	if (c->has_sender) {
		info.name_length = sizeof c->sender;
		memcpy(info.name, &c->sender, sizeof c->sender);
	}
	switch (c->kind) {
	case CALL_READ:
		return io_read_reply(c->reply, ONCE, c->result, c->buffer, c->count);
	case CALL_READ_LARGE:
		return io_read_large_reply(c->reply, ONCE, c->result, c->buffer, c->count);
	case CALL_RECEIVE:
		return socket_receive_reply(
			c->reply, ONCE, c->result, info, NULL, 0, NULL, 0, c->buffer, c->count);
	case CALL_RECEIVE_LARGE:
		return socket_receive_large_reply(
			c->reply, ONCE, c->result, info, NULL, 0, NULL, 0, c->buffer, c->count);
	case CALL_WRITE:
		return io_write_reply(c->reply, ONCE, c->result, c->count, 0);
	case CALL_WRITE_LARGE:
		return io_write_large_reply(c->reply, ONCE, c->result, c->count, 0);
	case CALL_SEND:
		return socket_send_reply(c->reply, ONCE, c->result, c->count);
	case CALL_SEND_LARGE:
		return socket_send_large_reply(c->reply, ONCE, c->result, c->count);
	case CALL_POLL:
		return io_poll_reply(c->reply, ONCE, c->result, c->ready);
	case CALL_CONNECT:
		return socket_connect_reply(c->reply, ONCE, c->result);
	case CALL_ACCEPT:
		return socket_accept_reply(c->reply, ONCE, c->result, accepted);
	}
	return KERN_INVALID_ARGUMENT;
}

static void free_buffer(struct call *call, bool is_sent)
{
	if (call->buffer == NULL)
		return;
	if (!is_large(call))
		free(call->buffer);
	else if (!is_sent)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)call->buffer, call->count);
}

void call_answer(struct call *call)
{
	mach_port_t accepted = MACH_PORT_NULL;
	kern_return_t kr;

	if (call->accepted != NULL)
		call->result = socket_hand_out(call->accepted, &accepted);
	kr = send_reply(call, accepted);
	if (kr != KERN_SUCCESS) { /* the caller died: its right is a dead name */
		(void)mach_port_deallocate(mach_task_self(), call->reply);
		if (accepted != MACH_PORT_NULL)
			(void)mach_port_deallocate(mach_task_self(), accepted);
	}
	free_buffer(call, kr == KERN_SUCCESS);
	masix_object_put(&call->socket->object);
	free(call);
}
