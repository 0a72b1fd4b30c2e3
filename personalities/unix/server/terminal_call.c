/* Calls that wait at a terminal. */
#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/server.h>

#include "answer.h"
#include "recover.h"
#include "terminal.h"

static void append(struct terminal_call **list, struct terminal_call *call)
{
	while (*list != NULL)
		list = &(*list)->next;
	call->next = NULL;
	*list = call;
}

static void complete(struct terminal *t, struct terminal_call **link, kern_return_t error)
{
	struct terminal_call *call = *link;

	*link = call->next;
	call->error = error;
	append(&t->answers, call);
}

int terminal_ready(const struct terminal *t, bool is_master)
{
	const struct line *l = &t->line;
	uint8_t wanted = l->settings.c_cc[VTIME] == 0 && l->settings.c_cc[VMIN] > 0
				 ? l->settings.c_cc[VMIN]
				 : 1;
	bool canonical = (l->settings.c_lflag & ICANON) != 0;
	bool in;

	if (is_master) {
		const char *bytes;

		return (line_output(l, &bytes) > 0 ? MASIX_POLL_IN : 0) |
		       (t->was_open && t->openings == 0 ? MASIX_POLL_HUP : 0) | MASIX_POLL_OUT;
	}
	if (t->hung_up)
		return MASIX_POLL_IN | MASIX_POLL_OUT | MASIX_POLL_ERR | MASIX_POLL_HUP;
	in = canonical ? line_read_ready(l, 1) : line_readable(l) >= wanted;
	return (in ? MASIX_POLL_IN : 0) |
	       (line_output_pending(l) < LINE_OUTPUT / 2 && !l->stopped ? MASIX_POLL_OUT : 0);
}

/* The far side reads what is to be seen. */
static uint32_t take_output(struct terminal *t, char *to, uint32_t amount)
{
	uint32_t done = 0, n;
	const char *bytes;

	while (done < amount && (n = line_output(&t->line, &bytes)) > 0) {
		if (n > amount - done)
			n = amount - done;
		memcpy(to + done, bytes, n);
		line_sent(&t->line, n);
		done += n;
	}
	t->activity[false].went += done > 0;
	return done;
}

/* Can this read be answered?  Then its data and error are set. */
static bool try_read(struct terminal *t, struct terminal_call *call, kern_return_t *error)
{
	bool ready, expired = call->deadline != 0 && masix_monotonic_ns() >= call->deadline;

	*error = KERN_SUCCESS;
	if (call->is_master)
		ready = (terminal_ready(t, true) & (MASIX_POLL_IN | MASIX_POLL_HUP)) != 0;
	else
		ready = t->hung_up || expired || line_read_ready(&t->line, call->amount);
	if (!ready)
		return false;
	/* What a killed process waited for is for the next one. */
	if (!answer_is_wanted(call->reply)) {
		*error = MASIX_E_INTERRUPTED;
		return true;
	}
	call->data = malloc(call->amount + 1);
	if (call->data == NULL) {
		*error = KERN_RESOURCE_SHORTAGE;
	} else if (call->is_master) {
		call->count = take_output(t, call->data, call->amount);
		if (call->count == 0)
			*error = MASIX_E_IO;
	} else if (!t->hung_up) {
		call->count = line_read(&t->line, call->data, call->amount);
		t->activity[true].went += call->count > 0;
	}
	return true;
}

static bool try_write(struct terminal *t, struct terminal_call *call, kern_return_t *error)
{
	const char *rest = call->data + call->done;
	uint32_t length = call->length - call->done;

	*error = KERN_SUCCESS;
	if (t->hung_up) {
		*error = MASIX_E_IO;
		return true;
	}
	const uint32_t taken = call->is_master ? terminal_take_input(t, rest, length)
					       : line_write(&t->line, rest, length);

	t->activity[!call->is_master].came += taken > 0;
	call->done += taken;
	if (call->done < call->length)
		return false;
	call->count += call->length;
	return true;
}

static bool try_drain(struct terminal *t, const struct terminal_call *call)
{
	/* What a pseudo-terminal's master has not read is out all the same. */
	if (!t->hung_up && t->device->write != NULL && line_output_pending(&t->line) > 0)
		return false;
	if (call->flush_input)
		line_flush_input(&t->line);
	if (call->change)
		line_change(&t->line, &call->settings);
	return true;
}

static bool try_poll(const struct terminal *t, struct terminal_call *call)
{
	const struct masix_activity *activity = &t->activity[call->is_master];
	const int holds = terminal_ready(t, call->is_master);

	call->ready = masix_activity_answer(activity, holds, call->events);
	return !masix_activity_waits(activity, holds, call->events);
}

static bool try_call(struct terminal *t, struct terminal_call *call, kern_return_t *error)
{
	*error = KERN_SUCCESS;
	switch (call->kind) {
	case TERMINAL_READ:
		return try_read(t, call, error);
	case TERMINAL_WRITE:
		return try_write(t, call, error);
	case TERMINAL_POLL:
		return try_poll(t, call);
	case TERMINAL_DRAIN:
		return try_drain(t, call);
	}
	return false;
}

void terminal_serve(struct terminal *t)
{
	bool waiting[2][2] = {
		{ false }
	}; /* of reads and writes, by side: first come, first served */

	for (struct terminal_call **link = &t->calls; *link != NULL;) {
		struct terminal_call *call = *link;
		bool in_turn = call->kind > TERMINAL_WRITE || !waiting[call->kind][call->is_master];
		kern_return_t error;

		if (in_turn && try_call(t, call, &error)) {
			complete(t, link, error);
			continue;
		}
		if (call->kind <= TERMINAL_WRITE)
			waiting[call->kind][call->is_master] = true;
		link = &call->next;
	}
}

/* A raw read with VTIME and without VMIN gives up after a while. */
static void set_deadline(struct terminal *t, struct terminal_call *call)
{
	const struct termios2 *s = &t->line.settings;

	if (call->kind != TERMINAL_READ || call->is_master || (s->c_lflag & ICANON) != 0 ||
		s->c_cc[VTIME] == 0)
		return;
	if (s->c_cc[VMIN] > 0 && line_readable(&t->line) == 0)
		return; /* the clock starts with the first byte */
	call->deadline = masix_monotonic_ns() + s->c_cc[VTIME] * 100000000ull;
	terminal_alarm(t, call->deadline);
}

kern_return_t terminal_park(struct terminal *t, const struct terminal_call *call)
{
	struct terminal_call *parked = malloc(sizeof(*parked));

	if (parked == NULL) {
		free(call->data);
		return KERN_RESOURCE_SHORTAGE;
	}
	*parked = *call;
	set_deadline(t, parked);
	append(&t->calls, parked);
	return MIG_NO_REPLY;
}

/* Bytes that are written count, whatever comes. */
static kern_return_t cut_short(struct terminal_call *call, kern_return_t error)
{
	if (call->kind == TERMINAL_WRITE) {
		call->count += call->done;
		if (call->count > 0)
			return KERN_SUCCESS;
	}
	return error;
}

bool terminal_cancel(struct terminal *t, const void *opening, uint32_t token)
{
	for (struct terminal_call **link = &t->calls; *link != NULL; link = &(*link)->next) {
		if ((*link)->opening != opening || (*link)->token != token)
			continue;
		complete(t, link, cut_short(*link, MASIX_E_INTERRUPTED));
		return true;
	}
	return false;
}

void terminal_forget(struct terminal *t, const void *opening)
{
	for (struct terminal_call **link = &t->calls; *link != NULL;)
		if ((*link)->opening == opening)
			complete(t, link, MASIX_E_INTERRUPTED);
		else
			link = &(*link)->next;
}

static void answer_io(const struct terminal_call *call)
{
	switch (call->kind) {
	case TERMINAL_READ:
		(void)answer_read(call->reply, call->error, call->data, call->count);
		break;
	case TERMINAL_WRITE:
		answer_write(call->reply, call->error, call->count);
		break;
	case TERMINAL_POLL:
		answer_poll(call->reply, call->error, call->ready);
		break;
	case TERMINAL_DRAIN:
		break; /* comes by tty_control only */
	}
}

static void answer_tty(const struct terminal_call *call)
{
	switch (call->kind) {
	case TERMINAL_READ:
		answer_tty_read(call->reply, call->error, call->data, call->count);
		break;
	case TERMINAL_WRITE:
		answer_tty_write(call->reply, call->error, call->count);
		break;
	case TERMINAL_DRAIN:
		answer_tty_control(call->reply, call->error);
		break;
	case TERMINAL_POLL:
		break; /* comes by io_poll only */
	}
}

void terminal_send_answers(void **box)
{
	while (*box != NULL) {
		struct terminal_call *call = *box;

		if (call->is_tty)
			answer_tty(call);
		else
			answer_io(call);
		*box = call->next;
		free(call->data);
		free(call);
	}
}

void terminals_send_unsent(void **box)
{
	struct terminal_call *call = *box;

	for (; call != NULL; call = call->next)
		call->reply = claim_unsent(call->reply);
	terminal_send_answers(box);
}
