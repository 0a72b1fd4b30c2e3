/* One object: io_poll waits at its server.  Several: a request to each, and whichever answers first
 * comes to this thread's poll port; the rest are cancelled. */
#include <asm/errno.h>
#include <mach/message.h>
#include <mach/mig_errors.h>

#include <masix/error.h>

#include "io.h"
#include "io_request.h"
#include "kernel.h"
#include "mach_port.h"
#include "waiting.h"

#define ALWAYS (MASIX_POLL_ERR | MASIX_POLL_HUP)
#define DRAIN_ROUNDS 4
#define DRAIN_MS 20u

static int is_remote(const struct waiting *item)
{
	return item->file != NULL &&
	       (item->file->kind == EMUL_FILE_STREAM || item->file->kind == EMUL_FILE_TTY ||
		       item->file->kind == EMUL_FILE_SOCKET);
}

/* What the server says now; an object that cannot be asked is in error. */
static uint32_t look(const struct waiting *item)
{
	int ready = 0;
	kern_return_t kr =
		io_poll(item->file->port, 0, MASIX_IO_NONBLOCK, (int)item->events, &ready);

	if (kr == MASIX_E_WOULD_BLOCK)
		return 0;
	return kr == KERN_SUCCESS ? (uint32_t)ready & (item->events | ALWAYS) : MASIX_POLL_ERR;
}

static uint32_t look_at_all(struct waiting *items, uint32_t count)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct waiting *item = &items[i];

		if (item->file == NULL)
			continue;
		item->ready = is_remote(item) ? look(item) : item->events;
		found += item->ready != 0;
	}
	return found;
}

/* Block at the only server there is. */
static long wait_for_one(struct waiting *item)
{
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, item->file->port);
	kern_return_t kr = MASIX_E_INTERRUPTED;
	int ready = 0;

	if (!emul_signal_arrived())
		kr = io_poll(item->file->port, token, 0, (int)item->events, &ready);
	emul_wait_end();
	if (kr == MASIX_E_INTERRUPTED)
		return -EMUL_RESTART_NOHAND;
	item->ready =
		kr == KERN_SUCCESS ? (uint32_t)ready & (item->events | ALWAYS) : MASIX_POLL_ERR;
	return item->ready != 0;
}

static mach_port_t poll_port(void)
{
	struct emul_thread *self = emul_self();

	if (self->poll_port == MACH_PORT_NULL &&
		mach_port_allocate(EMUL_PORT_TASK, MACH_PORT_RIGHT_RECEIVE, &self->poll_port) !=
			KERN_SUCCESS)
		self->poll_port = MACH_PORT_NULL;
	return self->poll_port;
}

/* Late answers go nowhere. */
static void forget_poll_port(void)
{
	struct emul_thread *self = emul_self();

	(void)mach_port_mod_refs(EMUL_PORT_TASK, self->poll_port, MACH_PORT_RIGHT_RECEIVE, -1);
	self->poll_port = MACH_PORT_NULL;
}

/* Receive one answer within `ms`: MACH_MSG_SUCCESS, MACH_RCV_TIMED_OUT, MACH_RCV_INTERRUPTED.
 * What it says does not matter: it only means "look again". */
static mach_msg_return_t receive(mach_port_t port, int limited, uint32_t ms)
{
	struct {
		mig_reply_header_t head;
		uint32_t rest[16];
	} message;

	return mach_msg(&message.head.Head,
		MACH_RCV_MSG | MACH_RCV_INTERRUPT | (limited ? MACH_RCV_TIMEOUT : 0), 0,
		sizeof message, port, ms, MACH_PORT_NULL);
}

static uint32_t milliseconds_until(uint64_t deadline)
{
	uint64_t now = emul_now_ns(), ms;

	if (now >= deadline)
		return 0;
	ms = (deadline - now + 999999) / 1000000;
	return ms < 1000000000 ? (uint32_t)ms : 1000000000;
}

/* Until an answer, the deadline or a signal. */
static long wait_for_answer(mach_port_t port, uint64_t deadline)
{
	for (;;) {
		uint32_t ms = deadline == WAITING_FOREVER ? 0 : milliseconds_until(deadline);
		mach_msg_return_t result;

		if (emul_signal_arrived())
			return -EMUL_RESTART_NOHAND;
		result = receive(port, deadline != WAITING_FOREVER, ms);
		if (result == MACH_MSG_SUCCESS)
			return 1;
		if (result == MACH_RCV_TIMED_OUT && milliseconds_until(deadline) == 0)
			return 0;
		if (result != MACH_RCV_TIMED_OUT && result != MACH_RCV_INTERRUPTED)
			return -EIO;
	}
}

/* The same object further up in the list: one request asks for both. */
static int is_repeated(const struct waiting *items, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (is_remote(&items[i]) && items[i].file->port == items[index].file->port)
			return 1;
	return 0;
}

static uint32_t events_of(const struct waiting *items, uint32_t count, uint32_t index)
{
	uint32_t events = 0;

	for (uint32_t i = index; i < count; i++)
		if (is_remote(&items[i]) && items[i].file->port == items[index].file->port)
			events |= items[i].events;
	return events;
}

/* Ask every server; how many will answer. */
static uint32_t ask(const struct waiting *items, uint32_t count, mach_port_t port, uint32_t token)
{
	uint32_t asked = 0;

	for (uint32_t i = 0; i < count; i++)
		if (is_remote(&items[i]) && !is_repeated(items, i) &&
			io_poll_request(items[i].file->port, port, token, 0,
				(int)events_of(items, count, i)) == KERN_SUCCESS)
			asked++;
	return asked;
}

/* Call off what was asked and take the `owed` answers that come of it.  A request that has not arrived yet
 * cannot be cancelled: try again, and in the end give up the port. */
static void call_off(const struct waiting *items, uint32_t count, mach_port_t port, uint32_t token,
	uint32_t owed)
{
	for (unsigned round = 0; round < DRAIN_ROUNDS && owed > 0; round++) {
		for (uint32_t i = 0; i < count; i++)
			if (is_remote(&items[i]) && !is_repeated(items, i))
				(void)io_cancel(items[i].file->port, token);
		while (owed > 0 && receive(port, 1, DRAIN_MS) == MACH_MSG_SUCCESS)
			owed--;
	}
	if (owed > 0)
		forget_poll_port();
}

static long wait_for_many(struct waiting *items, uint32_t count, uint64_t deadline)
{
	mach_port_t port = poll_port();
	uint32_t token, owed;
	long result;

	if (port == MACH_PORT_NULL)
		return -ENOMEM;
	token = emul_wait_begin(EMUL_WAIT_KERNEL, port);
	owed = ask(items, count, port, token);
	result = wait_for_answer(port, deadline);
	emul_wait_end();
	if (result == 1 && owed > 0)
		owed--;
	call_off(items, count, port, token, owed);
	return result;
}

long waiting_wait(struct waiting *items, uint32_t count, uint64_t deadline)
{
	uint32_t remote = 0, local = 0, found;
	struct waiting *one = NULL;

	for (uint32_t i = 0; i < count; i++) {
		items[i].ready = 0;
		if (is_remote(&items[i])) {
			remote++;
			one = &items[i];
		} else if (items[i].file != NULL && items[i].events != 0) {
			local++;
		}
	}
	if (remote == 1 && local == 0 && deadline == WAITING_FOREVER)
		return wait_for_one(one);
	for (;;) {
		long result;

		found = look_at_all(items, count);
		if (found > 0 || deadline == 0)
			return (long)found;
		result = wait_for_many(items, count, deadline);
		if (result < 0)
			return result;
		if (result == 0)
			return (long)look_at_all(items, count);
	}
}

struct waiting *waiting_room(uint32_t count, struct waiting *few, uint32_t few_count)
{
	if (count <= few_count) {
		memset(few, 0, count * sizeof *few);
		return few;
	}
	return emul_memory_allocate(count * sizeof *few, 0);
}

void waiting_end(struct waiting *items, uint32_t count, const struct waiting *few)
{
	for (uint32_t i = 0; i < count; i++)
		if (items[i].file != NULL)
			file_drop(items[i].file);
	if (items != few)
		emul_memory_free(items, count * sizeof *items);
}
