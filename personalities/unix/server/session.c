#include "session.h"

#include <signal.h>
#include <stdlib.h>

#include <masix/error.h>

#include "process_table.h"
#include "signals.h"

static void group_enter(struct process_table *t, struct process *p, int pgid)
{
	p->pgid = pgid;
	t->pids[pgid].groups++;
}

static void group_leave(struct process_table *t, struct process *p)
{
	t->pids[p->pgid].groups--;
}

static void session_enter(struct process *p, struct session *session)
{
	p->session = session;
	session->members++;
}

static void session_leave(struct process_table *t, struct process *p)
{
	struct session *session = p->session;

	p->session = NULL;
	if (--session->members > 0)
		return;
	if (session->terminal != NULL) {
		session->terminal->session = NULL;
		session->terminal->foreground = 0;
	}
	t->pids[session->sid].session = NULL;
	free(session);
}

static struct session *session_new(struct process_table *t, int sid)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session != NULL) {
		session->sid = sid;
		t->pids[sid].session = session;
	}
	return session;
}

int session_join(struct process_table *t, struct process *p, struct process *parent)
{
	struct session *session = parent != NULL ? parent->session : session_new(t, 0);

	if (session == NULL)
		return MASIX_E_LIMIT;
	session_enter(p, session);
	group_enter(t, p, parent != NULL ? parent->pgid : 0);
	return 0;
}

void session_forget(struct process_table *t, struct process *p)
{
	group_leave(t, p);
	session_leave(t, p);
}

/* Does p connect its group to a parent in the same session that can continue it? */
static bool links_group(const struct process *p, const struct process *parent)
{
	return parent != NULL && parent->pid != INIT_PID && parent->session == p->session &&
	       parent->pgid != p->pgid;
}

bool group_is_orphaned(struct process_table *t, int pgid)
{
	for (struct process *p = t->first; p != NULL; p = p->next)
		if (p->pgid == pgid && process_is_live(p) && links_group(p, p->parent) &&
			process_is_live(p->parent))
			return false;
	return true;
}

static bool group_has_stopped(struct process_table *t, int pgid)
{
	for (struct process *p = t->first; p != NULL; p = p->next)
		if (p->pgid == pgid && process_is_live(p) && p->stopped)
			return true;
	return false;
}

void group_signal(struct process_table *t, int pgid, int signal)
{
	const struct masix_siginfo info = { .code = SI_KERNEL };

	if (pgid <= 0)
		return;
	for (struct process *p = t->first; p != NULL; p = p->next)
		if (p->pgid == pgid)
			signal_post_from_system(t, p, signal, &info);
}

static void wake_if_orphaned(struct process_table *t, int pgid)
{
	if (pgid != 0 && group_has_stopped(t, pgid) && group_is_orphaned(t, pgid)) {
		group_signal(t, pgid, SIGHUP);
		group_signal(t, pgid, SIGCONT);
	}
}

/* The session and its terminal part; who was in the foreground is told. */
static void lose_terminal(struct process_table *t, struct session *session)
{
	struct terminal_jobs *terminal = session->terminal;
	int foreground = terminal->foreground;

	session->terminal = NULL;
	terminal->session = NULL;
	terminal->foreground = 0;
	group_signal(t, foreground, SIGHUP);
	group_signal(t, foreground, SIGCONT);
}

void session_left(struct process_table *t, struct process *p)
{
	if (p->session->sid == p->pid && p->session->terminal != NULL)
		lose_terminal(t, p->session);

	/* p linked the groups of its children, and perhaps its own. */
	for (struct process *child = p->children; child != NULL; child = child->sibling)
		if (links_group(child, p))
			wake_if_orphaned(t, child->pgid);
	if (links_group(p, p->parent))
		wake_if_orphaned(t, p->pgid);
}

int session_create(struct process_table *t, struct process *p)
{
	/* A group of this id may live on after its leader went elsewhere. */
	if (p->pgid == p->pid || t->pids[p->pid].groups != 0)
		return MASIX_E_PERMISSION;
	struct session *session = session_new(t, p->pid);

	if (session == NULL)
		return MASIX_E_LIMIT;
	session_forget(t, p);
	session_enter(p, session);
	group_enter(t, p, p->pid);
	return 0;
}

static bool group_in_session(struct process_table *t, int pgid, const struct session *session)
{
	for (struct process *p = t->first; p != NULL; p = p->next)
		if (p->pgid == pgid && p->session == session)
			return true;
	return false;
}

int group_set(struct process_table *t, struct process *caller, int pid, int pgid)
{
	struct process *p = pid == 0 ? caller : process_find(t, pid);

	if (pgid < 0)
		return MASIX_E_INVALID;
	if (p == NULL || (p != caller && p->parent != caller) || p->state == PROCESS_ZOMBIE)
		return MASIX_E_NO_PROCESS;
	if (p != caller && p->session != caller->session)
		return MASIX_E_PERMISSION;
	if (p != caller && p->has_executed)
		return MASIX_E_ACCESS;
	if (p->session->sid == p->pid)
		return MASIX_E_PERMISSION;
	if (pgid == 0)
		pgid = p->pid;
	if (pgid != p->pid && !group_in_session(t, pgid, p->session))
		return MASIX_E_PERMISSION;
	group_leave(t, p);
	group_enter(t, p, pgid);
	return 0;
}

int terminal_acquire(struct process *p, struct terminal_jobs *terminal, bool steal)
{
	struct session *session = p->session;

	if (session->terminal == terminal)
		return 0;
	if (session->sid != p->pid || session->terminal != NULL)
		return MASIX_E_PERMISSION;
	if (terminal->session != NULL) {
		if (!steal || p->credentials.euid != 0)
			return MASIX_E_PERMISSION;
		terminal->session->terminal = NULL;
	}
	session->terminal = terminal;
	terminal->session = session;
	terminal->foreground = p->pgid;
	return 0;
}

int terminal_give_up(struct process_table *t, struct process *p, struct terminal_jobs *terminal)
{
	if (p->session->terminal != terminal)
		return MASIX_E_NOT_TTY;
	if (p->session->sid == p->pid) /* only the leader speaks for the session */
		lose_terminal(t, p->session);
	return 0;
}

void terminal_hang_up(struct process_table *t, struct terminal_jobs *terminal)
{
	struct session *session = terminal->session;

	if (session == NULL)
		return;
	const struct masix_siginfo info = { .code = SI_KERNEL };
	struct process *leader = process_find(t, session->sid);

	if (leader != NULL && leader->pgid != terminal->foreground) {
		signal_post_from_system(t, leader, SIGHUP, &info);
		signal_post_from_system(t, leader, SIGCONT, &info);
	}
	lose_terminal(t, session);
}

int terminal_set_foreground(
	struct process_table *t, struct process *p, struct terminal_jobs *terminal, int pgid)
{
	if (p->session->terminal != terminal)
		return MASIX_E_NOT_TTY;
	if (pgid <= 0)
		return MASIX_E_INVALID;
	if (pgid >= PID_MAX || t->pids[pgid].groups == 0)
		return MASIX_E_NO_PROCESS;
	if (!group_in_session(t, pgid, p->session))
		return MASIX_E_PERMISSION;
	terminal->foreground = pgid;
	return 0;
}

int terminal_check(struct process_table *t, struct process *p, struct terminal_jobs *terminal,
	int signal, bool blocked)
{
	if (p->session == NULL || p->session->terminal != terminal ||
		p->pgid == terminal->foreground)
		return 0;
	if (blocked || (p->ignored & SIGNAL_BIT(signal)) != 0)
		return signal == SIGTTOU ? 0 : MASIX_E_IO;
	if (group_is_orphaned(t, p->pgid))
		return MASIX_E_IO;
	group_signal(t, p->pgid, signal);
	return MASIX_E_INTERRUPTED;
}
