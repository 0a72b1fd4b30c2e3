/* Corpses. */
#include "corpse.h"

#include <mach/mig_errors.h>
#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <pthread.h>
#include <stdlib.h>

#include "mach.h"
#include "mach_port.h"

#define STACK_SIZE (64u << 10)
#define STOP_MS                                                                                    \
	100 /* how often those who wait for a corpse to stop look whether it still can go on */
#define BURY_MS 300 /* and for its end */

struct corpse {
	mach_port_t task, reply; /* constant */
	pthread_mutex_t lock;	 /* all below */
	pthread_cond_t changed;
	bool stopped, interrupted, wanted_buried, buried;
	unsigned references;
};

static void put(struct corpse *corpse)
{
	unsigned left;

	pthread_mutex_lock(&corpse->lock);
	left = --corpse->references;
	pthread_mutex_unlock(&corpse->lock);
	if (left != 0)
		return;
	(void)mach_port_deallocate(mach_task_self(), corpse->task); /* ours */
	pthread_cond_destroy(&corpse->changed);
	pthread_mutex_destroy(&corpse->lock);
	free(corpse);
}

static void set(struct corpse *corpse, bool *what)
{
	pthread_mutex_lock(&corpse->lock);
	*what = true;
	pthread_cond_broadcast(&corpse->changed);
	pthread_mutex_unlock(&corpse->lock);
}

/* Until *what; false after `ms`. */
static bool wait_for(struct corpse *corpse, const bool *what, unsigned ms)
{
	const uint64_t deadline = masix_monotonic_ns() + ms * 1000000ull;
	const struct timespec when = {
		.tv_sec = deadline / 1000000000,
		.tv_nsec = deadline % 1000000000,
	};
	bool done;

	pthread_mutex_lock(&corpse->lock);
	while (!*what && pthread_cond_timedwait(&corpse->changed, &corpse->lock, &when) == 0)
		;
	done = *what;
	pthread_mutex_unlock(&corpse->lock);
	return done;
}

/* The thread that waits for the answer to its exception gets it, now that it cannot go on: the kernel loses the ports of a
 * thread that ends while it waits. */
static void answer_exception(mach_port_t reply)
{
	mig_reply_header_t message = {
		.Head = {
			.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
			.msgh_size = sizeof message,
			.msgh_remote_port = reply,
			.msgh_id = 2500, /* exc.defs */
		},
		.RetCodeType = {
			.msgt_name = MACH_MSG_TYPE_INTEGER_32,
			.msgt_size = 32,
			.msgt_number = 1,
			.msgt_inline = TRUE,
		},
		.RetCode = KERN_SUCCESS,
	};

	if (reply != MACH_PORT_NULL &&
		mach_msg(&message.Head, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0,
			MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		(void)mach_port_deallocate(mach_task_self(), reply); /* the kernel waits no more */
}

static bool start_thread(void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return false;
	error = pthread_attr_setstacksize(&attributes, STACK_SIZE);
	if (error == 0)
		error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (error == 0)
		error = pthread_create(&thread, &attributes, run, argument);
	(void)pthread_attr_destroy(&attributes);
	return error == 0;
}

/* A thread that is held goes on in its program when the kernel lets go of it, until it is another one's turn.  Not if somebody
 * waits for its halt, as this does. */
static void *halt(void *thread)
{
	(void)thread_abort((mach_port_t)(uintptr_t)thread);
	(void)mach_port_deallocate(mach_task_self(), (mach_port_t)(uintptr_t)thread);
	return NULL;
}

/* Threads that wait for a message give up: a message that came now would be lost in them.  One to which a message has
 * just been given takes it in, and stops. */
static void interrupt_threads(mach_port_t task)
{
	mach_port_t *threads;
	mach_msg_type_number_t count, i;

	if (task_threads(task, &threads, &count) != KERN_SUCCESS)
		return;
	for (i = 0; i < count; i++) {
		struct thread_basic_info info = { .run_state = 0 };
		mach_msg_type_number_t size = THREAD_BASIC_INFO_COUNT;

		if (thread_info(threads[i], THREAD_BASIC_INFO, (thread_info_t)&info, &size) !=
			KERN_SUCCESS)
			info.run_state = TH_STATE_UNINTERRUPTIBLE;
		/* One that cannot be interrupted would hold us up. */
		if (info.run_state == TH_STATE_UNINTERRUPTIBLE &&
			start_thread(halt, (void *)(uintptr_t)threads[i]))
			continue;
		if (info.run_state != TH_STATE_UNINTERRUPTIBLE)
			(void)thread_abort(threads[i]);
		(void)mach_port_deallocate(mach_task_self(), threads[i]);
	}
	(void)vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof *threads);
}

/* The thread of each corpse, with a reference.  Any of the kernel calls may take as long as a page does that does not come. */
static void *undertake(void *argument)
{
	struct corpse *corpse = argument;

	/* First of all this holds every thread, then it waits for each of them. */
	(void)task_suspend(corpse->task);
	answer_exception(corpse->reply);
	interrupt_threads(corpse->task);
	set(corpse, &corpse->stopped);
	pthread_mutex_lock(&corpse->lock);
	while (!corpse->wanted_buried)
		(void)pthread_cond_wait(&corpse->changed, &corpse->lock);
	pthread_mutex_unlock(&corpse->lock);
	(void)task_terminate(corpse->task);
	set(corpse, &corpse->buried);
	put(corpse);
	return NULL;
}

/* For a corpse that does not stop: the threads that can be stopped.  With a reference. */
static void *interrupt(void *argument)
{
	struct corpse *corpse = argument;

	interrupt_threads(corpse->task);
	set(corpse, &corpse->interrupted);
	put(corpse);
	return NULL;
}

struct corpse *corpse_begin(mach_port_t task, mach_port_t reply)
{
	struct corpse *corpse = calloc(1, sizeof *corpse);
	pthread_condattr_t monotonic;

	if (corpse != NULL) {
		corpse->task = task;
		corpse->reply = reply;
		corpse->references = 2; /* the caller's, the thread's */
		pthread_mutex_init(&corpse->lock, NULL);
		pthread_condattr_init(&monotonic);
		pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
		pthread_cond_init(&corpse->changed, &monotonic);
		pthread_condattr_destroy(&monotonic);
		if (start_thread(undertake, corpse))
			return corpse;
		corpse->references = 0;
		pthread_cond_destroy(&corpse->changed);
		pthread_mutex_destroy(&corpse->lock);
		free(corpse);
	}
	(void)task_terminate(task);
	if (reply != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), reply);
	(void)mach_port_deallocate(mach_task_self(), task);
	return NULL;
}

static bool is_held(mach_port_t task)
{
	struct task_basic_info info = { .suspend_count = 0 };
	mach_msg_type_number_t size = TASK_BASIC_INFO_COUNT;

	return task_info(task, TASK_BASIC_INFO, (task_info_t)&info, &size) != KERN_SUCCESS ||
	       info.suspend_count != 0;
}

static bool is_running(mach_port_t thread)
{
	struct thread_basic_info info = { .run_state = 0 };
	mach_msg_type_number_t size = THREAD_BASIC_INFO_COUNT;

	return thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &size) ==
		       KERN_SUCCESS &&
	       info.run_state == TH_STATE_RUNNING;
}

/* Time alone tells nothing: on a busy machine our thread may not have come to hold it, or one of its threads not to what
 * the kernel does for it.  What does not run waits for something that may never come. */
static bool may_move(mach_port_t task)
{
	mach_port_t *threads;
	mach_msg_type_number_t count, i;
	bool moves = !is_held(task);

	if (task_threads(task, &threads, &count) != KERN_SUCCESS)
		return moves;
	for (i = 0; i < count; i++) {
		moves = moves || is_running(threads[i]);
		(void)mach_port_deallocate(mach_task_self(), threads[i]);
	}
	(void)vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof *threads);
	return moves;
}

void corpse_wait(struct corpse *corpse)
{
	do
		if (wait_for(corpse, &corpse->stopped, STOP_MS))
			return;
	while (may_move(corpse->task));
	/* All its threads are held: those that the kernel does not let go of will go nowhere when it does. */
	pthread_mutex_lock(&corpse->lock);
	corpse->references++;
	pthread_mutex_unlock(&corpse->lock);
	if (start_thread(interrupt, corpse))
		(void)wait_for(corpse, &corpse->interrupted, STOP_MS);
	else
		put(corpse);
}

mach_port_t corpse_task(const struct corpse *corpse)
{
	return corpse->task;
}

void corpse_bury(struct corpse *corpse, bool wait)
{
	set(corpse, &corpse->wanted_buried);
	if (wait)
		(void)wait_for(corpse, &corpse->buried, BURY_MS);
	put(corpse);
}
