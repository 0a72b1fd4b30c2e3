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
#include "serve_io.h"
#include "server.h"

/* Pipes have a device number of their own, as in Linux. */
#define PIPE_DEV 13

struct pipe_end {
	struct masix_object object;
	struct pipe_channel *channel;
	bool reader, writer;
	atomic_flag closed;
};

static void *pages_allocate(uint32_t size)
{
	vm_address_t address = 0;

	return vm_allocate(mach_task_self(), &address, size, TRUE) == KERN_SUCCESS ? (void *)address
										   : NULL;
}

static void pages_release(void *data, uint32_t size)
{
	vm_deallocate(mach_task_self(), (vm_address_t)data, size);
}

static const struct pipe_memory pages = { pages_allocate, pages_release };

/* Inode numbers of pipes, for stat. */
static atomic_uint next_ino = 1;

struct pipe_channel *pipe_channel_create(uint32_t uid, uint32_t gid)
{
	struct pipe_channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL)
		return NULL;
	pthread_mutex_init(&channel->lock, NULL);
	pipe_init(&channel->pipe, &pages);
	atomic_init(&channel->references, 1);
	channel->dev = PIPE_DEV;
	channel->ino = atomic_fetch_add(&next_ino, 1);
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
	pthread_mutex_destroy(&channel->lock);
	free(channel);
}

/* The answer's bytes lie in pages of their own, or (with a writer waiting in the same message) must be
 * copied into some. */
static bool answer_large(struct pipe_call *call)
{
	char *data = call->data.data;

	if (call->error == 0 && call->count > 0 && !answer_is_wanted(call->reply)) {
		mach_port_deallocate(mach_task_self(), call->reply);
		return false;
	}
	if (call->error == 0 && call->count > 0 && !(call->data_owned && call->data.paged)) {
		data = pages_allocate(call->count);
		if (data == NULL) {
			answer_read_large(call->reply, KERN_RESOURCE_SHORTAGE, NULL, 0);
			return true;
		}
		memcpy(data, call->data.data, call->count);
	} else {
		call->data_owned = false; /* the message takes them */
	}
	answer_read_large(call->reply, call->error, data, call->error == 0 ? call->count : 0);
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

/* What a killed reader would have got; the answers that this makes go behind those of the list. */
static void give_back(struct pipe_channel *channel, struct pipe_call *call)
{
	struct pipe_call *last = call;

	while (last->next != NULL)
		last = last->next;
	pthread_mutex_lock(&channel->lock);
	if (call->error == 0)
		pipe_unread(&channel->pipe, call->data.data, call->count);
	last->next = channel->pipe.answers;
	channel->pipe.answers = NULL;
	pthread_mutex_unlock(&channel->lock);
}

/* Release the lock and send what has become ready under it.  Bytes of the message at hand may be
 * part of an answer: call this before returning. */
static void unlock(struct pipe_channel *channel)
{
	struct pipe_call *answers = channel->pipe.answers;

	channel->pipe.answers = NULL;
	pthread_mutex_unlock(&channel->lock);
	while (answers != NULL) {
		if (!answer(answers))
			give_back(channel, answers);

		struct pipe_call *next = answers->next;

		pipe_call_free(&channel->pipe, answers);
		answers = next;
	}
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
	pthread_mutex_lock(&channel->lock);
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
	pthread_mutex_lock(&channel->lock);
	if (pipe_read_large(&channel->pipe, amount, call->nonblock, &error, &span) == PIPE_WAIT) {
		struct pipe_call *parked = call_new(end, call, PIPE_READ_LARGE);

		error = parked != NULL ? MIG_NO_REPLY : KERN_RESOURCE_SHORTAGE;
		if (parked != NULL) {
			parked->amount = amount;
			pipe_park(&channel->pipe, parked);
		}
	}
	unlock(channel);
	if (error == 0) {
		*data = span.data;
		*count = span.length;
	}
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
	pthread_mutex_lock(&channel->lock);
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
	pthread_mutex_lock(&channel->lock);
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

	pthread_mutex_lock(&channel->lock);
	const int holds = pipe_poll(&channel->pipe, end->reader, end->writer);

	*ready = activity_answer(&channel->pipe.activity, holds, events);
	if (!call->nonblock && activity_waits(&channel->pipe.activity, holds, events)) {
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

	pthread_mutex_lock(&channel->lock);
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
	pthread_mutex_lock(&channel->lock);
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
	if (atomic_flag_test_and_set(&end->closed))
		return;
	pthread_mutex_lock(&end->channel->lock);
	pipe_forget(&end->channel->pipe, end);
	pipe_close(&end->channel->pipe, end->reader, end->writer);
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

static const struct unix_class end_class = {
	.base = { .name = "pipe", .destroy = end_destroy, .no_senders = end_no_senders },
	.io = &end_io,
};

kern_return_t pipe_end_create(
	struct pipe_channel *channel, bool reader, bool writer, struct pipe_end **created)
{
	struct pipe_end *end = calloc(1, sizeof(*end));

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
	pthread_mutex_lock(&channel->lock);
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
