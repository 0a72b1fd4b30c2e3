/* socket.defs, and process_socket, but for what is sent (serve_message.c): checks, finds the sockets, calls the core. */
#include <mach.h>
#include <mach/mig_errors.h>
#include <mach/vm_param.h>
#include <mach_port.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/foreign.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <process_server.h>
#include <socket_server.h>

#include "answer.h"
#include "handed.h"
#include "serve_socket.h"
#include "server.h"
#include "socket_end.h"
#include "socket_files.h"
#include "stuck.h"

/* As SO_PEERCRED tells. */
static struct socket_ids peer_ids(const struct who *who)
{
	return (struct socket_ids){ who->pid, who->credentials.euid, who->credentials.egid };
}

struct socket_end *socket_enter(mach_port_t port, struct sockets **w)
{
	struct socket_end *end = socket_end_get(port);

	if (end == NULL)
		return NULL;
	*w = sockets_lock();
	if (end->socket != NULL)
		return end;
	sockets_unlock();
	socket_end_put(end);
	return NULL;
}

void socket_leave(struct socket_end *end)
{
	sockets_unlock();
	socket_end_put(end);
}

static kern_return_t read_name(const char *bytes, uint32_t length, struct socket_name *name)
{
	if (length > SOCKET_NAME_MAX)
		return MASIX_E_INVALID;
	name->length = length;
	memcpy(name->bytes, bytes, length);
	return KERN_SUCCESS;
}

/* --- Making them --- */

static bool is_kind(int kind)
{
	return kind == SOCKET_STREAM || kind == SOCKET_DATAGRAM || kind == SOCKET_SEQUENCED;
}

kern_return_t S_process_socket(
	mach_port_t proc, int kind, int pair, mach_port_t *first, mach_port_t *second)
{
	struct socket *s[2] = { NULL, NULL };
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	*first = *second = MACH_PORT_NULL;
	if (kr == KERN_SUCCESS && !is_kind(kind))
		kr = MASIX_E_INVALID;
	if (kr != KERN_SUCCESS)
		return kr;
	const struct socket_ids ids = peer_ids(&who);
	struct sockets *w = sockets_lock();

	for (int i = 0; i < (pair ? 2 : 1); i++) {
		s[i] = socket_create(w, kind, &ids);
		if (s[i] != NULL)
			s[i]->created = masix_realtime_ns() / 1000000000;
	}
	if (s[0] != NULL && s[1] != NULL)
		socket_join(s[0], s[1]);
	sockets_unlock();

	kern_return_t results[2] = { KERN_SUCCESS, KERN_SUCCESS };
	mach_port_t *rights[2] = { first, second };

	for (int i = 0; i < (pair ? 2 : 1); i++)
		results[i] =
			s[i] != NULL ? socket_end_create(s[i], rights[i]) : KERN_RESOURCE_SHORTAGE;
	kr = results[0] != KERN_SUCCESS ? results[0] : results[1];
	for (int i = 0; i < 2 && kr != KERN_SUCCESS; i++) {
		if (*rights[i] != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), *rights[i]);
		*rights[i] = MACH_PORT_NULL;
	}
	return kr;
}

/* --- Names --- */

kern_return_t S_socket_bind(mach_port_t port, mach_port_t proc, uint32_t mount, mach_port_t node,
	const masix_name_t bytes, mach_msg_type_number_t length)
{
	struct socket_name name;
	struct handed handed;
	struct sockets *w;
	struct who who;
	kern_return_t kr = read_name(bytes, length, &name);

	if (kr == KERN_SUCCESS)
		kr = caller_identify(proc, &who);
	if (kr != KERN_SUCCESS)
		return kr;
	if (node != MACH_PORT_NULL) {
		handed_identify(node, mount, &handed);
		if (handed.maker != HANDED_FILE || !S_ISSOCK(handed.stat.mode))
			return MASIX_E_INVALID;
		if (handed.stat.uid != who.credentials.euid)
			return MASIX_E_PERMISSION;
	} else if (length > 0 && name.bytes[0] != '\0') {
		return MASIX_E_INVALID;
	}

	struct socket_end *end = socket_enter(port, &w);

	if (end == NULL)
		return NO_OBJECT;
	kr = node != MACH_PORT_NULL ? socket_bind_node(w, end->socket, &name, handed.stat.dev,
					      handed.stat.ino, node)
				    : socket_bind_abstract(w, end->socket, &name);
	socket_leave(end);
	return kr;
}

kern_return_t S_socket_name(
	mach_port_t port, int peer, masix_name_t to, mach_msg_type_number_t *length)
{
	struct socket_name name;
	struct sockets *w;
	struct socket_end *end = socket_enter(port, &w);
	kern_return_t kr = KERN_SUCCESS;

	*length = 0;
	if (end == NULL)
		return NO_OBJECT;
	if (peer)
		kr = socket_get_peer_name(end->socket, &name);
	else
		name = end->socket->name;
	socket_leave(end);
	if (kr == KERN_SUCCESS) {
		*length = name.length;
		memcpy(to, name.bytes, name.length);
	}
	return kr;
}

kern_return_t socket_find_destination(uint32_t mount, mach_port_t node, const char *bytes,
	uint32_t length, struct socket_destination *d)
{
	struct handed handed;
	kern_return_t kr = read_name(bytes, length, &d->name);

	if (kr != KERN_SUCCESS)
		return kr;
	d->is_node = node != MACH_PORT_NULL;
	d->is_given = d->is_node || length > 0;
	if (!d->is_node)
		return d->is_given && bytes[0] != '\0' ? MASIX_E_INVALID : KERN_SUCCESS;
	handed_identify(node, mount, &handed);
	if (handed.maker != HANDED_FILE)
		return MASIX_E_INVALID;
	if (!S_ISSOCK(handed.stat.mode))
		return MASIX_E_REFUSED;
	if ((handed.rights & MASIX_OPEN_WRITE) == 0)
		return MASIX_E_ACCESS;
	d->dev = handed.stat.dev;
	d->ino = handed.stat.ino;
	return KERN_SUCCESS;
}

struct socket *socket_at(const struct sockets *w, const struct socket_destination *d)
{
	return d->is_node ? socket_find_node(w, d->dev, d->ino) : socket_find_abstract(w, &d->name);
}

void socket_drop_node(mach_port_t node, kern_return_t kr)
{
	if (node != MACH_PORT_NULL && (kr == KERN_SUCCESS || kr == MIG_NO_REPLY))
		mach_port_deallocate(mach_task_self(), node);
}

/* --- Connections --- */

kern_return_t S_socket_listen(mach_port_t port, mach_port_t proc, int backlog)
{
	struct sockets *w;
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	if (kr != KERN_SUCCESS)
		return kr;
	const struct socket_ids ids = peer_ids(&who);
	struct socket_end *end = socket_enter(port, &w);

	if (end == NULL)
		return NO_OBJECT;
	kr = socket_listen(w, end->socket, backlog, &ids);
	socket_leave(end);
	return kr;
}

/* Under the lock. */
static kern_return_t connect_to(struct sockets *w, struct socket_end *end,
	const struct io_call *call, const struct socket_destination *d,
	const struct socket_ids *ids)
{
	struct socket *to = d->is_given ? socket_at(w, d) : NULL;
	int error;

	if (!d->is_given) {
		socket_disconnect(w, end->socket);
		return KERN_SUCCESS;
	}
	if (to == NULL)
		return MASIX_E_REFUSED;
	if (socket_connect(w, end->socket, to, ids, call->nonblock, &error) == SOCKET_DONE)
		return error;
	struct socket_call *parked = socket_call_new(end, call, SOCKET_CALL_CONNECT);

	if (parked == NULL)
		return KERN_RESOURCE_SHORTAGE;
	parked->ids = *ids;
	socket_park(w, to, parked);
	return MIG_NO_REPLY;
}

kern_return_t S_socket_connect(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t mount, mach_port_t node,
	const masix_name_t bytes, mach_msg_type_number_t length)
{
	const struct io_call call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 };
	struct socket_destination destination;
	struct sockets *w;
	struct who who;
	kern_return_t kr = reply_check(reply, reply_type);

	if (kr == KERN_SUCCESS)
		kr = caller_identify(proc, &who);
	if (kr == KERN_SUCCESS)
		kr = socket_find_destination(mount, node, bytes, length, &destination);
	if (kr != KERN_SUCCESS)
		return kr;
	const struct socket_ids ids = peer_ids(&who);
	struct socket_end *end = socket_enter(port, &w);

	if (end == NULL)
		return NO_OBJECT;
	kr = connect_to(w, end, &call, &destination, &ids);
	socket_leave(end);
	socket_drop_node(node, kr);
	return kr;
}

kern_return_t S_socket_accept(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t *right)
{
	const struct io_call call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 };
	struct socket *accepted = NULL;
	struct sockets *w;
	int error = reply_check(reply, reply_type);

	*right = MACH_PORT_NULL;
	if (error != KERN_SUCCESS)
		return error;
	struct socket_end *end = socket_enter(port, &w);

	if (end == NULL)
		return NO_OBJECT;
	if (socket_accept(w, end->socket, call.nonblock, &error, &accepted) == SOCKET_WAIT) {
		struct socket_call *parked = socket_call_new(end, &call, SOCKET_CALL_ACCEPT);

		error = parked != NULL ? MIG_NO_REPLY : KERN_RESOURCE_SHORTAGE;
		if (parked != NULL)
			socket_park(w, end->socket, parked);
	}
	socket_leave(end);
	return accepted != NULL ? socket_end_create(accepted, right) : error;
}

kern_return_t S_socket_shutdown(mach_port_t port, int how)
{
	struct sockets *w;
	struct socket_end *end;

	if (how < 1 || how > (SOCKET_SHUT_IN | SOCKET_SHUT_OUT))
		return MASIX_E_INVALID;
	end = socket_enter(port, &w);
	if (end == NULL)
		return NO_OBJECT;
	socket_shutdown(w, end->socket, how);
	socket_leave(end);
	return KERN_SUCCESS;
}

kern_return_t S_socket_close(mach_port_t port)
{
	struct socket_end *end = socket_end_get(port);

	if (end == NULL)
		return NO_OBJECT;
	socket_end_close(end);
	socket_end_put(end);
	return KERN_SUCCESS;
}

/* --- Options --- */

static uint32_t clip(uint32_t value)
{
	if (value > SOCKET_BUFFER)
		return SOCKET_BUFFER;
	return value < SOCKET_BUFFER_MIN ? SOCKET_BUFFER_MIN : value;
}

static bool is_switch(int option)
{
	return option >= MASIX_SOCKET_SWITCH && option < MASIX_SOCKET_SWITCH + 32;
}

static uint32_t switch_bit(int option)
{
	return 1u << (option - MASIX_SOCKET_SWITCH);
}

static kern_return_t set_option(struct socket *s, int option, uint32_t value)
{
	switch (option) {
	case MASIX_SOCKET_SEND_BUFFER:
		s->send_buffer = clip(value);
		return KERN_SUCCESS;
	case MASIX_SOCKET_RECEIVE_BUFFER:
		s->receive_buffer = clip(value);
		return KERN_SUCCESS;
	case MASIX_SOCKET_WANTS_IDS:
		s->wants_ids = value != 0;
		return KERN_SUCCESS;
	default:
		break;
	}
	if (!is_switch(option))
		return MASIX_E_NOT_SUPPORTED;
	s->switches = (s->switches & ~switch_bit(option)) | (value != 0 ? switch_bit(option) : 0);
	return KERN_SUCCESS;
}

/* The number of words, 0: unknown. */
static uint32_t get_option(struct socket *s, int option, uint32_t *to)
{
	switch (option) {
	case MASIX_SOCKET_TYPE:
		to[0] = s->type;
		return 1;
	case MASIX_SOCKET_ERROR:
		to[0] = socket_take_error(s);
		return 1;
	case MASIX_SOCKET_LISTENS:
		to[0] = s->state == SOCKET_LISTENS;
		return 1;
	case MASIX_SOCKET_PEER:
		to[0] = s->peer_ids.pid;
		to[1] = s->peer_ids.pid != 0 ? s->peer_ids.uid : (uint32_t)-1;
		to[2] = s->peer_ids.pid != 0 ? s->peer_ids.gid : (uint32_t)-1;
		return 3;
	case MASIX_SOCKET_SEND_BUFFER:
		to[0] = s->send_buffer;
		return 1;
	case MASIX_SOCKET_RECEIVE_BUFFER:
		to[0] = s->receive_buffer;
		return 1;
	case MASIX_SOCKET_WANTS_IDS:
		to[0] = s->wants_ids;
		return 1;
	default:
		break;
	}
	if (!is_switch(option))
		return 0;
	to[0] = (s->switches & switch_bit(option)) != 0;
	return 1;
}

kern_return_t S_socket_option(mach_port_t port, int option, int set, uint32_t value,
	masix_ids_t current, mach_msg_type_number_t *count)
{
	struct sockets *w;
	struct socket_end *end = socket_enter(port, &w);
	kern_return_t kr = KERN_SUCCESS;

	*count = 0;
	if (end == NULL)
		return NO_OBJECT;
	if (set)
		kr = set_option(end->socket, option, value);
	if (kr == KERN_SUCCESS)
		*count = get_option(end->socket, option, current);
	socket_leave(end);
	return kr == KERN_SUCCESS && *count == 0 ? MASIX_E_NOT_SUPPORTED : kr;
}
