#include "terminal.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include <masix/error.h>
#include <masix/server.h>

#include "recover.h"
#include "server.h"

#define CHUNK 4096

void terminal_init(struct terminal *t, const struct terminal_device *device, uint32_t rdev)
{
	memset(t, 0, sizeof(*t));
	atomic_init(&t->references, 1);
	t->device = device;
	t->jobs.rdev = rdev;
	line_init(&t->line);
	t->last_input = t->last_output = masix_realtime_ns() / 1000000000;
}

struct terminal *terminal_ref(struct terminal *t)
{
	int references = atomic_load(&t->references);

	while (references > 0 &&
		!atomic_compare_exchange_weak(&t->references, &references, references + 1))
		continue;
	return references > 0 ? t : NULL;
}

void terminal_put(struct terminal *t)
{
	if (atomic_fetch_sub(&t->references, 1) > 1)
		return;
	/* A session may have taken it after it was hung up. */
	table_lock();
	terminal_hang_up(&unix_server.table, &t->jobs);
	table_unlock();
	t->device->destroy(t);
}

struct terminal_jobs *terminal_jobs(struct terminal *t)
{
	return &t->jobs;
}

struct terminal *terminal_of_jobs(struct terminal_jobs *jobs)
{
	return (struct terminal *)((char *)jobs - offsetof(struct terminal, jobs));
}

static void deliver(struct terminal *t, uint64_t signals)
{
	table_lock();
	for (int signal = 1; signals != 0; signal++, signals >>= 1)
		if ((signals & 1) != 0)
			group_signal(&unix_server.table, t->jobs.foreground, signal);
	table_unlock();
}

/* What has to be done without the lock. */
struct round {
	bool answers;
	uint64_t signals;
	uint32_t count; /* bytes for the device */
	char bytes[CHUNK];
};

/* Lock held.  False: nothing is left to do. */
static bool plan(struct terminal *t, struct round *round)
{
	const char *bytes;

	terminal_serve(t);
	round->answers = t->answers != NULL;
	if (round->answers) {
		*kept_outbox(OUTBOX_TERMINAL) = t->answers;
		t->answers = NULL;
	}
	round->signals = t->line.signals;
	round->count = 0;
	t->line.signals = 0;
	if (t->device->write != NULL && !t->sending) {
		round->count = line_output(&t->line, &bytes);
		if (round->count > CHUNK)
			round->count = CHUNK;
		memcpy(round->bytes, bytes, round->count);
		t->sending = round->count > 0;
	}
	return round->answers || round->signals != 0 || round->count > 0;
}

/* The one that this thread has to see to, with a reference. */
static _Thread_local struct terminal *leaving;

/* No lock held. */
static void see_to_rest(void)
{
	struct terminal *t = leaving;
	struct round round;

	leaving = NULL;
	kept_lock(&t->lock);
	while (plan(t, &round)) {
		kept_unlock(&t->lock);
		if (round.answers)
			terminal_send_answers(kept_outbox(OUTBOX_TERMINAL));
		if (round.signals != 0)
			deliver(t, round.signals);
		if (round.count > 0)
			t->device->write(t, round.bytes, round.count);
		kept_lock(&t->lock);
		if (round.count > 0) {
			line_sent(&t->line, round.count);
			t->activity[false].went++;
			t->sending = false;
		}
	}
	kept_unlock(&t->lock);
	terminal_put(t);
}

void terminal_leave(struct terminal *t)
{
	const char *bytes;

	terminal_serve(t);
	bool rest = t->answers != NULL || t->line.signals != 0 ||
		    (t->device->write != NULL && !t->sending && line_output(&t->line, &bytes) > 0);

	/* Not before the answer to the call at hand: the screen takes its time. */
	if (rest && leaving == NULL)
		leaving = terminal_ref(t);
	kept_leave(&t->lock, leaving != NULL ? see_to_rest : NULL);
}

/* Raw reads that wait for a pause in the typing (VMIN and VTIME) start anew. */
static void restart_pauses(struct terminal *t)
{
	const struct termios2 *s = &t->line.settings;

	if ((s->c_lflag & ICANON) != 0 || s->c_cc[VMIN] == 0 || s->c_cc[VTIME] == 0)
		return;
	for (struct terminal_call *call = t->calls; call != NULL; call = call->next) {
		if (call->kind != TERMINAL_READ || call->is_master)
			continue;
		call->deadline = masix_monotonic_ns() + s->c_cc[VTIME] * 100000000ull;
		terminal_alarm(t, call->deadline);
	}
}

uint32_t terminal_take_input(struct terminal *t, const char *bytes, uint32_t count)
{
	uint32_t taken = line_type(&t->line, bytes, count);

	if (taken > 0) {
		t->last_input = masix_realtime_ns() / 1000000000;
		t->activity[false].came++;
		t->activity[true].came++; /* the echo */
		restart_pauses(t);
	}
	return taken;
}

uint32_t terminal_type(struct terminal *t, const char *bytes, uint32_t count)
{
	kept_lock(&t->lock);
	uint32_t taken = terminal_take_input(t, bytes, count);

	terminal_leave(t);
	return taken;
}

void terminal_resize(struct terminal *t, const struct terminal_size *size)
{
	kept_lock(&t->lock);
	bool changed = memcmp(&t->size, size, sizeof(*size)) != 0;

	t->size = *size;
	if (changed)
		t->line.signals |= (uint64_t)1 << (SIGWINCH - 1);
	terminal_leave(t);
}

void terminal_vanish(struct terminal *t)
{
	table_lock();
	terminal_hang_up(&unix_server.table, &t->jobs);
	table_unlock();
	kept_lock(&t->lock);
	t->hung_up = true;
	t->activity[false].came++;
	t->activity[false].went++;
	line_flush_output(&t->line);
	terminal_leave(t);
}

static void claim_replies(struct terminal_call *call)
{
	for (; call != NULL; call = call->next)
		call->reply = claim_reply(call->reply);
}

void terminal_recover(struct terminal *t, enum recover_pass pass)
{
	if (pass == REFERENCES_FORGET) {
		atomic_store(&t->references, 0);
		t->openings = 0;
		t->sending = false; /* what was on its way to the screen goes there again */
	} else if (atomic_fetch_add(&t->references, 1) == 0) {
		claim_replies(t->calls);
		claim_replies(t->answers);
	}
}

void terminal_resume(struct terminal *t)
{
	kept_lock(&t->lock);
	for (struct terminal_call *call = t->calls; call != NULL; call = call->next)
		if (call->deadline != 0)
			terminal_alarm(t, call->deadline);
	terminal_leave(t);
}
