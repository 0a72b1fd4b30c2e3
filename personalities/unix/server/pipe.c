#include "pipe.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "pipe_queue.h"

#ifndef UNIX_KEPT_MEMORY_H
#define plain_memcpy memcpy
#endif

void pipe_init(struct pipe *p, const struct pipe_memory *memory)
{
	memset(p, 0, sizeof(*p));
	p->memory = memory;
}

void pipe_call_free(struct pipe *p, struct pipe_call *call)
{
	free(call->memory);
	if (call->rest.paged && call->rest.length > 0)
		p->memory->release(call->rest.data, call->rest.length);
	if (call->data_owned) {
		if (call->data.paged)
			p->memory->release(call->data.data, call->data.length);
		else
			free(call->data.data);
	}
	free(call);
}

static void calls_free(struct pipe *p, struct pipe_call *call)
{
	while (call != NULL) {
		struct pipe_call *next = call->next;

		pipe_call_free(p, call);
		call = next;
	}
}

void pipe_destroy(struct pipe *p)
{
	pipe_queue_free(p);
	calls_free(p, p->reads);
	calls_free(p, p->writes);
	calls_free(p, p->polls);
	calls_free(p, p->answers);
}

static void list_append(struct pipe_call **list, struct pipe_call *call)
{
	while (*list != NULL)
		list = &(*list)->next;
	call->next = NULL;
	*list = call;
}

/* Unlink the call at `link` and make it an answer. */
static void answer(struct pipe *p, struct pipe_call **link, int error)
{
	struct pipe_call *call = *link;

	*link = call->next;
	call->error = error;
	list_append(&p->answers, call);
}

/* What came back from a reader that was gone may lie beyond the capacity. */
static uint32_t room_in(const struct pipe *p)
{
	return p->queued < PIPE_CAPACITY ? PIPE_CAPACITY - p->queued : 0;
}

/* Let parked writers continue, in order, as far as there is room. */
static void pull_writers(struct pipe *p)
{
	struct pipe_call *call;

	while ((call = p->writes) != NULL) {
		uint32_t room = room_in(p);
		uint32_t n = call->rest.length;

		if (n > room && (call->count == 0 && n <= PIPE_ATOMIC))
			return;
		if (n > room)
			n = room;
		if (n == 0)
			return;
		if (call->kind == PIPE_WRITE_LARGE) {
			n = pipe_queue_pages(p, &call->rest, n);
		} else {
			n = pipe_queue_bytes(p, call->rest.data, n);
			call->rest.data += n;
			call->rest.length -= n;
		}
		call->count += n;
		p->activity.came++;
		if (call->rest.length > 0)
			return;
		answer(p, &p->writes, 0);
	}
}

int pipe_poll(const struct pipe *p, bool reader, bool writer)
{
	int ready = 0;

	if (reader)
		ready |= (p->queued > 0 ? MASIX_POLL_IN : 0) |
			 (p->writers == 0 && p->had_writer ? MASIX_POLL_HUP : 0);
	if (writer)
		ready |= (room_in(p) >= PIPE_ATOMIC ? MASIX_POLL_OUT : 0) |
			 (p->readers == 0 ? MASIX_POLL_ERR : 0);
	return ready;
}

static void wake_polls(struct pipe *p)
{
	for (struct pipe_call **link = &p->polls; *link != NULL;) {
		struct pipe_call *call = *link;

		const int holds = pipe_poll(p, call->reader, call->writer);

		call->ready = masix_activity_answer(&p->activity, holds, call->events);
		if (masix_activity_waits(&p->activity, holds, call->events))
			link = &call->next;
		else
			answer(p, link, 0);
	}
}

static void room_made(struct pipe *p)
{
	p->activity.went++;
	pull_writers(p);
	wake_polls(p);
}

/* An empty queue: what a reader hears. */
static enum pipe_result read_nothing(const struct pipe *p, bool nonblock, int *error)
{
	*error = 0;
	if (p->writers == 0)
		return PIPE_DONE;
	if (!nonblock)
		return PIPE_WAIT;
	*error = MASIX_E_WOULD_BLOCK;
	return PIPE_DONE;
}

enum pipe_result pipe_read(
	struct pipe *p, char *to, uint32_t amount, bool nonblock, int *error, uint32_t *count)
{
	*error = 0;
	*count = 0;
	if (amount == 0)
		return PIPE_DONE;
	if (p->queued == 0)
		return read_nothing(p, nonblock, error);
	for (;;) {
		uint32_t n = pipe_take_bytes(p, to + *count, amount - *count);

		*count += n;
		if (n == 0 || *count == amount)
			break;
		pull_writers(p);
	}
	room_made(p);
	return PIPE_DONE;
}

enum pipe_result pipe_read_large(
	struct pipe *p, uint32_t amount, bool nonblock, int *error, struct pipe_span *span)
{
	*error = 0;
	*span = (struct pipe_span){ .paged = true };
	if (amount == 0)
		return PIPE_DONE;
	if (p->queued == 0)
		return read_nothing(p, nonblock, error);

	if (!pipe_take_pages(p, amount, span)) {
		uint32_t n = amount < p->queued ? amount : p->queued;

		span->data = p->memory->allocate(n);
		if (span->data == NULL) {
			*error = MASIX_E_LIMIT;
			return PIPE_DONE;
		}
		span->length = pipe_take_bytes(p, span->data, n);
	}
	room_made(p);
	return PIPE_DONE;
}

/* Answer parked readers from the bytes of a write; returns how many went. */
static uint32_t serve_readers(struct pipe *p, const char *from, uint32_t length)
{
	uint32_t done = 0;

	while (p->reads != NULL && done < length) {
		struct pipe_call *call = p->reads;
		uint32_t n = length - done < call->amount ? length - done : call->amount;
		char *copy = malloc(n);

		if (copy == NULL)
			break; /* it finds them in the pipe */
		plain_memcpy(copy, from + done, n);
		call->count = n;
		call->data = (struct pipe_span){ .data = copy, .length = n };
		call->data_owned = true;
		done += n;
		answer(p, &p->reads, 0);
	}
	return done;
}

enum pipe_result pipe_write(struct pipe *p, const char *from, uint32_t length, bool nonblock,
	int *error, uint32_t *count)
{
	*error = 0;
	*count = 0;
	if (p->readers == 0) {
		*error = MASIX_E_PIPE;
		return PIPE_DONE;
	}
	*count = serve_readers(p, from, length);

	uint32_t rest = length - *count;
	uint32_t room = p->writes == NULL ? room_in(p) : 0;

	/* Torn only if it may be. */
	if (rest > room && length <= PIPE_ATOMIC)
		room = 0;
	*count += pipe_queue_bytes(p, from + *count, rest < room ? rest : room);
	p->activity.came += *count > 0;
	wake_polls(p);
	if (*count == length)
		return PIPE_DONE;
	if (!nonblock)
		return PIPE_WAIT;
	if (*count == 0)
		*error = MASIX_E_WOULD_BLOCK;
	return PIPE_DONE;
}

/* Answer parked readers from the queue, after pages were put there. */
static void feed_readers(struct pipe *p)
{
	while (p->reads != NULL && p->queued > 0) {
		struct pipe_call *call = p->reads;
		int error = 0;

		if (call->kind == PIPE_READ_LARGE) {
			/* The queue is not empty: this cannot wait. */
			enum pipe_result done =
				pipe_read_large(p, call->amount, true, &error, &call->data);

			call->data_owned = done == PIPE_DONE && call->data.data != NULL;
			call->count = call->data.length;
		} else {
			uint32_t n = call->amount < p->queued ? call->amount : p->queued;

			call->data.data = malloc(n);
			if (call->data.data == NULL) {
				error = MASIX_E_LIMIT;
			} else {
				call->data_owned = true;
				call->count = call->data.length =
					pipe_take_bytes(p, call->data.data, n);
			}
		}
		answer(p, &p->reads, error);
	}
	pull_writers(p);
}

enum pipe_result pipe_write_large(
	struct pipe *p, struct pipe_span *span, bool nonblock, int *error, uint32_t *count)
{
	uint32_t room = p->writes == NULL ? room_in(p) : 0;
	uint32_t n = span->length < room ? span->length : room;

	*error = 0;
	*count = 0;
	if (p->readers == 0) {
		*error = MASIX_E_PIPE;
		return PIPE_DONE;
	}
	if (n < span->length && span->length <= PIPE_ATOMIC)
		n = 0;
	if (n > 0)
		*count = pipe_queue_pages(p, span, n);
	p->activity.came += *count > 0;
	feed_readers(p);
	wake_polls(p);
	if (span->length == 0)
		return PIPE_DONE;
	if (!nonblock)
		return PIPE_WAIT;
	if (*count == 0) {
		*error = MASIX_E_WOULD_BLOCK;
	} else {
		p->memory->release(span->data, span->length);
		span->length = 0;
	}
	return PIPE_DONE;
}

void pipe_park(struct pipe *p, struct pipe_call *call)
{
	switch (call->kind) {
	case PIPE_READ:
	case PIPE_READ_LARGE:
		list_append(&p->reads, call);
		break;
	case PIPE_WRITE:
	case PIPE_WRITE_LARGE:
		list_append(&p->writes, call);
		feed_readers(p);
		pull_writers(p);
		break;
	case PIPE_POLL:
		list_append(&p->polls, call);
		break;
	}
}

/* A write that has put some bytes into the pipe has succeeded, whatever comes. */
static void end_write(struct pipe *p, struct pipe_call **link, int error)
{
	answer(p, link, (*link)->count > 0 ? 0 : error);
}

static bool cancel_in(struct pipe *p, struct pipe_call **link, const void *end, uint32_t token)
{
	for (; *link != NULL; link = &(*link)->next) {
		if ((*link)->end == end && (*link)->token == token) {
			end_write(p, link, MASIX_E_INTERRUPTED);
			return true;
		}
	}
	return false;
}

bool pipe_cancel(struct pipe *p, const void *end, uint32_t token)
{
	bool found = cancel_in(p, &p->reads, end, token) || cancel_in(p, &p->writes, end, token) ||
		     cancel_in(p, &p->polls, end, token);

	pull_writers(p); /* those that waited behind it */
	return found;
}

static void forget_in(struct pipe *p, struct pipe_call **link, const void *end)
{
	while (*link != NULL)
		if ((*link)->end == end)
			answer(p, link, MASIX_E_INTERRUPTED);
		else
			link = &(*link)->next;
}

void pipe_forget(struct pipe *p, const void *end)
{
	forget_in(p, &p->reads, end);
	forget_in(p, &p->polls, end);
}

void pipe_unread(struct pipe *p, const char *from, uint32_t length)
{
	if (length == 0 || p->readers == 0 || !pipe_requeue_bytes(p, from, length))
		return;
	p->activity.came++;
	feed_readers(p);
	wake_polls(p);
}

void pipe_open(struct pipe *p, bool reader, bool writer)
{
	p->readers += reader;
	p->writers += writer;
	p->had_writer |= writer;
}

void pipe_close(struct pipe *p, bool reader, bool writer)
{
	p->readers -= reader;
	p->writers -= writer;
	if (p->readers == 0)
		while (p->writes != NULL)
			end_write(p, &p->writes, MASIX_E_PIPE);
	if (p->writers == 0)
		while (p->reads != NULL)
			answer(p, &p->reads, 0);
	p->activity.came += writer;
	p->activity.went += reader;
	wake_polls(p);
}
