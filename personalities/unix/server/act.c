/* What the table noted for us to do, done without its lock: messages to processes and to the kernel
 * about their tasks.  None of them waits for a process. */
#include <mach.h>
#include <mach/message.h>
#include <mach_port.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>

#include "answer.h"
#include "ending.h"
#include "machine.h"
#include "serve_locks.h"
#include "server.h"
#include "stuck.h"
#include "wait.h"

/* The id of process_poke, which has no body: sent by hand because a stub would wait. */
#define PROCESS_POKE_ID 501400

static void poke(mach_port_t event)
{
	mach_msg_header_t message = {
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
		.msgh_size = sizeof(message),
		.msgh_remote_port = event,
		.msgh_id = PROCESS_POKE_ID,
	};

	if (mach_msg(&message, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof(message), 0,
		    MACH_PORT_NULL, 0, MACH_PORT_NULL) == MACH_SEND_TIMED_OUT) {
		/* A poke is under way already; the kernel gives the copied right back. */
		mach_port_deallocate(mach_task_self(), message.msgh_remote_port);
	}
}

/* Make the task stop or run as the table says.  One worker at a time does it for a process, so that a
 * stop and a continue cannot overtake each other. */
static void agree_on_suspension(struct process *p)
{
	struct unix_server *u = &unix_server;
	struct stuck_call call;

	kept_lock(&u->table_lock);
	if (!p->suspending) {
		p->suspending = true;
		while (p->suspended != p->stopped && process_is_live(p) &&
			!stuck_too_many(p->credentials.ruid)) {
			bool stop = p->stopped;
			uint32_t uid = p->credentials.ruid;
			mach_port_t task = p->task;

			kept_unlock(&u->table_lock);
			stuck_begin(&call, p->pid, uid, &workers);
			/* Fails only for a task that is gone. */
			kern_return_t kr = stop ? task_suspend(task) : task_resume(task);

			stuck_end(&call);
			kept_lock(&u->table_lock);
			/* A set-ID exec may have brought another task, which runs. */
			if (p->task == task)
				p->suspended = stop;
			if (kr != KERN_SUCCESS && p->task == task)
				break;
		}
		p->suspending = false;
	}
	kept_unlock(&u->table_lock);
}

static void release(struct process *p)
{
	const mach_port_t rights[] = { p->task, p->event, p->former_task, p->former_event };

	for (unsigned i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		if (MACH_PORT_VALID(rights[i]))
			mach_port_deallocate(mach_task_self(), rights[i]);
	process_free(p);
}

static void act(struct process *p, unsigned todo, mach_port_t event)
{
	if ((todo & TODO_TERMINATE) != 0)
		process_finish(p);
	else if ((todo & TODO_SUSPEND) != 0)
		agree_on_suspension(p);
	if ((todo & TODO_POKE) != 0 && event != MACH_PORT_NULL)
		poke(event);
}

/* Take the first entry of the list.  NULL: it is empty. */
static struct process *take_todo(struct process_table *t, unsigned *todo)
{
	struct process *p = t->todo;

	if (p != NULL) {
		t->todo = p->todo_next;
		if (t->todo == NULL)
			t->todo_tail = &t->todo;
		*todo = p->todo;
		p->todo = 0;
	}
	return p;
}

/* No lock held. */
static void send_answers(void)
{
	void **box = kept_outbox(OUTBOX_WAITERS);

	while (*box != NULL) {
		struct waiter *w = *box;

		answer_waiter(w);
		*box = w->next;
		free(w);
	}
	locks_send_answers();
}

/* Lock held: the answers are this thread's to send. */
static void take_answers(struct process_table *t)
{
	*kept_outbox(OUTBOX_WAITERS) = t->answers;
	t->answers = NULL;
	t->answers_tail = &t->answers;
	locks_take_answers();
}

/* Whoever holds this lock may need memory, and the watchdog needs the lock: let them have the
 * kernel's reserve. */
static void wire_once(void)
{
	static _Thread_local bool wired;

	if (wired)
		return;
	wired = true;
	if (masix_wire_thread(unix_server.host_priv) != KERN_SUCCESS)
		masix_log("a thread is not wired");
}

void table_lock(void)
{
	wire_once();
	kept_lock(&unix_server.table_lock);
}

/* What the table noted.  No lock held. */
static void work(void)
{
	struct process_table *t = &unix_server.table;
	struct kept_mutex *lock = &unix_server.table_lock;
	bool halt;

	for (;;) {
		unsigned todo = 0;

		kept_lock(lock);
		halt = t->init_is_gone;
		t->init_is_gone = false;
		bool is_answering = t->answers != NULL || locks_have_answers();

		take_answers(t);
		struct process *p = take_todo(t, &todo);
		mach_port_t event = p != NULL ? p->event : MACH_PORT_NULL;

		kept_unlock(lock);
		if (is_answering)
			send_answers();
		if (p != NULL && todo == TODO_FREE)
			release(p);
		else if (p != NULL)
			act(p, todo, event);
		if (p != NULL && todo != TODO_FREE) {
			kept_lock(lock);
			process_put(t, p);
			kept_unlock(lock);
		}
		if (halt)
			machine_stop("init has ended", MASIX_HALT);
		if (p == NULL)
			return;
	}
}

static bool has_work(void)
{
	const struct process_table *t = &unix_server.table;

	return t->todo != NULL || t->answers != NULL || t->init_is_gone || locks_have_answers();
}

void table_unlock(void)
{
	bool works = has_work();

	kept_unlock(&unix_server.table_lock);
	if (works && !kept_is_held(&unix_server.table_lock))
		work();
}

void table_leave(void)
{
	kept_leave(&unix_server.table_lock, has_work() ? work : NULL);
}
