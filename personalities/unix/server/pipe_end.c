#include "pipe_end.h"

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
#include "recover.h"
#include "serve_io.h"
#include "server.h"

/* Pipes have a device number of their own, as in Linux. */
#define PIPE_DEV 13

struct pipe_end {
	struct masix_object object;
	struct pipe_channel *channel;
	bool reader, writer;
	bool closed; /* the channel's lock */
};

static void *pages_allocate(uint32_t size)
{
	return kept_pages(size);
}

static void pages_release(void *data, uint32_t size)
{
	kept_pages_release(data, size);
}

static const struct pipe_memory pages = { pages_allocate, pages_release };

/* Inode numbers of pipes, for stat. */
static uint64_t new_ino(void)
{
	atomic_uint *last = kept_root(ROOT_PIPES, sizeof(*last));

	return atomic_fetch_add(last, 1) + 1;
}

struct pipe_channel *pipe_channel_create(uint32_t uid, uint32_t gid)
{
	struct pipe_channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL)
		return NULL;
	pipe_init(&channel->pipe, &pages);
	atomic_init(&channel->references, 1);
	channel->dev = PIPE_DEV;
	channel->ino = new_ino();
	channel->uid = uid;
	channel->gid = gid;
	channel->created = masix_realtime_ns() / 1000000000;
	return channel;
}

void pipe_channel_put(struct pipe_channel *channel)
{
	if (atomic_fetch_sub(&channel->references, 1) > 1)
		return;
	pipe_destroy(&channel->pipe);
	free(channel);
}

/* The bytes of a large answer, which go with the message. */
static char *copy_of(const struct pipe_call *call)
{
	vm_address_t copy;

	if (call->data.paged)
		return kept_pages_copy(call->data.data, call->count);
	if (vm_allocate(mach_task_self(), &copy, call->count, TRUE) != KERN_SUCCESS)
		return NULL;
	plain_memcpy((void *)copy, call->data.data, call->count);
	return (char *)copy;
}

static bool answer_large(struct pipe_call *call)
{
	char *data;

	if (call->error != 0 || call->count == 0) {
		answer_read_large(call->reply, call->error, NULL, 0);
		return true;
	}
	if (!answer_is_wanted(call->reply)) {
		mach_port_deallocate(mach_task_self(), call->reply);
		return false;
	}
	data = copy_of(call);
	answer_read_large(call->reply, data != NULL ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE, data,
		data != NULL ? call->count : 0);
	return true;
}

/* False: the reader is gone, and its bytes are still there. */
static bool answer(struct pipe_call *call)
{
	switch (call->kind) {
	case PIPE_READ:
		return answer_read(call->reply, call->error, call->data.data, call->count);
	case PIPE_READ_LARGE:
		return answer_large(call);
	case PIPE_WRITE:
		answer_write(call->reply, call->error, call->count);
		break;
	case PIPE_WRITE_LARGE:
		answer_write_large(call->reply, call->error, call->count);
		break;
	case PIPE_POLL:
		answer_poll(call->reply, call->error, call->ready);
		break;
	}
	return true;
}

/* What this thread answers: the channel of all of it, with a reference. */
static _Thread_local struct pipe_channel *answering;

/* What a killed reader would have got; the answers that this makes are sent too. */
static void give_back(struct pipe_channel *channel, const struct pipe_call *call, void **box)
{
	struct pipe_call *last = *box;

	while (last->next != NULL)
		last = last->next;
	kept_lock(&channel->lock);
	if (call->error == 0)
		pipe_unread(&channel->pipe, call->data.data, call->count);
	last->next = channel->pipe.answers;
	channel->pipe.answers = NULL;
	kept_unlock(&channel->lock);
}

/* No lock held. */
static void send_answers(void)
{
	void **box = kept_outbox(OUTBOX_PIPE);
	struct pipe_channel *channel = answering;

	while (*box != NULL) {
		struct pipe_call *call = *box;

		if (!answer(call))
			give_back(channel, call, box);
		*box = call->next;
		pipe_call_free(&channel->pipe, call);
	}
	answering = NULL;
	pipe_channel_put(channel);
}

/* What is ready is this thread's to send, as soon as what was done lasts. */
static bool take_answers(struct pipe_channel *channel)
{
	void **box = kept_outbox(OUTBOX_PIPE);

	if (channel->pipe.answers == NULL)
		return answering != NULL;
	if (answering == NULL) {
		atomic_fetch_add(&channel->references, 1);
		answering = channel;
		*box = NULL;
	}
	struct pipe_call **last = (struct pipe_call **)box;

	while (*last != NULL)
		last = &(*last)->next;
	*last = channel->pipe.answers;
	channel->pipe.answers = NULL;
	return true;
}

/* Release the lock and send what has become ready under it, after the answer to the call at hand. */
static void unlock(struct pipe_channel *channel)
{
	bool answers = take_answers(channel);

	kept_leave(&channel->lock, answers ? send_answers : NULL);
}

static struct pipe_call *call_new(
	const struct pipe_end *end, const struct io_call *call, enum pipe_call_kind kind)
{
	struct pipe_call *parked = calloc(1, sizeof(*parked));

	if (parked != NULL) {
		parked->kind = kind;
		parked->end = end;
		parked->token = call->token;
		parked->reply = call->reply;
	}
	return parked;
}

static kern_return_t end_read(struct masix_object *object, const struct io_call *call,
	int64_t offset, uint32_t amount, char *data, uint32_t *count)
{
	struct pipe_end *end = (struct pipe_end *)object;
	struct pipe_channel *channel = end->channel;
	int error = 0;

	(void)offset;
	if (!end->reader)
		return MASIX_E_ACCESS;
	kept_lock(&channel->lock);
	if (pipe_read(&channel->pipe, data, amount, call->nonblock, &error, count) == PIPE_WAIT) {
		struct pipe_call *parked = call_new(end, call, PIPE_READ);

		error = parked != NULL ? MIG_NO_REPLY : KERN_RESOURCE_SHORTAGE;
		if (parked != NULL) {
			parked->amount = amount;
			pipe_park(&channel->pipe, parked);
		}
	}
	unlock(channel);
	return error;
}

static kern_return_t end_read_large(struct masix_object *object, const struct io_call *call,
	int64_t offset, uint32_t amount, char **data, uint32_t *count)
{
	struct pipe_end *end = (struct pipe_end *)object;
	struct pipe_channel *channel = end->channel;
	struct pipe_span span;
	int error = 0;

	(void)offset;
	if (!end->reader)
		return MASIX_E_ACCESS;
	kept_lock(&channel->lock);
	if (pipe_read_large(&channel->pipe, amount, call->nonblock, &error, &span) == PIPE_WAIT) {
		struct pipe_call *parked = call_new(end, call, PIPE_READ_LARGE);

		error = parked != NULL ? MIG_NO_REPLY : KERN_RESOURCE_SHORTAGE;
		if (parked != NULL) {
			parked->amount = amount;
			pipe_park(&channel->pipe, parked);
		}
	}
	if (error == 0 && span.length > 0) {
		*data = kept_pages_copy(span.data, span.length);
		if (*data == NULL)
			error = KERN_RESOURCE_SHORTAGE;
		kept_pages_release(span.data, span.length);
	}
	unlock(channel);
	*count = error == 0 ? span.length : 0;
	return error;
}

/* Part of the data is in the pipe; park the rest.  Without memory for that the write is a short one. */
static kern_return_t park_write(struct pipe_end *end, const struct io_call *call, const char *rest,
	uint32_t length, uint32_t written)
{
	struct pipe_call *parked = call_new(end, call, PIPE_WRITE);

	if (parked != NULL)
		parked->memory = malloc(length);
	if (parked == NULL || parked->memory == NULL) {
		free(parked);
		return written > 0 ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
	}
	memcpy(parked->memory, rest, length);
	parked->rest = (struct pipe_span){ .data = parked->memory, .length = length };
	parked->count = written;
	pipe_park(&end->channel->pipe, parked);
	return MIG_NO_REPLY;
}

static kern_return_t end_write(struct masix_object *object, const struct io_call *call,
	const char *data, uint32_t length, uint32_t *written)
{
	struct pipe_end *end = (struct pipe_end *)object;
	struct pipe_channel *channel = end->channel;
	int error = 0;

	if (!end->writer)
		return MASIX_E_ACCESS;
	kept_lock(&channel->lock);
	if (pipe_write(&channel->pipe, data, length, call->nonblock, &error, written) == PIPE_WAIT)
		error = park_write(end, call, data + *written, length - *written, *written);
	unlock(channel);
	return error;
}

static kern_return_t end_write_large(struct masix_object *object, const struct io_call *call,
	char *data, uint32_t length, uint32_t *written)
{
	struct pipe_end *end = (struct pipe_end *)object;
	struct pipe_channel *channel = end->channel;
	struct pipe_span span = { .data = data, .length = length, .paged = true };
	struct pipe_call *parked;
	int error = 0;

	if (!end->writer)
		return MASIX_E_ACCESS;
	if (length == 0)
		return KERN_SUCCESS;
	parked = call_new(end, call, PIPE_WRITE_LARGE);
	if (parked == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kept_lock(&channel->lock);
	if (pipe_write_large(&channel->pipe, &span, call->nonblock, &error, written) == PIPE_WAIT) {
		parked->rest = span;
		parked->count = *written;
		pipe_park(&channel->pipe, parked);
		parked = NULL;
		error = MIG_NO_REPLY;
	}
	unlock(channel);
	free(parked);
	return error;
}

static kern_return_t end_poll(
	struct masix_object *object, const struct io_call *call, int events, int *ready)
{
	struct pipe_end *end = (struct pipe_end *)object;
	struct pipe_channel *channel = end->channel;
	kern_return_t kr = KERN_SUCCESS;

	kept_lock(&channel->lock);
	const int holds = pipe_poll(&channel->pipe, end->reader, end->writer);

	*ready = masix_activity_answer(&channel->pipe.activity, holds, events);
	if (!call->nonblock && masix_activity_waits(&channel->pipe.activity, holds, events)) {
		struct pipe_call *parked = call_new(end, call, PIPE_POLL);

		kr = parked != NULL ? MIG_NO_REPLY : KERN_RESOURCE_SHORTAGE;
		if (parked != NULL) {
			parked->events = events;
			parked->reader = end->reader;
			parked->writer = end->writer;
			pipe_park(&channel->pipe, parked);
		}
	}
	unlock(channel);
	return kr;
}

static kern_return_t end_cancel(struct masix_object *object, uint32_t token)
{
	struct pipe_end *end = (struct pipe_end *)object;
	struct pipe_channel *channel = end->channel;

	kept_lock(&channel->lock);
	bool found = pipe_cancel(&channel->pipe, end, token);

	unlock(channel);
	return found ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

static kern_return_t end_stat(struct masix_object *object, masix_stat_t *stat)
{
	struct pipe_end *end = (struct pipe_end *)object;
	struct pipe_channel *channel = end->channel;

	stat->dev = channel->dev;
	stat->ino = channel->ino;
	stat->mode = S_IFIFO | 0600;
	stat->nlink = 1;
	stat->uid = channel->uid;
	stat->gid = channel->gid;
	stat->block_size = PIPE_ATOMIC;
	stat->atime = stat->mtime = stat->ctime = channel->created;
	kept_lock(&channel->lock);
	stat->size = channel->pipe.queued; /* FIONREAD */
	unlock(channel);
	return KERN_SUCCESS;
}

static const struct io_operations end_io = {
	.read = end_read,
	.read_large = end_read_large,
	.write = end_write,
	.write_large = end_write_large,
	.poll = end_poll,
	.cancel = end_cancel,
	.stat = end_stat,
};

static void close_once(struct pipe_end *end)
{
	kept_lock(&end->channel->lock);
	if (!end->closed) {
		end->closed = true;
		pipe_forget(&end->channel->pipe, end);
		pipe_close(&end->channel->pipe, end->reader, end->writer);
	}
	unlock(end->channel);
}

static void end_no_senders(struct masix_object *object)
{
	close_once((struct pipe_end *)object);
}

static void end_destroy(struct masix_object *object)
{
	struct pipe_end *end = (struct pipe_end *)object;

	close_once(end);
	pipe_channel_put(end->channel);
	free(end);
}

static void claim_replies(struct pipe_call *call)
{
	for (; call != NULL; call = call->next)
		call->reply = claim_reply(call->reply);
}

void pipe_channel_recover(struct pipe_channel *channel, enum recover_pass pass)
{
	struct pipe *p = &channel->pipe;

	if (pass == REFERENCES_FORGET) {
		atomic_store(&channel->references, 0);
	} else if (atomic_fetch_add(&channel->references, 1) == 0) {
		claim_replies(p->reads);
		claim_replies(p->writes);
		claim_replies(p->polls);
		claim_replies(p->answers);
	}
}

void pipes_send_unsent(void **box)
{
	struct pipe none = { .memory = &pages };

	for (struct pipe_call *call = *box, *next; call != NULL; call = next) {
		next = call->next;
		call->reply = claim_unsent(call->reply);
		/* A reader that is gone now loses what it was about to get. */
		if (call->reply != MACH_PORT_NULL)
			(void)answer(call);
		*box = next;
		pipe_call_free(&none, call);
	}
}

static void end_recover(struct masix_object *object, enum recover_pass pass)
{
	pipe_channel_recover(((struct pipe_end *)object)->channel, pass);
}

static const struct unix_class end_class = {
	.base = { .name = "pipe", .destroy = end_destroy, .no_senders = end_no_senders },
	.recover = end_recover,
	.io = &end_io,
};

kern_return_t pipe_end_create(
	struct pipe_channel *channel, bool reader, bool writer, struct pipe_end **created)
{
	struct pipe_end *end = kept_object(sizeof(*end));

	if (end == NULL)
		return KERN_RESOURCE_SHORTAGE;
	end->channel = channel;
	end->reader = reader;
	end->writer = writer;
	kern_return_t kr = masix_object_init(&end->object, &end_class.base);

	if (kr != KERN_SUCCESS) {
		free(end);
		return kr;
	}
	atomic_fetch_add(&channel->references, 1);
	kept_lock(&channel->lock);
	pipe_open(&channel->pipe, reader, writer);
	unlock(channel);
	*created = end;
	return KERN_SUCCESS;
}

kern_return_t pipe_end_send_right(struct pipe_end *end, mach_port_t *right)
{
	return masix_object_send_right(&end->object, right);
}

void pipe_end_put(struct pipe_end *end)
{
	masix_object_put(&end->object);
}

void pipe_end_abandon(struct pipe_end *end)
{
	masix_object_kill(&end->object);
	masix_object_put(&end->object);
}

void pipe_end_recover(struct pipe_end *end)
{
	masix_object_ref(&end->object);
}
