#include "terminal_opening.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "recover.h"
#include "server.h"

/* The device number of the file system in which terminals seem to lie. */
#define TERMINAL_DEV 14

/* Lock held.  What is there for this side, if it is enough for a read now. */
static bool read_now(
	struct terminal_opening *o, uint32_t amount, char *data, uint32_t *count, kern_return_t *kr)
{
	struct terminal *t = o->terminal;

	*kr = KERN_SUCCESS;
	*count = 0;
	if (o->is_master) {
		const char *bytes;
		uint32_t n;

		while (*count < amount && (n = line_output(&t->line, &bytes)) > 0) {
			n = n < amount - *count ? n : amount - *count;
			memcpy(data + *count, bytes, n);
			line_sent(&t->line, n);
			*count += n;
		}
		if (*count == 0 && t->was_open && t->openings == 0)
			*kr = MASIX_E_IO;
		return *count > 0 || *kr != KERN_SUCCESS;
	}
	if (t->hung_up)
		return true;
	if (!line_read_ready(&t->line, amount))
		return false;
	*count = line_read(&t->line, data, amount);
	return true;
}

/* Lock held.  Does somebody of this side wait in a read (or write) already? */
static bool others_wait(const struct terminal_opening *o, enum terminal_call_kind kind)
{
	for (const struct terminal_call *c = o->terminal->calls; c != NULL; c = c->next)
		if (c->kind == kind && c->is_master == o->is_master)
			return true;
	return false;
}

kern_return_t terminal_opening_read(struct terminal_opening *o, struct terminal_call *call,
	bool nonblock, char *data, uint32_t *count)
{
	struct terminal *t = o->terminal;
	kern_return_t kr;

	if (!o->reader)
		return MASIX_E_ACCESS;
	if (t->device->listen != NULL)
		t->device->listen(t);
	kept_lock(&t->lock);
	if (call->amount == 0) {
		*count = 0;
		kr = KERN_SUCCESS;
	} else if (others_wait(o, TERMINAL_READ) || !read_now(o, call->amount, data, count, &kr)) {
		call->kind = TERMINAL_READ;
		call->opening = o;
		call->is_master = o->is_master;
		kr = nonblock ? MASIX_E_WOULD_BLOCK : terminal_park(t, call);
	}
	terminal_leave(t);
	return kr;
}

kern_return_t terminal_opening_write(struct terminal_opening *o, struct terminal_call *call,
	bool nonblock, const char *data, uint32_t length, uint32_t *written)
{
	struct terminal *t = o->terminal;
	kern_return_t kr = KERN_SUCCESS;
	uint32_t n = 0;

	if (!o->writer)
		return MASIX_E_ACCESS;
	kept_lock(&t->lock);
	t->last_output = masix_realtime_ns() / 1000000000;
	if (t->hung_up) {
		kr = MASIX_E_IO;
	} else {
		if (!others_wait(o, TERMINAL_WRITE))
			n = o->is_master ? terminal_take_input(t, data, length)
					 : line_write(&t->line, data, length);
		if (n < length && nonblock) {
			kr = n > 0 ? KERN_SUCCESS : MASIX_E_WOULD_BLOCK;
		} else if (n < length) {
			call->kind = TERMINAL_WRITE;
			call->opening = o;
			call->is_master = o->is_master;
			call->count = n;
			call->length = length - n;
			call->data = malloc(call->length);
			if (call->data != NULL) {
				memcpy(call->data, data + n, call->length);
				kr = terminal_park(t, call);
			} else {
				kr = n > 0 ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
			}
		}
	}
	*written = n;
	terminal_leave(t);
	return kr;
}

/* --- The io face --- */

static kern_return_t io_face_read(struct masix_object *object, const struct io_call *io,
	int64_t offset, uint32_t amount, char *data, uint32_t *count)
{
	struct terminal_call call = { .token = io->token, .reply = io->reply, .amount = amount };

	(void)offset;
	return terminal_opening_read(
		(struct terminal_opening *)object, &call, io->nonblock, data, count);
}

static kern_return_t io_face_write(struct masix_object *object, const struct io_call *io,
	const char *data, uint32_t length, uint32_t *written)
{
	struct terminal_call call = { .token = io->token, .reply = io->reply };

	return terminal_opening_write(
		(struct terminal_opening *)object, &call, io->nonblock, data, length, written);
}

/* Large writes of terminals are cut into what a message carries. */
static kern_return_t io_face_write_large(struct masix_object *object, const struct io_call *io,
	char *data, uint32_t length, uint32_t *written)
{
	struct terminal_call call = { .token = io->token, .reply = io->reply };
	uint32_t part = length < LINE_OUTPUT / 2 ? length : LINE_OUTPUT / 2;

	/* A short write: what is taken is taken now or not at all. */
	kern_return_t kr = terminal_opening_write(
		(struct terminal_opening *)object, &call, true, data, part, written);

	if (kr == KERN_SUCCESS)
		kept_pages_release(data, length);
	return kr;
}

/* A terminal gives a line at a time: nothing to gain from pages. */
static kern_return_t io_face_read_large(struct masix_object *object, const struct io_call *io,
	int64_t offset, uint32_t amount, char **data, uint32_t *count)
{
	(void)object;
	(void)io;
	(void)offset;
	(void)amount;
	(void)data;
	(void)count;
	return MASIX_E_NOT_SUPPORTED;
}

static kern_return_t io_face_poll(
	struct masix_object *object, const struct io_call *io, int events, int *ready)
{
	struct terminal_opening *o = (struct terminal_opening *)object;
	struct terminal *t = o->terminal;
	struct terminal_call call = { .kind = TERMINAL_POLL,
		.is_master = o->is_master,
		.opening = o,
		.token = io->token,
		.reply = io->reply,
		.events = events };
	kern_return_t kr = KERN_SUCCESS;

	if ((events & MASIX_POLL_IN) != 0 && t->device->listen != NULL)
		t->device->listen(t);
	kept_lock(&t->lock);
	const struct masix_activity *activity = &t->activity[o->is_master];
	const int holds = terminal_ready(t, o->is_master);

	*ready = masix_activity_answer(activity, holds, events);
	if (!io->nonblock && masix_activity_waits(activity, holds, events))
		kr = terminal_park(t, &call);
	terminal_leave(t);
	return kr;
}

static kern_return_t io_face_cancel(struct masix_object *object, uint32_t token)
{
	struct terminal_opening *o = (struct terminal_opening *)object;

	kept_lock(&o->terminal->lock);
	bool found = terminal_cancel(o->terminal, o, token);

	terminal_leave(o->terminal);
	return found ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

static kern_return_t io_face_stat(struct masix_object *object, masix_stat_t *stat)
{
	struct terminal_opening *o = (struct terminal_opening *)object;
	struct terminal *t = o->terminal;

	stat->dev = TERMINAL_DEV;
	stat->ino = t->jobs.rdev;
	stat->mode = S_IFCHR | 0620;
	stat->nlink = 1;
	stat->gid = 5;
	stat->rdev = t->jobs.rdev;
	stat->block_size = 1024;
	kept_lock(&t->lock);
	stat->atime = t->last_input;
	stat->mtime = stat->ctime = t->last_output;
	terminal_leave(t);
	return KERN_SUCCESS;
}

static const struct io_operations opening_io = {
	.read = io_face_read,
	.read_large = io_face_read_large,
	.write = io_face_write,
	.write_large = io_face_write_large,
	.poll = io_face_poll,
	.cancel = io_face_cancel,
	.stat = io_face_stat,
};

/* --- The object --- */

static void close_once(struct terminal_opening *o)
{
	struct terminal *t = o->terminal;

	if (o->closed)
		return;
	if (o->is_master)
		terminal_vanish(t);
	kept_lock(&t->lock);
	if (o->closed) {
		terminal_leave(t);
		return;
	}
	o->closed = true;
	/* Nobody is left to hear of them, and they would take what is typed next. */
	terminal_forget(t, o);
	if (!o->is_master && --t->openings == 0) {
		t->exclusive = false;
		t->activity[true].came++;
	}
	terminal_leave(t);
}

static void opening_no_senders(struct masix_object *object)
{
	close_once((struct terminal_opening *)object);
}

static void opening_destroy(struct masix_object *object)
{
	struct terminal_opening *o = (struct terminal_opening *)object;

	close_once(o);
	terminal_put(o->terminal);
	free(o);
}

static void opening_recover(struct masix_object *object, enum recover_pass pass)
{
	const struct terminal_opening *o = (struct terminal_opening *)object;

	terminal_recover(o->terminal, pass);
	o->terminal->openings += pass == REFERENCES_COUNT && !o->is_master && !o->closed;
}

static const struct unix_class opening_class = {
	.base = {
		.name = "terminal",
		.destroy = opening_destroy,
		.no_senders = opening_no_senders,
	},
	.io = &opening_io,
	.recover = opening_recover,
};

struct terminal_opening *terminal_opening_get(mach_port_t port)
{
	return (struct terminal_opening *)masix_object_get(port, &opening_class.base);
}

void terminal_opening_put(struct terminal_opening *o)
{
	masix_object_put(&o->object);
}

static kern_return_t enter(struct terminal *t, bool is_master)
{
	kern_return_t kr = KERN_SUCCESS;

	kept_lock(&t->lock);
	if (!is_master) {
		if (t->hung_up)
			kr = MASIX_E_IO;
		else if (t->exclusive)
			kr = MASIX_E_BUSY;
		if (kr == KERN_SUCCESS) {
			t->openings++;
			t->was_open = true;
		}
	}
	terminal_leave(t);
	return kr;
}

static kern_return_t open_side(
	struct terminal *t, bool reader, bool writer, bool is_master, mach_port_t *right)
{
	struct terminal_opening *o = kept_object(sizeof(*o));

	if (o == NULL)
		return KERN_RESOURCE_SHORTAGE;
	o->reader = reader;
	o->writer = writer;
	o->is_master = is_master;
	kern_return_t kr = enter(t, is_master);

	if (kr != KERN_SUCCESS) {
		free(o);
		return kr;
	}
	o->terminal = terminal_ref(t);
	kr = masix_object_init(&o->object, &opening_class.base);
	if (kr != KERN_SUCCESS) {
		opening_destroy(&o->object);
		return kr;
	}
	kr = masix_object_send_right(&o->object, right);
	if (kr != KERN_SUCCESS)
		masix_object_kill(&o->object);
	masix_object_put(&o->object);
	return kr;
}

kern_return_t terminal_open_object(
	struct terminal *t, bool reader, bool writer, mach_port_t *object)
{
	return open_side(t, reader, writer, false, object);
}

kern_return_t terminal_open_master(struct terminal *t, mach_port_t *object)
{
	return open_side(t, true, true, true, object);
}
