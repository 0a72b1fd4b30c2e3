#include "terminal.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include <masix/error.h>
#include <masix/server.h>

#include "server.h"

#define CHUNK 4096

void terminal_init(struct terminal *t, const struct terminal_device *device, uint32_t rdev)
{
	memset(t, 0, sizeof(*t));
	atomic_init(&t->references, 1);
	pthread_mutex_init(&t->lock, NULL);
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
	pthread_mutex_destroy(&t->lock);
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
	struct terminal_call *answers;
	uint64_t signals;
	uint32_t count; /* bytes for the device */
	char bytes[CHUNK];
};

/* Lock held.  False: nothing is left to do. */
static bool plan(struct terminal *t, struct round *round)
{
	const char *bytes;

	terminal_serve(t);
	round->answers = t->answers;
	round->signals = t->line.signals;
	round->count = 0;
	t->answers = NULL;
	t->line.signals = 0;
	if (t->device->write != NULL && !t->sending) {
		round->count = line_output(&t->line, &bytes);
		if (round->count > CHUNK)
			round->count = CHUNK;
		memcpy(round->bytes, bytes, round->count);
		t->sending = round->count > 0;
	}
	return round->answers != NULL || round->signals != 0 || round->count > 0;
}

void terminal_leave(struct terminal *t)
{
	struct round round;

	while (plan(t, &round)) {
		pthread_mutex_unlock(&t->lock);
		terminal_send_answers(round.answers);
		if (round.signals != 0)
			deliver(t, round.signals);
		if (round.count > 0)
			t->device->write(t, round.bytes, round.count);
		pthread_mutex_lock(&t->lock);
		if (round.count > 0) {
			line_sent(&t->line, round.count);
			t->activity[false].went++;
			t->sending = false;
		}
	}
	pthread_mutex_unlock(&t->lock);
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
	pthread_mutex_lock(&t->lock);
	uint32_t taken = terminal_take_input(t, bytes, count);

	terminal_leave(t);
	return taken;
}

void terminal_resize(struct terminal *t, const struct terminal_size *size)
{
	pthread_mutex_lock(&t->lock);
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
	pthread_mutex_lock(&t->lock);
	t->hung_up = true;
	t->activity[false].came++;
	t->activity[false].went++;
	line_flush_output(&t->line);
	terminal_leave(t);
}
