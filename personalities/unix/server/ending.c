#include "ending.h"

#include <mach.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "fifo.h"
#include "serve_locks.h"
#include "server.h"
#include "stuck.h"
#include "task.h"
#include "watchdog.h"

#define PRIORITY 6    /* ahead of what eats the memory that a killed process has */
#define ENDERS_MAX 32 /* of a crew, those not counted whose task the kernel does not let go */
#define IDLE_MAX 2    /* more end when they have nothing to do */

struct waiting {
	struct waiting *next;
	struct process *process; /* a reference */
};

/* Threads that end tasks for others. */
struct enders {
	struct stuck_crew crew;
	pthread_cond_t more;
	atomic_uint threads;

	/* Under the lock: */
	struct waiting *queue, **queue_tail;
	unsigned idle, queued;
};

static bool add_ordinary(void);
static bool add_urgent(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* The watchdog's victims do not wait behind all others. */
static struct enders ordinary = {
	.crew = { .add = add_ordinary, .most = 256 },
	.more = PTHREAD_COND_INITIALIZER,
	.queue_tail = &ordinary.queue,
};
static struct enders urgent = {
	.crew = { .add = add_urgent, .most = 64 },
	.more = PTHREAD_COND_INITIALIZER,
	.queue_tail = &urgent.queue,
};

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

static void finish(struct process *p, struct stuck_crew *crew)
{
	struct masix_usage usage = { 0 };
	struct stuck_call call;

	task_usage(p->task, &usage);
	usage_add(&usage, &p->former_usage);
	stuck_begin(&call, p->pid, p->credentials.ruid, crew);
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

/* Lock held.  The oldest entry of the queue; waits for one, or NULL if others wait already. */
static struct process *next_process(struct enders *e)
{
	if (e->queue == NULL && e->idle >= IDLE_MAX)
		return NULL;
	e->idle++;
	while (e->queue == NULL)
		pthread_cond_wait(&e->more, &lock);
	e->idle--;

	struct waiting *first = e->queue;
	struct process *p = first->process;

	e->queue = first->next;
	if (e->queue == NULL)
		e->queue_tail = &e->queue;
	e->queued--;
	plain_free(first);
	return p;
}

static void *end_others(void *enders)
{
	struct enders *e = enders;

	thread_hurry("ending", PRIORITY);
	bool ends;

	do {
		pthread_mutex_lock(&lock);
		struct process *p = next_process(e);

		pthread_mutex_unlock(&lock);
		if (p != NULL) {
			finish(p, &e->crew);
			table_lock();
			process_put(&unix_server.table, p);
			table_unlock();
		}
		/* Whoever ends was one of those that are too many. */
		ends = stuck_is_surplus(&e->crew) || p == NULL;
	} while (!ends);
	atomic_fetch_sub(&e->threads, 1);
	return NULL;
}

static bool add(struct enders *e)
{
	bool started = thread_detached(end_others, e);

	atomic_fetch_add(&e->threads, started);
	return started;
}

static bool add_ordinary(void)
{
	return add(&ordinary);
}

static bool add_urgent(void)
{
	return add(&urgent);
}

bool ending_start(void)
{
	return add(&ordinary) && add(&urgent);
}

/* False: there is no memory for it, or no thread to do it. */
static bool finish_later(struct process *p, struct enders *e)
{
	struct waiting *w = plain_malloc(sizeof(*w));

	if (w == NULL)
		return false;
	*w = (struct waiting){ .process = p };
	pthread_mutex_lock(&lock);
	/* Those that are there do it if there can be no more. */
	if (e->queued >= e->idle &&
		atomic_load(&e->threads) < ENDERS_MAX + stuck_replaced(&e->crew))
		(void)add(e);
	*e->queue_tail = w;
	e->queue_tail = &w->next;
	e->queued++;
	pthread_cond_signal(&e->more);
	pthread_mutex_unlock(&lock);
	return true;
}

void process_finish(struct process *p)
{
	table_lock();
	bool by_itself = p->exits_itself && !stuck_too_many(p->credentials.ruid);

	process_ref(p);
	table_unlock();
	if (!by_itself && finish_later(p, p->urgent ? &urgent : &ordinary))
		return;
	finish(p, &workers);
	table_lock();
	process_put(&unix_server.table, p);
	table_unlock();
}
