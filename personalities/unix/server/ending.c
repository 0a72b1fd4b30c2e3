#include "ending.h"

#include <mach.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "fifo.h"
#include "serve_locks.h"
#include "server.h"
#include "stuck.h"
#include "task.h"
#include "watchdog.h"

#define PRIORITY 6    /* ahead of what eats the memory that a killed process has */
#define ENDERS_MAX 32 /* threads that end tasks for others */

struct waiting {
	struct waiting *next;
	struct process *process; /* a reference */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct waiting *queue, **queue_tail = &queue;
static unsigned enders, idle_enders, queued;

/* A child of `parent` that has not said that it runs, next after `c`, with a reference; drops that of c. */
static struct process *next_unheard(const struct process *parent, struct process *c)
{
	int after = c != NULL ? c->pid : 0;
	struct process *next = NULL;

	table_lock();
	for (struct process *q = parent->children; q != NULL; q = q->sibling)
		if (q->pid > after && q->event == MACH_PORT_NULL && process_is_live(q) &&
			(next == NULL || q->pid < next->pid))
			next = q;
	if (next != NULL)
		process_ref(next);
	if (c != NULL)
		process_put(&unix_server.table, c);
	table_unlock();
	return next;
}

/* The parent's task is gone: what it has not let run by now never will. */
static void end_unborn(const struct process *parent)
{
	for (struct process *c = next_unheard(parent, NULL); c != NULL;
		c = next_unheard(parent, c)) {
		if (task_can_run(c->task))
			continue;
		table_lock();
		process_end(&unix_server.table, c, SIGKILL);
		table_unlock();
	}
}

static void finish(struct process *p, bool worker)
{
	struct masix_usage usage = { 0 };
	struct stuck_call call;

	task_usage(p->task, &usage);
	usage_add(&usage, &p->former_usage);
	stuck_begin(&call, p->pid, worker);
	/* Fails only for a task that is gone already. */
	kern_return_t ignored = task_terminate(p->task);

	(void)ignored;
	stuck_end(&call);
	memory_of_ended(p);
	end_unborn(p);
	fifo_forget(p->pid);
	process_port_kill(p);
	table_lock();
	locks_forget(p->pid);
	process_ended(&unix_server.table, p, &usage);
	table_unlock();
}

/* Lock held.  The oldest entry of the queue; waits for one. */
static struct process *next_process(void)
{
	idle_enders++;
	while (queue == NULL)
		pthread_cond_wait(&more, &lock);
	idle_enders--;

	struct waiting *first = queue;
	struct process *p = first->process;

	queue = first->next;
	if (queue == NULL)
		queue_tail = &queue;
	queued--;
	free(first);
	return p;
}

static void *end_others(void *unused)
{
	thread_hurry("ending", PRIORITY);
	for (;;) {
		pthread_mutex_lock(&lock);
		struct process *p = next_process();

		pthread_mutex_unlock(&lock);
		finish(p, false);
		table_lock();
		process_put(&unix_server.table, p);
		table_unlock();
	}
	return unused;
}

bool ending_start(void)
{
	pthread_t thread;

	pthread_mutex_lock(&lock);
	bool started = pthread_create(&thread, NULL, end_others, NULL) == 0;

	enders += started;
	pthread_mutex_unlock(&lock);
	return started;
}

/* False: there is no memory for it, or no thread to do it. */
static bool finish_later(struct process *p)
{
	struct waiting *w = malloc(sizeof(*w));
	pthread_t thread;

	if (w == NULL)
		return false;
	pthread_mutex_lock(&lock);
	if (queued >= idle_enders && enders < ENDERS_MAX &&
		pthread_create(&thread, NULL, end_others, NULL) == 0)
		enders++;
	bool possible = enders > 0;

	if (possible) {
		*w = (struct waiting){ .process = p };
		*queue_tail = w;
		queue_tail = &w->next;
		queued++;
		pthread_cond_signal(&more);
	}
	pthread_mutex_unlock(&lock);
	if (!possible)
		free(w);
	return possible;
}

void process_finish(struct process *p)
{
	if (!p->exits_itself) {
		table_lock();
		process_ref(p);
		table_unlock();
		if (finish_later(p))
			return;
		table_lock();
		process_put(&unix_server.table, p);
		table_unlock();
	}
	finish(p, true);
}
