#include "socket_end.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "answer.h"
#include "corpse.h"
#include "recover.h"
#include "server.h"
#include "socket_files.h"

#define SOCKET_DEV 8   /* sockets have a device number of their own, as in Linux */
#define MEMORY_PART 16 /* of the machine's memory may wait in sockets before it is scarce */
#define NOBODY 65534u  /* who sent what came by io_write */

static struct kept_mutex lock;

static struct sockets *all_sockets(void) /* lock */
{
	return kept_root(ROOT_SOCKETS, sizeof(struct sockets));
}

static struct socket_end *end_of(struct masix_object *object)
{
	return (struct socket_end *)object;
}

struct sockets *sockets_lock(void)
{
	struct sockets *w = all_sockets();

	kept_lock(&lock);
	if (w->limit == 0)
		w->limit = unix_server.memory_size / MEMORY_PART;
	return w;
}

void socket_call_discard(struct socket_call *call)
{
	if (call == NULL)
		return;
	socket_files_drop(&call->received);
	socket_end_put((struct socket_end *)call->end);
	free(call->data);
	free(call->context);
	free(call);
}

struct socket_call *socket_call_new(
	struct socket_end *end, const struct io_call *call, enum socket_call_kind kind)
{
	struct socket_call *parked = calloc(1, sizeof(*parked));

	if (parked == NULL)
		return NULL;
	masix_object_ref(&end->object);
	parked->kind = kind;
	parked->end = end;
	parked->socket = end->socket;
	parked->token = call->token;
	parked->reply = call->reply;
	return parked;
}

/* What a reader that was killed would have got. */
static void give_back(const struct socket_call *call)
{
	const struct socket_end *end = call->end;
	struct sockets *w = sockets_lock();

	if (end->socket != NULL && end->socket->type == SOCKET_STREAM && call->error == 0)
		socket_unread(w, end->socket, call->data, call->received.count);
	sockets_unlock();
}

static void answer_received(struct socket_call *call)
{
	struct socket_delivery delivery = { .count = 0 };
	uint32_t count = 0;

	if (!answer_is_wanted(call->reply)) {
		mach_port_deallocate(mach_task_self(), call->reply);
		give_back(call);
		return;
	}
	if (call->error == 0) {
		count = call->received.count;
		socket_files_deliver(&call->received, call->context, &delivery);
	}
	answer_socket_receive(
		call->reply, call->error, call->is_large, &delivery, call->data, count);
}

static void answer(struct socket_call *call)
{
	mach_port_t accepted = MACH_PORT_NULL;

	switch (call->kind) {
	case SOCKET_CALL_READ:
		if (!answer_read(call->reply, call->error, call->data,
			    call->error == 0 ? call->received.count : 0))
			give_back(call);
		break;
	case SOCKET_CALL_RECEIVE:
		answer_received(call);
		break;
	case SOCKET_CALL_WRITE:
		answer_write(call->reply, call->error, call->count);
		break;
	case SOCKET_CALL_SEND:
		answer_socket_send(call->reply, call->error, call->is_large, call->count);
		break;
	case SOCKET_CALL_POLL:
		answer_poll(call->reply, call->error, call->ready);
		break;
	case SOCKET_CALL_ACCEPT:
		if (call->error == 0)
			call->error = socket_end_create(call->accepted, &accepted);
		answer_socket_accept(call->reply, call->error, accepted);
		break;
	case SOCKET_CALL_CONNECT:
		answer_socket_connect(call->reply, call->error);
		break;
	}
}

static void free_record(struct socket_record *record)
{
	for (uint32_t i = 0; i < record->right_count; i++)
		if (record->rights[i].right != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), record->rights[i].right);
	socket_record_free(record);
}

static void free_socket(struct socket *s)
{
	if (s->node != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), s->node);
	free(s);
}

/* What this thread took from the lists; no lock held. */
static void finish(void)
{
	static _Thread_local bool is_at_it;
	void **answers = kept_outbox(OUTBOX_SOCKET), **dropped = kept_outbox(OUTBOX_DROPPED),
	     **gone = kept_outbox(OUTBOX_GONE);

	/* Answers may make more to do, which comes behind them in the lists. */
	if (is_at_it)
		return;
	is_at_it = true;
	while (*answers != NULL) {
		struct socket_call *call = *answers;

		answer(call);
		*answers = call->next;
		socket_call_discard(call);
	}
	while (*dropped != NULL) {
		struct socket_record *record = *dropped;

		*dropped = record->next;
		free_record(record);
	}
	while (*gone != NULL) {
		struct socket *s = *gone;

		*gone = s->next;
		free_socket(s);
	}
	is_at_it = false;
}

/* Put the list at the end of the outbox's. */
#define TAKE(type, which, list)                                                                    \
	do {                                                                                       \
		type **last = (type **)kept_outbox(which);                                         \
		while (*last != NULL)                                                              \
			last = &(*last)->next;                                                     \
		*last = (list);                                                                    \
		(list) = NULL;                                                                     \
	} while (0)

void sockets_unlock(void)
{
	struct sockets *w = all_sockets();

	sockets_settle(w);

	bool is_more = w->answers != NULL || w->dropped != NULL || w->gone != NULL;

	if (is_more) {
		TAKE(struct socket_call, OUTBOX_SOCKET, w->answers);
		TAKE(struct socket_record, OUTBOX_DROPPED, w->dropped);
		TAKE(struct socket, OUTBOX_GONE, w->gone);
	}
	kept_leave(&lock, is_more ? finish : NULL);
}

/* --- io.defs --- */

/* Under the lock: park it, or end it for lack of memory. */
static kern_return_t park(struct sockets *w, struct socket *at, struct socket_call *call)
{
	if (call == NULL)
		return KERN_RESOURCE_SHORTAGE;
	socket_park(w, at, call);
	return MIG_NO_REPLY;
}

static kern_return_t end_read(struct masix_object *object, const struct io_call *call,
	int64_t offset, uint32_t amount, char *data, uint32_t *count)
{
	struct socket_end *end = end_of(object);
	const struct socket_receive how = { .to = data, .amount = amount, .whole = amount };
	struct socket_received received = { .count = 0 };
	struct sockets *w = sockets_lock();
	int error = KERN_INVALID_ARGUMENT;

	(void)offset;
	if (end->socket != NULL && socket_receive(w, end->socket, &how, call->nonblock, &error,
					   &received) == SOCKET_WAIT) {
		struct socket_call *parked = socket_call_new(end, call, SOCKET_CALL_READ);

		if (parked != NULL)
			parked->amount = parked->whole = amount;
		error = park(w, end->socket, parked);
	}
	sockets_unlock();
	socket_files_drop(&received); /* Linux does so too */
	*count = received.count;
	return error;
}

/* Who must say whom it is from, cannot do it so. */
static bool is_anonymous(const struct socket *s)
{
	return !s->wants_ids && (s->peer == NULL || !s->peer->wants_ids);
}

static kern_return_t end_write(struct masix_object *object, const struct io_call *call,
	const char *data, uint32_t length, uint32_t *written)
{
	struct socket_end *end = end_of(object);
	struct socket_record *record = socket_record_new(data, length);
	int error = KERN_INVALID_ARGUMENT;

	if (record == NULL)
		return KERN_RESOURCE_SHORTAGE;
	record->ids = (struct socket_ids){ .uid = NOBODY, .gid = NOBODY };

	struct sockets *w = sockets_lock();
	struct socket *s = end->socket;

	if (s != NULL && !is_anonymous(s)) {
		error = MASIX_E_NOT_SUPPORTED;
	} else if (s != NULL && socket_send(w, s, NULL, &record, call->nonblock, &error, written) ==
					SOCKET_WAIT) {
		struct socket_call *parked = socket_call_new(end, call, SOCKET_CALL_WRITE);

		if (parked != NULL) {
			parked->record = record;
			parked->count = *written;
			record = NULL;
		}
		error = park(w, socket_destination(s, NULL), parked);
	}
	socket_drop(w, record);
	sockets_unlock();
	return error;
}

static kern_return_t end_poll(
	struct masix_object *object, const struct io_call *call, int events, int *ready)
{
	struct socket_end *end = end_of(object);
	struct sockets *w = sockets_lock();
	kern_return_t kr = KERN_SUCCESS;

	if (end->socket == NULL) {
		kr = KERN_INVALID_ARGUMENT;
	} else {
		const struct masix_activity *activity = &end->socket->activity;
		const int holds = socket_poll(end->socket);

		*ready = masix_activity_answer(activity, holds, events);
		if (!call->nonblock && masix_activity_waits(activity, holds, events)) {
			struct socket_call *parked = socket_call_new(end, call, SOCKET_CALL_POLL);

			if (parked != NULL)
				parked->events = events;
			kr = park(w, end->socket, parked);
		}
	}
	sockets_unlock();
	return kr;
}

static kern_return_t end_cancel(struct masix_object *object, uint32_t token)
{
	struct socket_end *end = end_of(object);
	struct sockets *w = sockets_lock();
	bool found = end->socket != NULL && socket_cancel(w, end->socket, end, token);

	sockets_unlock();
	return found ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

static kern_return_t end_stat(struct masix_object *object, masix_stat_t *stat)
{
	struct socket_end *end = end_of(object);
	kern_return_t kr = KERN_INVALID_ARGUMENT;

	sockets_lock();
	const struct socket *s = end->socket;

	if (s != NULL) {
		stat->dev = SOCKET_DEV;
		stat->ino = s->ino;
		stat->mode = S_IFSOCK | 0777;
		stat->nlink = 1;
		stat->uid = s->owner.uid;
		stat->gid = s->owner.gid;
		stat->block_size = unix_server.page_size;
		stat->atime = stat->mtime = stat->ctime = s->created;
		stat->size = socket_readable(s); /* FIONREAD */
		stat->socket_type = s->type;
		kr = KERN_SUCCESS;
	}
	sockets_unlock();
	return kr;
}

static const struct io_operations end_io = {
	.read = end_read,
	.write = end_write,
	.poll = end_poll,
	.cancel = end_cancel,
	.stat = end_stat,
};

/* --- Coming and going --- */

void socket_end_close(struct socket_end *end)
{
	struct sockets *w = sockets_lock();
	struct socket *s = end->socket;

	end->socket = NULL;
	if (s != NULL) {
		socket_forget(w, s, end);
		socket_end_closed(w, s);
	}
	sockets_unlock();
}

static void end_no_senders(struct masix_object *object)
{
	socket_end_close(end_of(object));
}

static void end_destroy(struct masix_object *object)
{
	socket_end_close(end_of(object));
	free(object);
}

/* --- After a death of the server --- */

static void claim_record(struct socket_record *record)
{
	for (uint32_t i = 0; i < record->right_count; i++) {
		struct socket_right *right = &record->rights[i];

		right->right = claim_send(right->right);
		if (right->socket != NULL)
			right->socket->in_flight++;
	}
}

static void claim_records(struct socket_record *record)
{
	for (; record != NULL; record = record->next)
		claim_record(record);
}

/* Parked, or an answer: then it has taken sockets along. */
static void claim_calls(struct socket_call *call)
{
	for (; call != NULL; call = call->next) {
		call->reply = claim_reply(call->reply);
		masix_object_ref((struct masix_object *)call->end);
		if (call->record != NULL)
			claim_record(call->record);
		if (call->accepted != NULL)
			call->accepted->ends++;
		for (uint32_t i = 0; i < call->received.right_count; i++) {
			struct socket_right *right = &call->received.rights[i];

			right->right = claim_send(right->right);
			if (right->socket != NULL)
				right->socket->ends++;
		}
	}
}

void sockets_recover(enum recover_pass pass)
{
	struct sockets *w = all_sockets();

	for (struct socket *s = w->all; s != NULL; s = s->next) {
		if (pass == REFERENCES_FORGET) {
			s->in_flight = 0;
			continue;
		}
		s->node = claim_send(s->node);
		claim_records(s->first);
		claim_calls(s->reads);
		claim_calls(s->polls);
		claim_calls(s->accepts);
		claim_calls(s->writes);
		claim_calls(s->connects);
	}
	if (pass == REFERENCES_COUNT) {
		claim_records(w->unsettled);
		claim_records(w->dropped);
		claim_calls(w->answers);
	}
}

void sockets_send_unsent(void **answers, void **dropped, void **gone)
{
	for (struct socket_call *call = *answers, *next; call != NULL; call = next) {
		next = call->next;
		call->next = NULL;
		if (corpse_has_sent(call->reply))
			call->reply = MACH_PORT_NULL;
		claim_calls(call);
		if (call->reply != MACH_PORT_NULL)
			answer(call);
		*answers = next;
		socket_call_discard(call);
	}
	for (struct socket_record *record = *dropped, *next; record != NULL; record = next) {
		next = record->next;
		for (uint32_t i = 0; i < record->right_count; i++)
			record->rights[i].right = claim_send(record->rights[i].right);
		*dropped = next;
		free_record(record);
	}
	for (struct socket *s = *gone, *next; s != NULL; s = next) {
		next = s->next;
		s->node = claim_send(s->node);
		*gone = next;
		free_socket(s);
	}
}

void sockets_resume(void)
{
	sockets_close_unheld(sockets_lock());
	sockets_unlock();
}

static void end_recover(struct masix_object *object, enum recover_pass pass)
{
	struct socket *s = end_of(object)->socket;

	if (s != NULL)
		s->ends = pass == REFERENCES_FORGET ? 0 : s->ends + 1;
}

static const struct unix_class end_class = {
	.recover = end_recover,
	.base = { .name = "socket", .destroy = end_destroy, .no_senders = end_no_senders },
	.io = &end_io,
};

struct socket_end *socket_end_get(mach_port_t port)
{
	return (struct socket_end *)masix_object_get(port, &end_class.base);
}

void socket_end_put(struct socket_end *end)
{
	masix_object_put(&end->object);
}

kern_return_t socket_end_create(struct socket *s, mach_port_t *right)
{
	struct socket_end *end = kept_object(sizeof(*end));
	kern_return_t kr = KERN_RESOURCE_SHORTAGE;

	*right = MACH_PORT_NULL;
	if (end != NULL)
		kr = masix_object_init(&end->object, &end_class.base);
	if (kr != KERN_SUCCESS) {
		free(end);
		socket_end_closed(sockets_lock(), s);
		sockets_unlock();
		return kr;
	}
	sockets_lock();
	end->socket = s;
	sockets_unlock();
	kr = masix_object_send_right(&end->object, right);
	if (kr != KERN_SUCCESS)
		masix_object_kill(&end->object);
	masix_object_put(&end->object);
	return kr;
}
