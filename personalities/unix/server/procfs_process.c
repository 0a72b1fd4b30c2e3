/* The files of /proc about one process. */
#include <mach.h>
#include <mach_port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/mach.h>

#include "library_view.h"
#include "mounts.h"
#include "procfs_text.h"
#include "server.h"
#include "session.h"
#include "signals.h"
#include "task.h"

#include "../emul/boot.h"

#define TICK_US 10000
#define TICK_NS 10000000ull
#define KIB_PER_PAGE 4
#define FIRST_MOUNT 20	  /* in mountinfo, where 0 means no parent */
#define SERVICE_THREADS 1 /* of the emulation library, not the program's */

/* What one look at the table and the kernel gives. */
struct snapshot {
	struct process *process; /* a reference */
	char comm[COMM_MAX + 1];
	char state;
	int ppid, pgid, sid, terminal, foreground, nice, status;
	uint64_t started_ns, pending, ignored;
	unsigned queued;
	struct credentials credentials;
	struct masix_usage usage, children;
	uint32_t image[IMAGE_WORDS];
	struct task_figures figures;
	unsigned threads;
	int id; /* of the process or the thread */
};

static void look(struct snapshot *s, struct process *p)
{
	const struct terminal_jobs *terminal = p->session->terminal;

	process_ref(p);
	s->process = p;
	memcpy(s->comm, p->comm, sizeof(s->comm));
	s->state = p->state == PROCESS_ZOMBIE ? 'Z' : p->stopped ? 'T' : 'S';
	s->ppid = p->parent != NULL ? p->parent->pid : 0;
	s->pgid = p->pgid;
	s->sid = p->session->sid;
	s->terminal = terminal != NULL ? (int)terminal->rdev : 0;
	s->foreground = terminal != NULL ? terminal->foreground : -1;
	s->nice = p->nice;
	s->status = p->status;
	s->started_ns = p->started_ns;
	s->pending = p->pending;
	s->ignored = p->ignored;
	s->queued = p->queue_length;
	s->credentials = p->credentials;
	s->usage = p->usage;
	s->children = p->children_usage;
	memcpy(s->image, p->image, sizeof(s->image));
}

/* Times and state of one thread.  It is whatever the process's library says it is. */
static void look_at_thread(struct snapshot *s)
{
	struct emul_view *view = library_view(s->process);
	mach_port_t port = MACH_PORT_NULL;

	for (unsigned i = 0; view != NULL && i < EMUL_VIEW_THREADS; i++)
		if (view->threads[i].id == (uint32_t)s->id)
			port = view->threads[i].port;
	library_view_free(view);
	if (task_one_thread(s->process->task, port, &s->usage) && s->state == 'S')
		s->state = 'R';
}

/* False: there is no such process.  Otherwise forget() ends it. */
static bool remember(struct proc_node node, struct snapshot *s)
{
	bool runs;

	memset(s, 0, sizeof(*s));
	table_lock();
	struct process *p = process_find(&unix_server.table, node.pid);

	if (p != NULL)
		look(s, p);
	table_unlock();
	if (p == NULL)
		return false;
	s->id = node.thread != 0 ? node.thread : node.pid;
	if (s->state == 'Z')
		return true;
	if (task_figures(p->task, &s->figures)) {
		s->usage.user = s->figures.user_us;
		s->usage.system = s->figures.system_us;
		s->usage.faults = s->figures.faults;
	}
	if (task_thread_figures(p->task, &s->threads, &runs)) {
		if (s->threads > SERVICE_THREADS)
			s->threads -= SERVICE_THREADS;
		if (runs && s->state == 'S')
			s->state = 'R';
	}
	if (node.thread != 0)
		look_at_thread(s);
	return true;
}

static void forget(struct snapshot *s)
{
	table_lock();
	process_put(&unix_server.table, s->process);
	table_unlock();
}

static unsigned long ticks(uint64_t us)
{
	return us / TICK_US;
}

static void stat(const struct snapshot *s, struct text *text)
{
	const uint32_t *image = s->image;
	uint32_t pending = s->pending, ignored = s->ignored;

	text_append(text, "%d (%s) %c %d %d %d %d %d 0 %u 0 0 0 ", s->id, s->comm, s->state,
		s->ppid, s->pgid, s->sid, s->terminal, s->foreground, s->usage.faults);
	text_append(text, "%lu %lu %lu %lu %d %d %u 0 %llu ", ticks(s->usage.user),
		ticks(s->usage.system), ticks(s->children.user), ticks(s->children.system),
		20 + s->nice, s->nice, s->threads, (unsigned long long)(s->started_ns / TICK_NS));
	text_append(text, "%lu %u 4294967295 %u %u %u 0 0 ",
		(unsigned long)s->figures.virtual_kib * 1024,
		s->figures.resident_kib / KIB_PER_PAGE, image[0], image[1], image[2]);
	/* signals, then wchan, swap, exit signal, cpu, policy, ... */
	text_append(text, "%u 0 %u 0 0 0 0 17 0 0 0 0 0 0 ", pending, ignored);
	text_append(text, "0 0 %u %u %u 0 0 %d\n", image[3], image[4], image[5], s->status);
}

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "running";
	case 'T':
		return "stopped";
	case 'Z':
		return "zombie";
	default:
		return "sleeping";
	}
}

static void status(const struct snapshot *s, struct text *text)
{
	const struct credentials *c = &s->credentials;
	int pid = s->process->pid;

	text_append(text, "Name:\t%s\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n", s->comm,
		s->state, state_name(s->state), pid, s->id);
	text_append(text, "PPid:\t%d\nTracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\n", s->ppid, c->ruid,
		c->euid, c->suid, c->euid);
	text_append(text, "Gid:\t%u\t%u\t%u\t%u\nGroups:\t", c->rgid, c->egid, c->sgid, c->egid);
	for (unsigned i = 0; i < c->group_count; i++)
		text_append(text, "%u ", c->groups[i]);
	text_append(text, "\n");
	if (s->state != 'Z')
		text_append(text, "VmSize:\t%8u kB\nVmRSS:\t%8u kB\n", s->figures.virtual_kib,
			s->figures.resident_kib);
	text_append(
		text, "Threads:\t%u\nSigQ:\t%u/%u\n", s->threads, s->queued, SIGNAL_QUEUE_PROCESS);
	text_append(text, "ShdPnd:\t%016llx\nSigIgn:\t%016llx\n", (unsigned long long)s->pending,
		(unsigned long long)s->ignored);
}

static void statm(const struct snapshot *s, struct text *text)
{
	uint32_t code = s->image[1] > s->image[0] ? (s->image[1] - s->image[0]) / 4096 : 0;

	text_append(text, "%u %u 0 %u 0 0 0\n", s->figures.virtual_kib / KIB_PER_PAGE,
		s->figures.resident_kib / KIB_PER_PAGE, code);
}

/* The file that is mapped there, as its library says; NULL: none. */
static const struct emul_view_mapping *mapping_at(const struct emul_view *view, vm_address_t start)
{
	for (unsigned i = 0; view != NULL && i < EMUL_VIEW_MAPPINGS; i++)
		if (view->mappings[i].start <= start && start < view->mappings[i].end)
			return &view->mappings[i];
	return NULL;
}

/* Offset, device, inode and name. */
static void append_file(const struct emul_view_mapping *m, vm_address_t start, struct text *text)
{
	text_append(text, "%08lx %02x:%02x %llu%*s%s\n",
		(unsigned long)(m->offset + (start - m->start)), m->dev >> 8 & 0xff, m->dev & 0xff,
		(unsigned long long)m->ino, 20, "", m->name);
}

/* What the process told of its image. */
static void append_name(
	const struct snapshot *s, vm_address_t start, vm_address_t end, struct text *text)
{
	enum { START_CODE, END_CODE, START_STACK, HEAP };

	if (start < s->image[END_CODE] && s->image[START_CODE] < end) {
		table_lock();
		text_append(text, "%*s%s", 24, "", s->process->file);
		table_unlock();
	} else if (start <= s->image[START_STACK] && s->image[START_STACK] < end) {
		text_append(text, "%*s[stack]", 24, "");
	} else if (start <= s->image[HEAP] && s->image[HEAP] < end) {
		text_append(text, "%*s[heap]", 24, "");
	} else if (start == EMUL_BASE) {
		text_append(text, "%*s[vdso]", 24, "");
	}
}

static void maps(const struct snapshot *s, struct text *text)
{
	struct emul_view *view = s->state != 'Z' ? library_view(s->process) : NULL;
	vm_address_t address = 0;
	mach_port_t task = s->process->task;

	for (;;) {
		vm_prot_t protection, max_protection;
		vm_inherit_t inheritance;
		boolean_t shared;
		mach_port_t name;
		vm_offset_t offset;
		vm_size_t size;

		if (vm_region(task, &address, &size, &protection, &max_protection, &inheritance,
			    &shared, &name, &offset) != KERN_SUCCESS)
			break;
		if (name != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), name);
		const struct emul_view_mapping *m = mapping_at(view, address);

		text_append(text, "%08lx-%08lx %c%c%c%c ", (unsigned long)address,
			(unsigned long)(address + size), protection & VM_PROT_READ ? 'r' : '-',
			protection & VM_PROT_WRITE ? 'w' : '-',
			protection & VM_PROT_EXECUTE ? 'x' : '-', shared ? 's' : 'p');
		if (m != NULL) {
			append_file(m, address, text);
		} else {
			text_append(text, "%08lx 00:00 0", (unsigned long)offset);
			append_name(s, address, address + size, text);
			text_append(text, "\n");
		}
		if (address + size <= address)
			break;
		address += size;
	}
	library_view_free(view);
}

static void cmdline(struct process *p, struct text *text)
{
	table_lock();
	if (p->state != PROCESS_ZOMBIE)
		text_append_bytes(text, p->cmdline, p->cmdline_size);
	table_unlock();
}

static void environment(struct process *p, struct text *text)
{
	table_lock();
	if (p->state != PROCESS_ZOMBIE)
		text_append_bytes(text, p->cmdline + p->cmdline_size, p->environment_size);
	table_unlock();
}

static void mount_lines(struct text *text)
{
	char lines[1024];

	text_append_bytes(text, lines, mounts_proc_lines(lines, sizeof(lines)));
}

/* Id, parent, device, root, mount point, options, type, source, options of the file system. */
static void mount_info(struct text *text)
{
	unsigned count;
	const struct mount *mounts = mounts_table(&count);

	for (unsigned i = 0; i < count; i++) {
		const struct mount *m = &mounts[i];

		if (m->is_there)
			text_append(text, "%u %u 0:%u / %s %s - %s %s %s\n", m->id + FIRST_MOUNT,
				m->id == MOUNT_ROOT ? 0 : FIRST_MOUNT, m->id, m->path, m->options,
				m->type, m->source, "rw");
	}
}

bool proc_process_text(struct proc_node node, int viewer, struct text *text)
{
	struct snapshot s;

	if (!remember(node, &s))
		return false;
	/* It waits for this very answer. */
	if (s.id == viewer && s.state == 'S')
		s.state = 'R';
	switch (node.kind) {
	case PROC_PID_STAT:
		stat(&s, text);
		break;
	case PROC_PID_STATUS:
		status(&s, text);
		break;
	case PROC_PID_STATM:
		statm(&s, text);
		break;
	case PROC_PID_CMDLINE:
		cmdline(s.process, text);
		break;
	case PROC_PID_ENVIRON:
		environment(s.process, text);
		break;
	case PROC_PID_COMM:
		text_append(text, "%s\n", s.comm);
		break;
	case PROC_PID_MOUNTS:
		mount_lines(text);
		break;
	case PROC_PID_MOUNTINFO:
		mount_info(text);
		break;
	case PROC_PID_MAPS:
		maps(&s, text);
		break;
	default:
		break;
	}
	forget(&s);
	return true;
}

int proc_next_thread(int pid, int from)
{
	struct emul_view *view = NULL;
	int found = 0;

	table_lock();
	struct process *p = process_find(&unix_server.table, pid);

	if (p != NULL)
		process_ref(p);
	table_unlock();
	if (p == NULL)
		return 0;
	if (process_is_live(p))
		view = library_view(p);
	if (pid >= from)
		found = pid;
	for (unsigned i = 0; view != NULL && i < EMUL_VIEW_THREADS; i++) {
		const int id = (int)view->threads[i].id;

		if (id >= from && id > 0 && (found == 0 || id < found))
			found = id;
	}
	library_view_free(view);
	table_lock();
	process_put(&unix_server.table, p);
	table_unlock();
	return found;
}

uint32_t proc_process_link(struct proc_node node, char *to, uint32_t room)
{
	uint32_t length = 0;

	table_lock();
	const struct process *p = process_find(&unix_server.table, node.pid);

	if (p != NULL && process_is_live(p)) {
		const char *target = node.kind == PROC_EXE ? p->file : p->root;

		if (node.kind == PROC_PROCESS_ROOT && target[0] == '\0')
			target = "/";
		length = strlen(target);
		if (length < room)
			memcpy(to, target, length);
		else
			length = 0;
	}
	table_unlock();
	return length;
}

bool proc_process_owner(int pid, uint32_t *uid, uint32_t *gid, uint64_t *started_ns)
{
	table_lock();
	const struct process *p = process_find(&unix_server.table, pid);

	if (p != NULL) {
		*uid = p->credentials.euid;
		*gid = p->credentials.egid;
		*started_ns = p->started_ns;
	}
	table_unlock();
	return p != NULL;
}

/* ptrace(2) has the rule. */
bool proc_may_inspect(int viewer, int pid)
{
	struct process_table *t = &unix_server.table;
	bool may = false;

	table_lock();
	const struct process *from = process_find(t, viewer), *to = process_find(t, pid);

	if (from != NULL && to != NULL) {
		const struct credentials *f = &from->credentials, *c = &to->credentials;

		may = from == to || f->euid == 0 ||
		      (f->euid == c->ruid && f->euid == c->euid && f->euid == c->suid);
	}
	table_unlock();
	return may;
}
