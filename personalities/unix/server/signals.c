#include "signals.h"

#include <signal.h>
#include <stdlib.h>

#include <masix/error.h>

#include "process_table.h"
#include "session.h"
#include "wait.h"

#define STOP_SIGNALS                                                                               \
	(SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

struct queued_signal {
	struct queued_signal *next;
	int signal;
	struct masix_siginfo info;
};

static void queue_remove(struct process_table *t, struct process *p, struct queued_signal **link)
{
	struct queued_signal *entry = *link;

	*link = entry->next;
	p->queue_length--;
	t->queued_signals--;
	free(entry);
}

static int queue_append(
	struct process_table *t, struct process *p, int signal, const struct masix_siginfo *info)
{
	if (p->queue_length >= SIGNAL_QUEUE_PROCESS || t->queued_signals >= SIGNAL_QUEUE_ALL)
		return MASIX_E_WOULD_BLOCK;
	struct queued_signal *entry = malloc(sizeof(*entry));

	if (entry == NULL)
		return MASIX_E_WOULD_BLOCK;
	*entry = (struct queued_signal){ .signal = signal, .info = *info };
	struct queued_signal **link = &p->queue;

	while (*link != NULL)
		link = &(*link)->next;
	*link = entry;
	p->queue_length++;
	t->queued_signals++;
	return 0;
}

static void discard(struct process_table *t, struct process *p, uint64_t mask)
{
	p->pending &= ~mask;
	for (struct queued_signal **link = &p->queue; *link != NULL;) {
		if ((mask & SIGNAL_BIT((*link)->signal)) != 0)
			queue_remove(t, p, link);
		else
			link = &(*link)->next;
	}
}

void signals_discard(struct process_table *t, struct process *p)
{
	discard(t, p, ~(uint64_t)0);
}

static void stop_now(struct process_table *t, struct process *p, int signal)
{
	if (p->stopped)
		return;
	p->stopped = true;
	p->stop_signal = signal;
	p->stop_unreported = true;
	p->continue_unreported = false;
	process_todo(t, p, TODO_SUSPEND);
	child_stopped(t, p);
}

static void continue_now(struct process_table *t, struct process *p)
{
	discard(t, p, STOP_SIGNALS);
	if (p->stop_taken)
		p->stop_cancelled = true;
	if (!p->stopped)
		return;
	p->stopped = false;
	p->stop_unreported = false;
	p->continue_unreported = true;
	process_todo(t, p, TODO_SUSPEND);
	stop_waiter_wake(t, p);
	child_continued(t, p);
}

/* Let it wait for the process to take it. */
static int enqueue(
	struct process_table *t, struct process *p, int signal, const struct masix_siginfo *info)
{
	if ((p->ignored & SIGNAL_BIT(signal)) != 0)
		return 0;
	if (signal >= SIGNAL_FIRST_REALTIME) {
		int error = queue_append(t, p, signal, info);

		if (error != 0)
			return error;
	} else if ((p->pending & SIGNAL_BIT(signal)) == 0) {
		p->pending |= SIGNAL_BIT(signal);
		p->info[signal] = *info;
	}
	process_todo(t, p, TODO_POKE);
	return 0;
}

static int post(
	struct process_table *t, struct process *p, int signal, const struct masix_siginfo *info)
{
	if (!process_is_live(p) || signal == 0)
		return 0;
	switch (signal) {
	case SIGKILL:
		if (p->pid != INIT_PID)
			process_end(t, p, SIGKILL);
		return 0;
	case SIGSTOP:
		discard(t, p, SIGNAL_BIT(SIGCONT));
		if (p->pid != INIT_PID)
			stop_now(t, p, signal);
		return 0;
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		discard(t, p, SIGNAL_BIT(SIGCONT));
		break;
	case SIGCONT:
		continue_now(t, p);
		break;
	}
	return enqueue(t, p, signal, info);
}

void signal_post_from_system(
	struct process_table *t, struct process *p, int signal, const struct masix_siginfo *info)
{
	(void)post(t, p, signal, info);
}

static bool may_kill(const struct process *from, const struct process *to, int signal)
{
	return from == to || credentials_may_signal(&from->credentials, &to->credentials) ||
	       (signal == SIGCONT && from->session == to->session);
}

static bool is_addressed(const struct process *from, const struct process *to, int pid)
{
	if (pid == -1)
		return to != from && to->pid != INIT_PID;
	return to->pgid == (pid == 0 ? from->pgid : -pid);
}

/* kill(2) of a group or of all: success if at least one could be sent. */
static int kill_many(struct process_table *t, struct process *from, int pid, int signal,
	const struct masix_siginfo *info)
{
	int result = MASIX_E_NO_PROCESS;

	for (struct process *to = t->first; to != NULL; to = to->next) {
		if (!is_addressed(from, to, pid))
			continue;
		int error =
			may_kill(from, to, signal) ? post(t, to, signal, info) : MASIX_E_PERMISSION;

		if (result != 0)
			result = error;
	}
	return result;
}

int signal_kill(struct process_table *t, struct process *from, int pid, int signal,
	const struct masix_siginfo *info)
{
	struct masix_siginfo sent = {
		/* Only the system may claim to be the system. */
		.code = info->code < 0 ? info->code : SI_USER,
		.pid = from->pid,
		.uid = from->credentials.ruid,
		.value = info->value,
	};

	if (signal < 0 || signal > SIGNAL_MAX)
		return MASIX_E_INVALID;
	if (pid == INT32_MIN)
		return MASIX_E_NO_PROCESS;
	if (pid <= 0)
		return kill_many(t, from, pid, signal, &sent);

	struct process *to = process_find(t, pid);

	if (to == NULL)
		return MASIX_E_NO_PROCESS;
	if (!may_kill(from, to, signal))
		return MASIX_E_PERMISSION;
	return post(t, to, signal, &sent);
}

/* The realtime signal with the lowest number that came first, or NULL. */
static struct queued_signal **queue_next(struct process *p)
{
	struct queued_signal **best = NULL;

	for (struct queued_signal **link = &p->queue; *link != NULL; link = &(*link)->next)
		if (best == NULL || (*link)->signal < (*best)->signal)
			best = link;
	return best;
}

int signal_take(struct process_table *t, struct process *p, struct masix_siginfo *info)
{
	int signal;

	if (p->pending != 0) {
		signal = __builtin_ctzll(p->pending) + 1;
		*info = p->info[signal];
		p->pending &= p->pending - 1;
	} else {
		struct queued_signal **link = queue_next(p);

		if (link == NULL) {
			*info = (struct masix_siginfo){ .pid = p->parent != NULL ? p->parent->pid
										 : 0 };
			return 0;
		}
		signal = (*link)->signal;
		*info = (*link)->info;
		queue_remove(t, p, link);
	}
	if ((STOP_SIGNALS & SIGNAL_BIT(signal)) != 0) {
		p->stop_taken = true;
		p->stop_cancelled = false;
	}
	return signal;
}

void signals_set_ignored(struct process_table *t, struct process *p, uint64_t ignored)
{
	p->ignored = ignored & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
	discard(t, p, p->ignored);
}

bool signal_stop_self(struct process_table *t, struct process *p, int signal)
{
	bool cancelled = p->stop_taken && p->stop_cancelled;

	p->stop_taken = false;
	if (cancelled || p->pid == INIT_PID)
		return false;
	if (signal != SIGSTOP && group_is_orphaned(t, p->pgid))
		return false;
	stop_now(t, p, signal);
	return true;
}
