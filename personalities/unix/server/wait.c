#include "wait.h"

#include <signal.h>
#include <stdlib.h>

#include <masix/error.h>

#include "process_table.h"
#include "session.h"
#include "signals.h"

#define STATUS_STOPPED(signal) ((signal) << 8 | 0x7f)
#define STATUS_CONTINUED 0xffff

static bool is_waited_for(
	const struct process *parent, const struct process *child, int which, int id)
{
	switch (which) {
	case MASIX_WAIT_ANY:
		return true;
	case MASIX_WAIT_PID:
		return child->pid == id;
	default:
		return child->pgid == (id == 0 ? parent->pgid : id);
	}
}

static void report(const struct process *child, int status, struct wait_result *result)
{
	*result = (struct wait_result){
		.pid = child->pid,
		.status = status,
		.uid = child->credentials.ruid,
	};
}

/* Is there something to report of this child?  Takes the report unless MASIX_WAIT_NOWAIT. */
static bool take_report(
	struct process_table *t, struct process *child, int options, struct wait_result *result)
{
	bool keep = (options & MASIX_WAIT_NOWAIT) != 0;

	if (child->state == PROCESS_ZOMBIE) {
		if ((options & MASIX_WAIT_EXITED) == 0)
			return false;
		report(child, child->status, result);
		result->usage = child->usage;
		usage_add(&result->usage, &child->children_usage);
		if (!keep)
			process_reap(t, child);
		return true;
	}
	if (child->stop_unreported && (options & MASIX_WAIT_UNTRACED) != 0) {
		report(child, STATUS_STOPPED(child->stop_signal), result);
		child->stop_unreported = keep;
		return true;
	}
	if (child->continue_unreported && (options & MASIX_WAIT_CONTINUED) != 0) {
		report(child, STATUS_CONTINUED, result);
		child->continue_unreported = keep;
		return true;
	}
	return false;
}

bool wait_try(struct process_table *t, struct process *p, int which, int id, int options,
	struct wait_result *result)
{
	bool any = false;

	for (struct process *child = p->children; child != NULL; child = child->sibling) {
		if (!is_waited_for(p, child, which, id))
			continue;
		/* One that is past waiting for (only its exit was not asked for) does not count. */
		any |= child->state != PROCESS_ZOMBIE || (options & MASIX_WAIT_EXITED) != 0;
		if (take_report(t, child, options, result)) {
			result->signals = p->pending != 0 || p->queue != NULL;
			return true;
		}
	}
	*result = (struct wait_result){ .error = any ? 0 : MASIX_E_NO_CHILD };
	return !any || (options & MASIX_WAIT_NOHANG) != 0;
}

bool wait_exec_done(struct process_table *t, struct process *p, int id)
{
	const struct process *child = process_find(t, id);

	return child == NULL || child->parent != p || child->has_executed ||
	       !process_is_live(child);
}

void waiter_park(struct process *p, struct waiter *w)
{
	struct waiter **link = &p->waiters;

	while (*link != NULL)
		link = &(*link)->next;
	w->next = NULL;
	*link = w;
}

static void complete(struct process_table *t, struct waiter **link)
{
	struct waiter *w = *link;

	*link = w->next;
	w->next = NULL;
	*t->answers_tail = w;
	t->answers_tail = &w->next;
}

bool waiter_cancel(struct process_table *t, struct process *p, uint32_t token)
{
	for (struct waiter **link = &p->waiters; *link != NULL; link = &(*link)->next) {
		if ((*link)->token != token || (*link)->kind == WAITER_STOP)
			continue;
		(*link)->result = (struct wait_result){ .error = MASIX_E_INTERRUPTED };
		complete(t, link);
		return true;
	}
	return false;
}

void waiters_discard(struct process_table *t, struct process *p)
{
	while (p->waiters != NULL) {
		p->waiters->result = (struct wait_result){ .error = MASIX_E_NO_PROCESS };
		complete(t, &p->waiters);
	}
}

/* Try each parked call of the parent again, in the order they came. */
static void wake_parent(struct process_table *t, struct process *parent)
{
	for (struct waiter **link = &parent->waiters; *link != NULL;) {
		struct waiter *w = *link;
		bool done = false;

		if (w->kind == WAITER_CHILD)
			done = wait_try(t, parent, w->which, w->id, w->options, &w->result);
		else if (w->kind == WAITER_EXEC)
			done = wait_exec_done(t, parent, w->id);
		if (done)
			complete(t, link);
		else
			link = &w->next;
	}
}

static void tell_parent(struct process_table *t, struct process *p, int code, int status)
{
	const struct masix_siginfo info = {
		.code = code,
		.pid = p->pid,
		.uid = p->credentials.ruid,
		.status = status,
	};

	signal_post_from_system(t, p->parent, SIGCHLD, &info);
}

void child_ended(struct process_table *t, struct process *p)
{
	struct process *parent = p->parent;

	if (parent == NULL)
		return;
	if (p->is_abandoned) {
		process_reap(t, p);
		wake_parent(t, parent);
		return;
	}
	if ((p->status & 0x7f) == 0)
		tell_parent(t, p, CLD_EXITED, p->status >> 8 & 0xff);
	else
		tell_parent(t, p, (p->status & MASIX_CORE) != 0 ? CLD_DUMPED : CLD_KILLED,
			p->status & 0x7f);
	if (parent->no_zombies)
		process_reap(t, p);
	wake_parent(t, parent);
}

void child_stopped(struct process_table *t, struct process *p)
{
	if (p->parent == NULL)
		return;
	if (!p->parent->no_stop_report)
		tell_parent(t, p, CLD_STOPPED, p->stop_signal);
	wake_parent(t, p->parent);
}

void child_continued(struct process_table *t, struct process *p)
{
	if (p->parent == NULL)
		return;
	if (!p->parent->no_stop_report)
		tell_parent(t, p, CLD_CONTINUED, SIGCONT);
	wake_parent(t, p->parent);
}

void child_executed(struct process_table *t, struct process *p)
{
	if (p->parent != NULL)
		wake_parent(t, p->parent);
}

void stop_waiter_wake(struct process_table *t, struct process *p)
{
	for (struct waiter **link = &p->waiters; *link != NULL;) {
		if ((*link)->kind == WAITER_STOP)
			complete(t, link);
		else
			link = &(*link)->next;
	}
}
