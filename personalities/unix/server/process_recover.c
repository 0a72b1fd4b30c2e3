/* Processes after a death of the server. */
#include <mach.h>
#include <mach/task_info.h>
#include <mach_port.h>
#include <signal.h>

#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "answer.h"
#include "recover.h"
#include "server.h"
#include "wait.h"

static void claim_replies(struct waiter *w)
{
	for (; w != NULL; w = w->next)
		w->reply = claim_reply(w->reply);
}

/* That there was one tells of a set-ID exec, also when that task has ended. */
static mach_port_t claim_former(mach_port_t name)
{
	mach_port_t claimed = claim_send(name);

	return claimed == MACH_PORT_NULL && name != MACH_PORT_NULL ? MACH_PORT_DEAD : claimed;
}

static void claim_rights(struct process *p)
{
	p->task = claim_send(p->task);
	p->event = claim_send(p->event);
	p->former_task = claim_former(p->former_task);
	p->former_event = claim_send(p->former_event);
	claim_replies(p->waiters);
}

/* Is the task held?  What a thread of the dead server was just doing about that is not known. */
static bool is_suspended(mach_port_t task)
{
	struct task_basic_info info = { 0 };
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

	return task_info(task, TASK_BASIC_INFO, (task_info_t)&info, &count) == KERN_SUCCESS &&
	       info.suspend_count > 0;
}

void process_port_recover(struct process *p, enum recover_pass pass)
{
	if (p == NULL)
		return;
	if (pass == REFERENCES_FORGET)
		p->references = 0;
	/* One that is not in the table any more is known by its ports only. */
	else if (p->references++ == 0 && p->state == PROCESS_REAPED)
		claim_rights(p);
}

void processes_recover(void)
{
	struct process_table *t = &unix_server.table;

	for (struct process *p = t->first; p != NULL; p = p->next) {
		p->references++; /* the table's */
		claim_rights(p);
		p->todo = 0;
		p->todo_next = NULL;
		p->forks = p->suspending = false;
		p->suspended = is_suspended(p->task);
		if (p->object != NULL)
			masix_object_ref(p->object);
	}
	t->todo = NULL;
	t->todo_tail = &t->todo;
	claim_replies(t->answers);
}

void waiters_send_unsent(void **box)
{
	for (struct waiter *w = *box, *next; w != NULL; w = next) {
		next = w->next;
		w->reply = claim_unsent(w->reply);
		if (w->reply != MACH_PORT_NULL)
			answer_waiter(w);
		*box = next;
		free(w);
	}
}

/* A set-ID program's task whose first thread was not let go yet. */
static void let_run(mach_port_t task)
{
	thread_array_t threads;
	mach_msg_type_number_t count;

	if (task_threads(task, &threads, &count) != KERN_SUCCESS)
		return;
	for (mach_msg_type_number_t i = 0; i < count; i++) {
		/* Fails for one that runs. */
		kern_return_t ignored = thread_resume(threads[i]);

		(void)ignored;
		mach_port_deallocate(mach_task_self(), threads[i]);
	}
	vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof(*threads));
}

static void resume(struct process_table *t, struct process *p)
{
	if (p->state == PROCESS_EXITING) {
		process_todo(t, p, TODO_TERMINATE);
		return;
	}
	if (!process_is_live(p))
		return;
	/* It ended while nobody was there to be told. */
	if (p->task == MACH_PORT_NULL || masix_watch_dead(p->task) != KERN_SUCCESS) {
		process_end(t, p, SIGKILL);
		return;
	}
	if (p->event == MACH_PORT_NULL && p->former_task != MACH_PORT_NULL) {
		/* It went over to that program; the one before is not to run any more. */
		if (MACH_PORT_VALID(p->former_task)) {
			kern_return_t ignored = task_terminate(p->former_task);

			(void)ignored;
		}
		let_run(p->task);
	}
	process_todo(t, p, TODO_SUSPEND | TODO_POKE);
}

void processes_resume(void)
{
	struct process_table *t = &unix_server.table;

	table_lock();
	for (struct process *p = t->first; p != NULL; p = p->next)
		resume(t, p);
	table_unlock();
}
