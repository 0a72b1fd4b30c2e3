/* socket.defs on sockets of IP: checks, finds the socket, runs the call. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>

#include "address.h"
#include "core.h"
#include "mach.h"
#include "socket_server.h"
#include "sockets.h"

#define NO_OBJECT KERN_INVALID_ARGUMENT

static kern_return_t read_name(const char *bytes, uint32_t length, struct call *call)
{
	call->has_name = length > 0;
	if (length == 0)
		return KERN_SUCCESS;
	if (length != sizeof call->name)
		return MASIX_E_INVALID;
	memcpy(&call->name, bytes, sizeof call->name);
	return KERN_SUCCESS;
}

kern_return_t S_socket_accept(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t *accepted)
{
	struct call call = call_make(CALL_ACCEPT, reply, token, flags);
	kern_return_t kr = call_serve(port, &call, reply_type);

	*accepted = MACH_PORT_NULL;
	return kr == KERN_SUCCESS ? socket_hand_out(call.accepted, accepted) : kr;
}

kern_return_t S_socket_connect(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t mount, mach_port_t node,
	const masix_name_t name, mach_msg_type_number_t length)
{
	struct call call = call_make(CALL_CONNECT, reply, token, flags);
	kern_return_t kr = read_name(name, length, &call);

	(void)mount;
	if (kr == KERN_SUCCESS && (proc != MACH_PORT_NULL || node != MACH_PORT_NULL))
		kr = MASIX_E_NOT_SUPPORTED;
	return kr == KERN_SUCCESS ? call_serve(port, &call, reply_type) : kr;
}

kern_return_t S_socket_send(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t mount, mach_port_t node,
	const masix_name_t name, mach_msg_type_number_t name_length, masix_socket_ids_t ids,
	const masix_files_t files, mach_msg_type_number_t files_size, masix_rights_t rights,
	mach_msg_type_number_t right_count, const masix_part_t data, mach_msg_type_number_t length,
	uint32_t *sent)
{
	struct call call = call_make(CALL_SEND, reply, token, flags);
	kern_return_t kr = read_name(name, name_length, &call);

	(void)mount, (void)ids, (void)files, (void)files_size, (void)rights;
	if (kr == KERN_SUCCESS &&
		(proc != MACH_PORT_NULL || node != MACH_PORT_NULL || right_count > 0))
		kr = MASIX_E_NOT_SUPPORTED;
	call.data = data;
	call.length = length;
	if (kr == KERN_SUCCESS)
		kr = call_serve(port, &call, reply_type);
	*sent = call.count;
	return kr;
}

kern_return_t S_socket_send_large(mach_port_t port, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, int flags, mach_port_t proc,
	uint32_t mount, mach_port_t node, const masix_name_t name,
	mach_msg_type_number_t name_length, masix_socket_ids_t ids, const masix_files_t files,
	mach_msg_type_number_t files_size, masix_rights_t rights,
	mach_msg_type_number_t right_count, masix_bulk_t data, mach_msg_type_number_t length,
	uint32_t *sent)
{
	struct call call = call_make(CALL_SEND_LARGE, reply, token, flags);
	kern_return_t kr = read_name(name, name_length, &call);

	(void)mount, (void)ids, (void)files, (void)files_size, (void)rights;
	*sent = 0;
	if (kr == KERN_SUCCESS &&
		(proc != MACH_PORT_NULL || node != MACH_PORT_NULL || right_count > 0))
		kr = MASIX_E_NOT_SUPPORTED;
	if (kr == KERN_SUCCESS)
		kr = call_foreign(&call, data, length);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = call_serve(port, &call, reply_type);
	*sent = call.count;
	call_foreign_end(&call, data, length, kr);
	return kr;
}

static void set_info(const struct call *call, masix_socket_info_t *info)
{
	*info = (masix_socket_info_t){ .full = call->full };
	if (call->has_sender) {
		info->name_length = sizeof call->sender;
		memcpy(info->name, &call->sender, sizeof call->sender);
	}
}

kern_return_t S_socket_receive(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t amount, masix_socket_info_t *info,
	masix_bulk_t *files, mach_msg_type_number_t *files_size, masix_rights_t *rights,
	mach_msg_type_number_t *right_count, masix_part_t data, mach_msg_type_number_t *count)
{
	struct call call = call_make(CALL_RECEIVE, reply, token, flags);
	kern_return_t kr;

	*files = NULL;
	*rights = NULL;
	*files_size = *right_count = 0;
	call.amount = amount;
	call.room = MASIX_PART_MAX;
	call.buffer = data;
	kr = proc == MACH_PORT_NULL ? call_serve(port, &call, reply_type) : MASIX_E_NOT_SUPPORTED;
	*count = call.count;
	set_info(&call, info);
	return kr;
}

kern_return_t S_socket_receive_large(mach_port_t port, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, int flags, mach_port_t proc,
	uint32_t amount, masix_socket_info_t *info, masix_bulk_t *files,
	mach_msg_type_number_t *files_size, masix_rights_t *rights,
	mach_msg_type_number_t *right_count, masix_bulk_t *data, mach_msg_type_number_t *count)
{
	struct call call = call_make(CALL_RECEIVE_LARGE, reply, token, flags);
	kern_return_t kr;

	*files = NULL;
	*rights = NULL;
	*files_size = *right_count = 0;
	call.amount = call.room = amount < MASIX_BULK_MAX ? amount : MASIX_BULK_MAX;
	kr = proc == MACH_PORT_NULL ? call_serve(port, &call, reply_type) : MASIX_E_NOT_SUPPORTED;
	*data = call.buffer;
	*count = call.count;
	set_info(&call, info);
	return kr;
}

/* --- What never waits --- */

static struct socket *enter(mach_port_t port)
{
	struct socket *socket = socket_get(port);

	if (socket == NULL)
		return NULL;
	core_enter();
	if (!socket->is_closed)
		return socket;
	core_leave();
	socket_put(socket);
	return NULL;
}

static void leave(struct socket *socket)
{
	core_leave();
	socket_put(socket);
}

kern_return_t S_socket_bind(mach_port_t port, mach_port_t proc, uint32_t mount, mach_port_t node,
	const masix_name_t bytes, mach_msg_type_number_t length)
{
	struct masix_inet_name name;
	struct socket *socket;
	kern_return_t kr;

	(void)mount;
	if (proc != MACH_PORT_NULL || node != MACH_PORT_NULL)
		return MASIX_E_NOT_SUPPORTED;
	if (length != sizeof name)
		return MASIX_E_INVALID;
	memcpy(&name, bytes, sizeof name);
	socket = enter(port);
	if (socket == NULL)
		return NO_OBJECT;
	kr = socket_bind_to(socket, &name);
	leave(socket);
	return kr;
}

kern_return_t S_socket_listen(mach_port_t port, mach_port_t proc, int backlog)
{
	struct socket *socket = proc == MACH_PORT_NULL ? enter(port) : NULL;
	kern_return_t kr;

	if (socket == NULL)
		return proc == MACH_PORT_NULL ? NO_OBJECT : MASIX_E_NOT_SUPPORTED;
	kr = socket->protocol->listen != NULL ? socket->protocol->listen(socket, backlog)
					      : MASIX_E_NOT_SUPPORTED;
	leave(socket);
	return kr;
}

kern_return_t S_socket_shutdown(mach_port_t port, int how)
{
	struct socket *socket = how >= 1 && how <= 3 ? enter(port) : NULL;
	kern_return_t kr;

	if (socket == NULL)
		return how >= 1 && how <= 3 ? NO_OBJECT : MASIX_E_INVALID;
	kr = socket->protocol->shutdown(socket, how);
	socket_changed(socket, MASIX_POLL_IN | MASIX_POLL_OUT);
	leave(socket);
	return kr;
}

kern_return_t S_socket_close(mach_port_t port)
{
	struct socket *socket = enter(port);

	if (socket == NULL)
		return NO_OBJECT;
	socket_close_locked(socket);
	leave(socket);
	return KERN_SUCCESS;
}

kern_return_t S_socket_name(
	mach_port_t port, int peer, masix_name_t to, mach_msg_type_number_t *length)
{
	struct socket *socket = enter(port);
	struct masix_inet_name name;
	kern_return_t kr = KERN_SUCCESS;

	*length = 0;
	if (socket == NULL)
		return NO_OBJECT;
	if (!peer)
		address_write(&socket->local, socket->local_port, socket->family, &name);
	else if (socket->state == SOCKET_CONNECTED)
		address_write(&socket->peer, socket->peer_port, socket->family, &name);
	else
		kr = MASIX_E_NOT_CONNECTED;
	leave(socket);
	if (kr == KERN_SUCCESS) {
		memcpy(to, &name, sizeof name);
		*length = sizeof name;
	}
	return kr;
}

kern_return_t S_socket_option(mach_port_t port, int option, int set, uint32_t value,
	masix_ids_t current, mach_msg_type_number_t *count)
{
	struct socket *socket = enter(port);
	kern_return_t kr = KERN_SUCCESS;

	*count = 0;
	if (socket == NULL)
		return NO_OBJECT;
	if (set)
		kr = options_set(socket, option, value);
	if (kr == KERN_SUCCESS)
		*count = options_get(socket, option, current);
	leave(socket);
	return kr == KERN_SUCCESS && *count == 0 ? MASIX_E_NOT_SUPPORTED : kr;
}
