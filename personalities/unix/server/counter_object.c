/* Counters and timers as objects: eventfd(2), timerfd_create(2). */
#include <mach/mig_errors.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <masix/error.h>
#include <masix/object.h>
#include <masix/server.h>
#include <process_server.h>
#include <timer_server.h>

#include "answer.h"
#include "counter.h"
#include "kept.h"
#include "recover.h"
#include "serve_io.h"
#include "server.h"

/* As Linux's anonymous inodes. */
#define COUNTER_DEV 14
#define COUNTER_INO 1

struct counter_object {
	struct masix_object object;
	struct counter counter; /* lock */
	bool is_timer;
	/* Of a timer: lock. It is brought up to date when somebody looks; the alarm looks for those who wait. */
	uint64_t deadline, interval;
	uint32_t clock; /* constant; nothing to us: all deadlines are the monotonic clock's */
	struct counter_object *next; /* of those that somebody waits for */
	bool is_watched;
};

static struct kept_mutex lock;	       /* of all counters, and of what follows */
static struct counter_object *watched; /* each with a reference */
static bool alarm_runs;
static unsigned changes; /* of what the alarm looks at */

static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER; /* taken last; of: */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned changes_told;

/* --- Timers --- */

static void refresh(struct counter_object *o)
{
	const uint64_t now = o->deadline != 0 ? masix_monotonic_ns() : 0;
	uint64_t times = 1;

	if (o->deadline == 0 || now < o->deadline)
		return;
	if (o->interval != 0)
		times += (now - o->deadline) / o->interval;
	o->deadline = o->interval != 0 ? o->deadline + times * o->interval : 0;
	(void)counter_add(&o->counter, times); /* one that is full stays so */
}

/* False: nobody is there to hear it. */
static bool answer(const struct counter_call *call)
{
	char bytes[sizeof(call->value)];

	memcpy(bytes, &call->value, sizeof(bytes));
	switch (call->kind) {
	case COUNTER_READ:
		return answer_read(
			call->reply, call->error, bytes, call->error == 0 ? sizeof(bytes) : 0);
	case COUNTER_ADD:
		answer_write(call->reply, call->error, call->error == 0 ? sizeof(bytes) : 0);
		break;
	case COUNTER_POLL:
		answer_poll(call->reply, call->error, call->ready);
		break;
	}
	return true;
}

/* Whose answers this thread sends, with a reference. */
static _Thread_local struct counter_object *answering;

static bool take_answers(struct counter_object *o)
{
	struct counter_call **last = (struct counter_call **)kept_outbox(OUTBOX_COUNTER);

	if (o->counter.answers == NULL)
		return answering != NULL;
	if (answering == NULL) {
		masix_object_ref(&o->object);
		answering = o;
	}
	while (*last != NULL)
		last = &(*last)->next;
	*last = o->counter.answers;
	o->counter.answers = NULL;
	return true;
}

/* Nobody has the value: it is still there. */
static void give_back(struct counter_object *o, uint64_t value)
{
	kept_lock(&lock);
	(void)counter_add(&o->counter, value);
	(void)take_answers(o);
	kept_unlock(&lock);
}

/* No lock held. */
static void send_answers(void)
{
	void **box = kept_outbox(OUTBOX_COUNTER);
	struct counter_object *o = answering;

	while (*box != NULL) {
		struct counter_call *call = *box;

		if (!answer(call) && call->error == 0)
			give_back(o, call->value);
		*box = call->next;
		free(call);
	}
	answering = NULL;
	masix_object_put(&o->object);
}

/* Release the lock and answer whom that lets go on. */
static void unlock(struct counter_object *o)
{
	bool answers = take_answers(o);

	kept_leave(&lock, answers ? send_answers : NULL);
}

static void tell_alarm(void)
{
	pthread_mutex_lock(&sleep_lock);
	changes_told = ++changes;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&sleep_lock);
}

/* The first of those who are waited for that is due, unlinked; else *next is when the next one is. */
static struct counter_object *next_due(uint64_t *next)
{
	const uint64_t now = masix_monotonic_ns();

	*next = UINT64_MAX;
	for (struct counter_object **link = &watched; *link != NULL; link = &(*link)->next) {
		struct counter_object *o = *link;

		if (o->deadline == 0 || o->counter.parked == NULL || o->deadline <= now) {
			*link = o->next;
			o->is_watched = false;
			return o;
		}
		if (o->deadline < *next)
			*next = o->deadline;
	}
	return NULL;
}

static void watch(struct counter_object *o);

/* Unless there are other changes than these `seen`. */
static void sleep_until(uint64_t deadline, unsigned seen)
{
	const uint64_t now = masix_monotonic_ns();
	const uint64_t wake = masix_realtime_ns() + (deadline > now ? deadline - now : 0);
	const struct timespec time = { .tv_sec = wake / 1000000000, .tv_nsec = wake % 1000000000 };

	pthread_mutex_lock(&sleep_lock);
	if (changes_told == seen && deadline == UINT64_MAX)
		pthread_cond_wait(&changed, &sleep_lock);
	else if (changes_told == seen)
		(void)pthread_cond_timedwait(&changed, &sleep_lock, &time);
	pthread_mutex_unlock(&sleep_lock);
}

static void *run_alarm(void *unused)
{
	for (;;) {
		uint64_t next;

		kept_lock(&lock);
		struct counter_object *o = next_due(&next);
		const unsigned seen = changes;

		if (o == NULL) {
			kept_unlock(&lock);
			sleep_until(next, seen);
			continue;
		}
		refresh(o);
		watch(o);
		unlock(o);
		masix_object_put(&o->object);
	}
	return unused;
}

/* See to it that those who wait for the timer hear of it. */
static void watch(struct counter_object *o)
{
	pthread_t thread;

	if (o->deadline == 0 || o->counter.parked == NULL)
		return;
	if (!o->is_watched) {
		masix_object_ref(&o->object);
		o->is_watched = true;
		o->next = watched;
		watched = o;
	}
	if (!alarm_runs)
		alarm_runs = pthread_create(&thread, NULL, run_alarm, NULL) == 0;
	tell_alarm();
}

/* --- io --- */

static kern_return_t park(struct counter_object *o, enum counter_call_kind kind,
	const struct io_call *call, uint64_t value, int events)
{
	struct counter_call *parked = malloc(sizeof(*parked));

	if (parked == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*parked = (struct counter_call){ .kind = kind,
		.token = call->token,
		.reply = call->reply,
		.value = value,
		.events = events };
	counter_park(&o->counter, parked);
	watch(o);
	return MIG_NO_REPLY;
}

static kern_return_t counter_read(struct masix_object *object, const struct io_call *call,
	int64_t offset, uint32_t amount, char *data, uint32_t *count)
{
	struct counter_object *o = (struct counter_object *)object;
	kern_return_t kr = KERN_SUCCESS;
	uint64_t value;

	(void)offset;
	if (amount < sizeof(value))
		return MASIX_E_INVALID;
	kept_lock(&lock);
	refresh(o);
	value = counter_take(&o->counter);
	if (value == 0)
		kr = call->nonblock ? MASIX_E_WOULD_BLOCK : park(o, COUNTER_READ, call, 0, 0);
	unlock(o);
	if (kr == KERN_SUCCESS) {
		memcpy(data, &value, sizeof(value));
		*count = sizeof(value);
	}
	return kr;
}

static kern_return_t counter_write(struct masix_object *object, const struct io_call *call,
	const char *data, uint32_t length, uint32_t *written)
{
	struct counter_object *o = (struct counter_object *)object;
	kern_return_t kr = KERN_SUCCESS;
	uint64_t value;

	if (o->is_timer || length < sizeof(value))
		return MASIX_E_INVALID;
	memcpy(&value, data, sizeof(value));
	if (value > COUNTER_MAX)
		return MASIX_E_INVALID;
	kept_lock(&lock);
	if (!counter_add(&o->counter, value))
		kr = call->nonblock ? MASIX_E_WOULD_BLOCK : park(o, COUNTER_ADD, call, value, 0);
	unlock(o);
	*written = kr == KERN_SUCCESS ? sizeof(value) : 0;
	return kr;
}

static kern_return_t counter_poll(
	struct masix_object *object, const struct io_call *call, int events, int *ready)
{
	struct counter_object *o = (struct counter_object *)object;
	const struct masix_activity *activity = &o->counter.activity;
	kern_return_t kr = KERN_SUCCESS;

	/* A timer is not written to. */
	if (o->is_timer)
		events &= ~MASIX_POLL_OUT;
	kept_lock(&lock);
	refresh(o);
	const int holds = counter_ready(&o->counter);

	*ready = masix_activity_answer(activity, holds, events);
	if (!call->nonblock && masix_activity_waits(activity, holds, events))
		kr = park(o, COUNTER_POLL, call, 0, events);
	unlock(o);
	return kr;
}

static kern_return_t counter_end_call(struct masix_object *object, uint32_t token)
{
	struct counter_object *o = (struct counter_object *)object;

	kept_lock(&lock);
	const bool found = counter_cancel(&o->counter, token);

	unlock(o);
	return found ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

static kern_return_t counter_stat(struct masix_object *object, masix_stat_t *stat)
{
	const struct counter_object *o = (struct counter_object *)object;

	stat->dev = COUNTER_DEV;
	stat->ino = COUNTER_INO;
	stat->mode = 0600;
	stat->nlink = 1;
	stat->block_size = 4096;
	stat->socket_type = o->is_timer ? o->clock + 1 : 0;
	return KERN_SUCCESS;
}

static void no_senders(struct masix_object *object)
{
	struct counter_object *o = (struct counter_object *)object;

	kept_lock(&lock);
	counter_forget(&o->counter);
	/* The alarm lets go of it. */
	if (o->is_watched)
		tell_alarm();
	unlock(o);
}

static void destroy(struct masix_object *object)
{
	free(object);
}

static const struct io_operations counter_io = {
	.read = counter_read,
	.write = counter_write,
	.poll = counter_poll,
	.cancel = counter_end_call,
	.stat = counter_stat,
};

static void claim_replies(struct counter_call *call)
{
	for (; call != NULL; call = call->next)
		call->reply = claim_reply(call->reply);
}

static void counter_recover(struct masix_object *object, enum recover_pass pass)
{
	struct counter_object *o = (struct counter_object *)object;

	if (pass == REFERENCES_FORGET)
		return;
	o->is_watched = false;
	claim_replies(o->counter.parked);
	claim_replies(o->counter.answers);
}

static const struct unix_class counter_class = {
	.base = { .name = "counter", .destroy = destroy, .no_senders = no_senders },
	.recover = counter_recover,
	.io = &counter_io,
};

static const struct unix_class timer_class = {
	.base = { .name = "timer", .destroy = destroy, .no_senders = no_senders },
	.recover = counter_recover,
	.io = &counter_io,
};

static kern_return_t create(const struct counter_object *from, mach_port_t *right)
{
	struct counter_object *o = kept_object(sizeof(*o));

	if (o == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*o = *from;
	kern_return_t kr = masix_object_init(
		&o->object, o->is_timer ? &timer_class.base : &counter_class.base);

	if (kr != KERN_SUCCESS) {
		free(o);
		return kr;
	}
	kr = masix_object_send_right(&o->object, right);
	if (kr != KERN_SUCCESS)
		masix_object_kill(&o->object);
	masix_object_put(&o->object);
	return kr;
}

static kern_return_t make_counter(uint32_t initial, bool is_semaphore, mach_port_t *right)
{
	const struct counter_object o = { .counter = { .value = initial,
						  .is_semaphore = is_semaphore } };

	return create(&o, right);
}

static kern_return_t make_timer(uint32_t clock, mach_port_t *right)
{
	const struct counter_object o = { .is_timer = true, .clock = clock };

	return create(&o, right);
}

/* --- timer.defs --- */

/* The timer, with a reference and the lock, up to date. */
static struct counter_object *enter(mach_port_t timer)
{
	struct masix_object *object = masix_object_get(timer, &timer_class.base);
	struct counter_object *o = (struct counter_object *)object;

	if (object == NULL)
		return NULL;
	kept_lock(&lock);
	refresh(o);
	return o;
}

static void leave(struct counter_object *o)
{
	unlock(o);
	masix_object_put(&o->object);
}

static void tell(const struct counter_object *o, int64_t *left, int64_t *interval)
{
	const uint64_t now = masix_monotonic_ns();

	*interval = (int64_t)o->interval;
	/* One that is about to go off is not off. */
	*left = o->deadline == 0 ? 0 : o->deadline > now ? (int64_t)(o->deadline - now) : 1;
}

kern_return_t S_timer_set(
	mach_port_t timer, int64_t deadline, int64_t interval, int64_t *left, int64_t *old_interval)
{
	if (deadline < 0 || interval < 0)
		return MASIX_E_INVALID;
	struct counter_object *o = enter(timer);

	if (o == NULL)
		return KERN_INVALID_ARGUMENT;
	tell(o, left, old_interval);
	o->deadline = (uint64_t)deadline;
	o->interval = deadline != 0 ? (uint64_t)interval : 0;
	o->counter.value = 0;
	refresh(o);
	watch(o);
	leave(o);
	return KERN_SUCCESS;
}

kern_return_t S_timer_get(mach_port_t timer, int64_t *left, int64_t *interval)
{
	struct counter_object *o = enter(timer);

	if (o == NULL)
		return KERN_INVALID_ARGUMENT;
	tell(o, left, interval);
	leave(o);
	return KERN_SUCCESS;
}

/* --- process.defs --- */

kern_return_t S_process_counter(
	mach_port_t proc, uint32_t initial, int is_semaphore, mach_port_t *counter)
{
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	*counter = MACH_PORT_NULL;
	return kr == KERN_SUCCESS ? make_counter(initial, is_semaphore != 0, counter) : kr;
}

kern_return_t S_process_timer(mach_port_t proc, uint32_t clock, mach_port_t *timer)
{
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	*timer = MACH_PORT_NULL;
	return kr == KERN_SUCCESS ? make_timer(clock, timer) : kr;
}

/* --- After a death of the server --- */

void counters_send_unsent(void **box)
{
	struct counter_call *next;

	for (struct counter_call *call = *box; call != NULL; call = next) {
		next = call->next;
		call->reply = claim_unsent(call->reply);
		if (call->reply != MACH_PORT_NULL)
			(void)answer(call);
		*box = next;
		free(call);
	}
}

void counters_resume(void)
{
	for (struct masix_object *object = kept_next_object(NULL); object != NULL;
		object = kept_next_object(object)) {
		struct counter_object *o = (struct counter_object *)object;

		if (object->class != &timer_class.base)
			continue;
		kept_lock(&lock);
		watch(o);
		kept_unlock(&lock);
	}
}
