#include "process_table.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#include "session.h"
#include "signals.h"
#include "wait.h"

void process_table_init(struct process_table *t)
{
	memset(t, 0, sizeof(*t));
	t->todo_tail = &t->todo;
	t->answers_tail = &t->answers;
	t->limit = PROCESS_MAX;
}

/* The next free id, as Linux counts: upwards from the last one, low ones only for the system.
 * An id that still names a group or session is not free. */
static int pid_allocate(const struct process_table *t)
{
	int pid = t->last_pid;

	for (int tries = 0; tries < PID_MAX; tries++) {
		pid++;
		if (pid >= PID_MAX)
			pid = 300;
		const struct pid_slot *slot = &t->pids[pid];

		if (slot->process == NULL && slot->groups == 0 && slot->session == NULL)
			return pid;
	}
	return 0;
}

static char *copy_of(const char *bytes, uint32_t size)
{
	char *copy = malloc(size + 1);

	if (copy != NULL) {
		memcpy(copy, bytes, size);
		copy[size] = '\0';
	}
	return copy;
}

static void list_insert(struct process_table *t, struct process *p)
{
	p->previous = t->last;
	if (t->last != NULL)
		t->last->next = p;
	else
		t->first = p;
	t->last = p;
}

static void list_remove(struct process_table *t, struct process *p)
{
	if (p->previous != NULL)
		p->previous->next = p->next;
	else
		t->first = p->next;
	if (p->next != NULL)
		p->next->previous = p->previous;
	else
		t->last = p->previous;
}

static void child_insert(struct process *parent, struct process *p)
{
	p->parent = parent;
	p->sibling = parent->children;
	p->sibling_before = NULL;
	if (p->sibling != NULL)
		p->sibling->sibling_before = p;
	parent->children = p;
}

static void child_remove(struct process *p)
{
	if (p->sibling_before != NULL)
		p->sibling_before->sibling = p->sibling;
	else if (p->parent != NULL)
		p->parent->children = p->sibling;
	if (p->sibling != NULL)
		p->sibling->sibling_before = p->sibling_before;
	p->parent = p->sibling = p->sibling_before = NULL;
}

static void record_free(struct process *p)
{
	free(p->root);
	free(p->cmdline);
	free(p->file);
	free(p);
}

/* What a child takes over from its parent by fork(2). */
static int inherit(struct process *p, const struct process *parent)
{
	p->credentials = parent->credentials;
	p->nice = parent->nice;
	p->no_new_privileges = parent->no_new_privileges;
	memcpy(p->limits, parent->limits, sizeof(p->limits));
	p->limit_changes = parent->limit_changes;
	p->ignored = parent->ignored;
	p->no_zombies = parent->no_zombies;
	p->no_stop_report = parent->no_stop_report;
	memcpy(p->comm, parent->comm, sizeof(p->comm));
	memcpy(p->image, parent->image, sizeof(p->image));
	p->cmdline_size = parent->cmdline_size;
	p->environment_size = parent->environment_size;
	p->root = copy_of(parent->root, strlen(parent->root));
	p->cmdline = copy_of(parent->cmdline, parent->cmdline_size + parent->environment_size);
	p->file = copy_of(parent->file, strlen(parent->file));
	return p->root != NULL && p->cmdline != NULL && p->file != NULL ? 0 : MASIX_E_LIMIT;
}

/* What Linux begins with: half of all processes; no core files, which nobody writes. */
static void set_first_limits(struct process *p, unsigned processes)
{
	enum { STACK = 3, CORE };

	for (unsigned i = 0; i < MASIX_LIMITS; i++)
		p->limits[i][0] = p->limits[i][1] = UINT64_MAX;
	p->limits[STACK][0] = 8u << 20;
	p->limits[CORE][0] = 0;
	p->limits[MASIX_LIMIT_PROCESSES][0] = p->limits[MASIX_LIMIT_PROCESSES][1] = processes;
	p->limits[MASIX_LIMIT_FILES][0] = 1024;
	p->limits[MASIX_LIMIT_FILES][1] = 4096;
	p->limit_changes = 1;
}

static int start_afresh(struct process *p, unsigned limit)
{
	set_first_limits(p, limit);
	p->root = copy_of("", 0);
	p->cmdline = copy_of("", 0);
	p->file = copy_of("", 0);
	strcpy(p->comm, "init");
	return p->root != NULL && p->cmdline != NULL && p->file != NULL ? 0 : MASIX_E_LIMIT;
}

static unsigned count_of_user(const struct process_table *t, uint32_t uid)
{
	unsigned count = 0;

	for (const struct process *p = t->first; p != NULL; p = p->next)
		count += p->credentials.ruid == uid;
	return count;
}

int process_may_fork(const struct process_table *t, const struct process *p)
{
	const struct credentials *c = &p->credentials;

	if (c->euid == 0 || c->ruid == 0)
		return t->count < t->limit ? 0 : MASIX_E_LIMIT;
	/* The last ones are for root, who ends what took the others. */
	if (t->count >= t->limit - t->limit / ROOT_PART ||
		count_of_user(t, c->ruid) >= p->limits[MASIX_LIMIT_PROCESSES][0])
		return MASIX_E_LIMIT;
	return 0;
}

int process_create(struct process_table *t, struct process *parent, uint32_t task, uint64_t now_ns,
	struct process **created)
{
	int pid = parent == NULL || process_may_fork(t, parent) == 0 ? pid_allocate(t) : 0;
	struct process *p = pid != 0 ? calloc(1, sizeof(*p)) : NULL;

	if (p == NULL)
		return MASIX_E_LIMIT;
	int error = parent != NULL ? inherit(p, parent) : start_afresh(p, t->limit / 2);

	if (error == 0)
		error = session_join(t, p, parent);
	if (error != 0) {
		record_free(p);
		return error;
	}

	p->pid = pid;
	p->task = task;
	p->references = 1;
	p->started_ns = now_ns;
	t->pids[pid].process = p;
	t->last_pid = pid;
	t->count++;
	t->forks++;
	list_insert(t, p);
	if (parent != NULL)
		child_insert(parent, p);
	*created = p;
	return 0;
}

struct process *process_find(struct process_table *t, int pid)
{
	return pid > 0 && pid < PID_MAX ? t->pids[pid].process : NULL;
}

struct process *process_find_task(struct process_table *t, uint32_t task)
{
	for (struct process *p = t->first; p != NULL; p = p->next)
		if (p->task == task && task != 0)
			return p;
	return NULL;
}

void process_ref(struct process *p)
{
	p->references++;
}

void process_put(struct process_table *t, struct process *p)
{
	if (--p->references == 0)
		process_todo(t, p, TODO_FREE);
}

void process_free(struct process *p)
{
	record_free(p);
}

void process_set_image(struct process *p, const char *comm, char *cmdline, uint32_t size,
	char *file, const uint32_t *image)
{
	free(p->cmdline);
	free(p->file);
	p->cmdline = cmdline;
	p->cmdline_size = image[5] > image[4] ? image[5] - image[4] : 0;
	if (p->cmdline_size > size)
		p->cmdline_size = size;
	p->environment_size = size - p->cmdline_size;
	p->file = file;
	strncpy(p->comm, comm, COMM_MAX);
	p->comm[COMM_MAX] = '\0';
	memcpy(p->image, image, sizeof(p->image));
	p->has_executed = true;
}

void process_todo(struct process_table *t, struct process *p, unsigned todo)
{
	if (p->todo == 0) {
		p->todo_next = NULL;
		*t->todo_tail = p;
		t->todo_tail = &p->todo_next;
		if (todo != TODO_FREE)
			process_ref(p);
	}
	p->todo |= todo;
}

void process_end(struct process_table *t, struct process *p, int status)
{
	if (!process_is_live(p))
		return;
	p->state = PROCESS_EXITING;
	p->status = status;
	process_todo(t, p, TODO_TERMINATE);
}

void process_abandon(struct process_table *t, struct process *p)
{
	p->is_abandoned = true;
	if (p->state == PROCESS_ZOMBIE)
		child_ended(t, p);
	else
		process_end(t, p, SIGKILL);
}

/* Who takes care of the orphans of p: the nearest subreaper above it, or init; NULL: nobody is left. */
static struct process *reaper_of(struct process_table *t, struct process *p)
{
	struct process *init = t->pids[INIT_PID].process;

	for (struct process *a = p->parent; a != NULL; a = a->parent)
		if (a->is_subreaper && process_is_live(a))
			return a;
	return init != p ? init : NULL;
}

/* Orphans get another parent; those that ended already are its to reap. */
static void give_away_children(struct process_table *t, struct process *p)
{
	const struct masix_siginfo info = { .code = SI_USER, .pid = p->pid };
	struct process *reaper = reaper_of(t, p), *child;

	while ((child = p->children) != NULL) {
		child_remove(child);
		if (child->death_signal != 0)
			signal_post_from_system(t, child, child->death_signal, &info);
		if (reaper == NULL)
			continue;
		child_insert(reaper, child);
		/* It learns of its new parent when it looks for signals. */
		if (process_is_live(child))
			process_todo(t, child, TODO_POKE);
		else if (child->state == PROCESS_ZOMBIE)
			child_ended(t, child);
	}
}

void process_ended(struct process_table *t, struct process *p, const struct masix_usage *usage)
{
	if (p->state != PROCESS_EXITING)
		return;
	p->state = PROCESS_ZOMBIE;
	p->usage = *usage;
	p->stopped = false;
	signals_discard(t, p);
	waiters_discard(t, p);
	session_left(t, p);
	give_away_children(t, p);
	if (p->pid == INIT_PID)
		t->init_is_gone = true;
	else
		child_ended(t, p);
}

void process_reap(struct process_table *t, struct process *p)
{
	if (p->parent != NULL) {
		usage_add(&p->parent->children_usage, &p->usage);
		usage_add(&p->parent->children_usage, &p->children_usage);
	}
	child_remove(p);
	list_remove(t, p);
	t->pids[p->pid].process = NULL;
	t->count--;
	session_forget(t, p);
	p->state = PROCESS_REAPED;
	process_put(t, p);
}

void usage_add(struct masix_usage *sum, const struct masix_usage *more)
{
	sum->user += more->user;
	sum->system += more->system;
	sum->faults += more->faults;
	if (more->max_resident > sum->max_resident)
		sum->max_resident = more->max_resident;
}
