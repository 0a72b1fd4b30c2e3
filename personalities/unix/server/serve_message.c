/* socket.defs: what is sent through sockets, and received. */
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

/* --- Sending --- */

static bool is_one_of(uint32_t id, uint32_t real, uint32_t effective, uint32_t saved)
{
	return id == real || id == effective || id == saved;
}

/* Whom the receiver is told: unix(7), SCM_CREDENTIALS. */
static kern_return_t sender_ids(const struct who *who, int flags,
	const struct masix_socket_ids *told, struct socket_ids *ids)
{
	const struct credentials *c = &who->credentials;

	*ids = (struct socket_ids){ who->pid, c->ruid, c->rgid };
	if ((flags & MASIX_SOCKET_IDS) == 0)
		return KERN_SUCCESS;
	if (c->euid != 0 &&
		((int)told->pid != who->pid || !is_one_of(told->uid, c->ruid, c->euid, c->suid) ||
			!is_one_of(told->gid, c->rgid, c->egid, c->sgid)))
		return MASIX_E_PERMISSION;
	*ids = (struct socket_ids){ (int)told->pid, told->uid, told->gid };
	return KERN_SUCCESS;
}

/* What a request to send brings, as both routines have it. */
struct send_request {
	struct io_call call;
	bool is_large;
	int flags;
	mach_port_t proc, node;
	uint32_t mount;
	const char *name, *data;
	uint32_t name_length, length;
	const struct masix_socket_ids *ids;
	const char *files;
	uint32_t files_size;
	mach_port_t *rights; /* memory of the message's */
	uint32_t right_count;
};

/* A datagram tells whose it is. */
static void name_sender(const struct socket *s, struct socket_record *record)
{
	if (s->type != SOCKET_DATAGRAM || s->name.length == 0)
		return;
	record->name = malloc(sizeof(*record->name));
	if (record->name != NULL)
		*record->name = s->name;
}

/* Under the lock; the record is taken if the answer is success or comes later. */
static kern_return_t send_record(struct sockets *w, struct socket_end *end,
	const struct send_request *r, const struct socket_destination *d,
	struct socket_record **record, uint32_t *sent)
{
	struct socket *s = end->socket, *to = d->is_given ? socket_at(w, d) : NULL;
	struct socket_name none = { .length = 0 };
	int error;

	if (s->type == SOCKET_DATAGRAM && d->is_given && to == NULL)
		return MASIX_E_REFUSED;
	if (s->type == SOCKET_STREAM && d->is_given)
		return s->state == SOCKET_CONNECTED ? MASIX_E_CONNECTED : MASIX_E_NOT_SUPPORTED;
	if (s->type == SOCKET_SEQUENCED)
		to = NULL; /* as in Linux */
	if ((*record)->right_count > 0 &&
		sockets_in_flight(w, (*record)->ids.uid) + (*record)->right_count >
			SOCKET_IN_FLIGHT_MAX)
		return MASIX_E_LIMIT;
	if (s->wants_ids && s->type == SOCKET_DATAGRAM) {
		error = socket_bind_abstract(w, s, &none);
		if (error != 0)
			return error;
	}
	name_sender(s, *record);
	if (socket_send(w, s, to, record, r->call.nonblock, &error, sent) == SOCKET_DONE)
		return error;
	struct socket_call *parked = socket_call_new(end, &r->call, SOCKET_CALL_SEND);

	if (parked == NULL)
		return KERN_RESOURCE_SHORTAGE;
	parked->is_large = r->is_large;
	parked->record = *record;
	parked->count = *sent;
	*record = NULL;
	socket_park(w, socket_destination(s, to), parked);
	return MIG_NO_REPLY;
}

static kern_return_t send_prepared(mach_port_t port, const struct send_request *r,
	const struct socket_destination *d, struct socket_record **record, uint32_t *sent)
{
	struct socket_right kept[SOCKET_RIGHTS_MAX];
	const uint32_t kept_count = (*record)->right_count;
	struct sockets *w;
	struct socket_end *end = socket_enter(port, &w);
	kern_return_t kr;

	if (end == NULL)
		return NO_OBJECT;
	memcpy(kept, (*record)->rights, kept_count * sizeof(kept[0]));
	kr = send_record(w, end, r, d, record, sent);
	socket_leave(end);
	if (kr == KERN_SUCCESS || kr == MIG_NO_REPLY)
		socket_files_keep(r->rights, kept_count, kept);
	return kr;
}

/* Memory out of line may be of the sender's own making, and never come. */
static kern_return_t make_record(
	const struct send_request *r, const struct who *who, struct socket_record **record)
{
	static struct masix_foreign foreign = { .most = 3 };
	struct stuck_call stuck;
	void *copy = NULL;
	kern_return_t kr = KERN_SUCCESS;

	if (r->is_large && r->length > 0) {
		stuck_begin(&stuck, who->pid, who->credentials.ruid, &workers);
		kr = masix_foreign_copy(&foreign, r->data, r->length, &copy);
		stuck_end(&stuck);
	}
	if (kr != KERN_SUCCESS)
		return kr;
	*record = socket_record_new(copy != NULL ? copy : r->data, r->length);
	if (copy != NULL)
		vm_deallocate(mach_task_self(), (vm_address_t)copy, r->length);
	return *record != NULL ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

static kern_return_t send(mach_port_t port, const struct send_request *r, uint32_t *sent)
{
	struct socket_record *record;
	struct socket_destination destination;
	struct socket_ids ids;
	struct who who;
	kern_return_t kr = caller_identify(r->proc, &who);

	if (kr == KERN_SUCCESS)
		kr = sender_ids(&who, r->flags, r->ids, &ids);
	if (kr == KERN_SUCCESS)
		kr = socket_find_destination(
			r->mount, r->node, r->name, r->name_length, &destination);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = make_record(r, &who, &record);
	if (kr != KERN_SUCCESS)
		return kr;
	record->ids = ids;
	kr = socket_files_collect(r->files, r->files_size, r->rights, r->right_count, record);
	if (kr == KERN_SUCCESS)
		kr = send_prepared(port, r, &destination, &record, sent);
	if (record != NULL) {
		socket_files_leave(record);
		socket_drop(sockets_lock(), record);
		sockets_unlock();
	}
	socket_drop_node(r->node, kr);
	if ((kr == KERN_SUCCESS || kr == MIG_NO_REPLY) && r->right_count > 0)
		vm_deallocate(mach_task_self(), (vm_address_t)r->rights,
			r->right_count * sizeof(*r->rights));
	return kr;
}

kern_return_t S_socket_send(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t mount, mach_port_t node,
	const masix_name_t name, mach_msg_type_number_t name_length, masix_socket_ids_t ids,
	const masix_files_t files, mach_msg_type_number_t files_size, masix_rights_t rights,
	mach_msg_type_number_t right_count, const masix_part_t data, mach_msg_type_number_t length,
	uint32_t *sent)
{
	const struct send_request r = {
		.call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 },
		.flags = flags,
		.proc = proc,
		.node = node,
		.mount = mount,
		.name = name,
		.name_length = name_length,
		.data = data,
		.length = length,
		.ids = &ids,
		.files = files,
		.files_size = files_size,
		.rights = rights,
		.right_count = right_count,
	};
	kern_return_t kr = reply_check(reply, reply_type);

	*sent = 0;
	return kr == KERN_SUCCESS ? send(port, &r, sent) : kr;
}

kern_return_t S_socket_send_large(mach_port_t port, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, int flags, mach_port_t proc,
	uint32_t mount, mach_port_t node, const masix_name_t name,
	mach_msg_type_number_t name_length, masix_socket_ids_t ids, const masix_files_t files,
	mach_msg_type_number_t files_size, masix_rights_t rights,
	mach_msg_type_number_t right_count, masix_bulk_t data, mach_msg_type_number_t length,
	uint32_t *sent)
{
	const struct send_request r = {
		.call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 },
		.is_large = true,
		.flags = flags,
		.proc = proc,
		.node = node,
		.mount = mount,
		.name = name,
		.name_length = name_length,
		.data = data,
		.length = length,
		.ids = &ids,
		.files = files,
		.files_size = files_size,
		.rights = rights,
		.right_count = right_count,
	};
	kern_return_t kr = reply_check(reply, reply_type);

	*sent = 0;
	if (kr == KERN_SUCCESS && length > MASIX_BULK_MAX)
		kr = MASIX_E_MESSAGE_SIZE;
	if (kr == KERN_SUCCESS)
		kr = send(port, &r, sent);
	if ((kr == KERN_SUCCESS || kr == MIG_NO_REPLY) && length > 0)
		vm_deallocate(mach_task_self(), (vm_address_t)data, length);
	return kr;
}

/* --- Receiving --- */

struct receive_request {
	struct io_call call;
	bool is_large;
	mach_port_t proc;
	struct socket_receive how;
};

/* Under the lock. */
static kern_return_t park_receive(struct sockets *w, struct socket_end *end,
	const struct receive_request *r, const struct credentials *who)
{
	struct socket_call *parked = socket_call_new(end, &r->call, SOCKET_CALL_RECEIVE);

	if (parked != NULL)
		parked->context = malloc(sizeof(*who));
	if (parked == NULL || parked->context == NULL)
		goto no_memory;
	memcpy(parked->context, who, sizeof(*who));
	parked->is_large = r->is_large;
	parked->amount = r->how.amount;
	parked->whole = r->how.whole;
	parked->peek = r->how.peek;
	socket_park(w, end->socket, parked);
	return MIG_NO_REPLY;
no_memory:
	if (parked != NULL) {
		/* Its end is ours still: this is not the last reference. */
		masix_object_put(&end->object);
		free(parked);
	}
	return KERN_RESOURCE_SHORTAGE;
}

static kern_return_t receive(mach_port_t port, const struct receive_request *r,
	struct socket_delivery *delivery, uint32_t *count)
{
	struct socket_received received = { .count = 0 };
	struct sockets *w;
	struct who who;
	kern_return_t kr = caller_identify(r->proc, &who);
	int error;

	if (kr != KERN_SUCCESS)
		return kr;
	struct socket_end *end = socket_enter(port, &w);

	if (end == NULL)
		return NO_OBJECT;
	if (socket_receive(w, end->socket, &r->how, r->call.nonblock, &error, &received) ==
		SOCKET_WAIT)
		error = park_receive(w, end, r, &who.credentials);
	socket_leave(end);
	if (error != KERN_SUCCESS)
		return error;
	*count = received.count;
	socket_files_deliver(&received, &who.credentials, delivery);
	return KERN_SUCCESS;
}

/* The outputs that both routines have. */
static void set_outputs(const struct socket_delivery *d, masix_socket_info_t *info, char **files,
	mach_msg_type_number_t *files_size, masix_rights_t *rights,
	mach_msg_type_number_t *right_count)
{
	*info = d->info;
	*files = d->files;
	*files_size = d->count * sizeof(struct masix_socket_file);
	*rights = d->rights;
	*right_count = d->count;
}

kern_return_t S_socket_receive(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, mach_port_t proc, uint32_t amount, masix_socket_info_t *info,
	masix_bulk_t *files, mach_msg_type_number_t *files_size, masix_rights_t *rights,
	mach_msg_type_number_t *right_count, masix_part_t data, mach_msg_type_number_t *count)
{
	const struct receive_request r = {
		.call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 },
		.proc = proc,
		.how = { data, amount, MASIX_PART_MAX, (flags & MASIX_SOCKET_PEEK) != 0 },
	};
	struct socket_delivery delivery = { .count = 0 };
	kern_return_t kr = reply_check(reply, reply_type);

	*count = 0;
	if (kr == KERN_SUCCESS)
		kr = receive(port, &r, &delivery, count);
	set_outputs(&delivery, info, files, files_size, rights, right_count);
	return kr;
}

kern_return_t S_socket_receive_large(mach_port_t port, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, int flags, mach_port_t proc,
	uint32_t amount, masix_socket_info_t *info, masix_bulk_t *files,
	mach_msg_type_number_t *files_size, masix_rights_t *rights,
	mach_msg_type_number_t *right_count, masix_bulk_t *data, mach_msg_type_number_t *count)
{
	struct socket_delivery delivery = { .count = 0 };
	vm_address_t pages = 0;
	kern_return_t kr = reply_check(reply, reply_type);

	*data = NULL;
	*count = 0;
	set_outputs(&delivery, info, files, files_size, rights, right_count);
	if (amount > MASIX_BULK_MAX)
		amount = MASIX_BULK_MAX;
	if (kr == KERN_SUCCESS && amount > 0)
		kr = vm_allocate(mach_task_self(), &pages, amount, TRUE);
	if (kr != KERN_SUCCESS)
		return kr;
	const struct receive_request r = {
		.call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 },
		.is_large = true,
		.proc = proc,
		.how = { (char *)pages, amount, amount, (flags & MASIX_SOCKET_PEEK) != 0 },
	};

	kr = receive(port, &r, &delivery, count);
	set_outputs(&delivery, info, files, files_size, rights, right_count);
	/* The message takes the pages that hold data; the others stay ours. */
	uint32_t used = kr == KERN_SUCCESS ? round_page(*count) : 0;

	if (used < amount)
		vm_deallocate(mach_task_self(), pages + used, amount - used);
	if (used > 0)
		*data = (char *)pages;
	return kr;
}
