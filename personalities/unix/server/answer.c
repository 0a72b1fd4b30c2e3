#include "answer.h"

#include <mach.h>
#include <mach_port.h>
#include <string.h>

#include <io_reply.h>
#include <process_reply.h>
#include <socket_reply.h>
#include <tty_reply.h>

#include <masix/mach.h>

#include "socket_files.h"
#include "wait.h"

#define ONCE MACH_MSG_TYPE_MOVE_SEND_ONCE

kern_return_t reply_check(mach_port_t reply, mach_msg_type_name_t type)
{
	return reply != MACH_PORT_NULL && reply != MACH_PORT_DEAD &&
			       type == MACH_MSG_TYPE_PORT_SEND_ONCE
		       ? KERN_SUCCESS
		       : KERN_INVALID_ARGUMENT;
}

bool answer_is_wanted(mach_port_t reply)
{
	mach_port_type_t type;

	return mach_port_type(mach_task_self(), reply, &type) == KERN_SUCCESS &&
	       (type & MACH_PORT_TYPE_SEND_ONCE) != 0;
}

/* The caller died: the right that could not be used is still ours. */
static bool sent(kern_return_t kr, mach_port_t reply)
{
	if (kr != KERN_SUCCESS)
		mach_port_deallocate(mach_task_self(), reply);
	return kr == KERN_SUCCESS;
}

void answer_waiter(const struct waiter *w)
{
	const struct wait_result *r = &w->result;

	switch (w->kind) {
	case WAITER_CHILD:
		sent(process_wait_reply(w->reply, ONCE, r->error, r->pid, r->status, r->uid,
			     r->usage, r->signals),
			w->reply);
		break;
	case WAITER_EXEC:
		sent(process_wait_exec_reply(w->reply, ONCE, r->error), w->reply);
		break;
	case WAITER_STOP:
		sent(process_stop_reply(w->reply, ONCE, r->error), w->reply);
		break;
	}
}

void answer_fifo(mach_port_t reply, kern_return_t result, mach_port_t object)
{
	kern_return_t kr = process_open_fifo_reply(reply, ONCE, result, object);

	sent(kr, reply);
	if (kr != KERN_SUCCESS && object != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), object);
}

void answer_network_socket(mach_port_t reply, kern_return_t result, mach_port_t socket)
{
	kern_return_t kr = process_network_socket_reply(reply, ONCE, result, socket);

	sent(kr, reply);
	if (kr != KERN_SUCCESS && socket != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), socket);
}

void answer_records(mach_port_t reply, kern_return_t result)
{
	sent(process_lock_records_reply(reply, ONCE, result), reply);
}

bool answer_read(mach_port_t reply, kern_return_t result, const char *data, uint32_t count)
{
	return sent(io_read_reply(reply, ONCE, result, data, count), reply);
}

void answer_read_large(mach_port_t reply, kern_return_t result, char *data, uint32_t count)
{
	kern_return_t kr = io_read_large_reply(reply, ONCE, result, data, count);

	sent(kr, reply);
	if (kr != KERN_SUCCESS && count > 0)
		vm_deallocate(mach_task_self(), (vm_address_t)data, count);
}

void answer_write(mach_port_t reply, kern_return_t result, uint32_t count)
{
	sent(io_write_reply(reply, ONCE, result, count, 0), reply);
}

void answer_write_large(mach_port_t reply, kern_return_t result, uint32_t count)
{
	sent(io_write_large_reply(reply, ONCE, result, count, 0), reply);
}

void answer_poll(mach_port_t reply, kern_return_t result, int ready)
{
	sent(io_poll_reply(reply, ONCE, result, ready), reply);
}

void answer_socket_accept(mach_port_t reply, kern_return_t result, mach_port_t accepted)
{
	kern_return_t kr = socket_accept_reply(reply, ONCE, result, accepted);

	sent(kr, reply);
	if (kr != KERN_SUCCESS && accepted != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), accepted);
}

void answer_socket_connect(mach_port_t reply, kern_return_t result)
{
	sent(socket_connect_reply(reply, ONCE, result), reply);
}

void answer_socket_send(mach_port_t reply, kern_return_t result, bool is_large, uint32_t count)
{
	sent(is_large ? socket_send_large_reply(reply, ONCE, result, count)
		      : socket_send_reply(reply, ONCE, result, count),
		reply);
}

/* The message takes a copy in pages of its own. */
static kern_return_t answer_receive_large(mach_port_t reply, kern_return_t result,
	const struct socket_delivery *d, const char *data, uint32_t count)
{
	vm_address_t pages = 0;

	if (count > 0 && vm_allocate(mach_task_self(), &pages, count, TRUE) != KERN_SUCCESS)
		return KERN_RESOURCE_SHORTAGE;
	memcpy((void *)pages, data, count);

	kern_return_t kr = socket_receive_large_reply(reply, ONCE, result, d->info, d->files,
		d->count * sizeof(struct masix_socket_file), d->rights, d->count, (char *)pages,
		count);

	if (kr != KERN_SUCCESS && count > 0)
		vm_deallocate(mach_task_self(), pages, count);
	return kr;
}

void answer_socket_receive(mach_port_t reply, kern_return_t result, bool is_large,
	const struct socket_delivery *d, const char *data, uint32_t count)
{
	kern_return_t kr = is_large ? answer_receive_large(reply, result, d, data, count)
				    : socket_receive_reply(reply, ONCE, result, d->info, d->files,
					      d->count * sizeof(struct masix_socket_file),
					      d->rights, d->count, data, count);

	sent(kr, reply);
	if (kr != KERN_SUCCESS)
		socket_delivery_free(d);
}

void answer_tty_read(mach_port_t reply, kern_return_t result, const char *data, uint32_t count)
{
	sent(tty_read_reply(reply, ONCE, result, data, count), reply);
}

void answer_tty_write(mach_port_t reply, kern_return_t result, uint32_t count)
{
	sent(tty_write_reply(reply, ONCE, result, count), reply);
}

void answer_tty_control(mach_port_t reply, kern_return_t result)
{
	static const char nothing[1];

	sent(tty_control_reply(reply, ONCE, result, nothing, 0), reply);
}
