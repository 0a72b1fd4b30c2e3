#include "take.h"

#include "cwd.h"
#include "fd.h"
#include "fd_table.h"
#include "files.h"
#include "kernel.h"
#include "mounts.h"
#include "process.h"
#include "program.h"
#include "rlimits.h"
#include "service.h"
#include "signals.h"
#include "timers.h"

#define RLIMIT_STACK 3
#define STACK_OF_OTHERS (8u << 20) /* at most so much stack is promised to a set-ID program */
/* personality(2): what weakens a program, PER_CLEAR_ON_SETID. */
#define PERSONALITY_WEAK 0x0740000u

static struct exec *program;

static void __attribute__((noreturn)) refuse(const char *why)
{
	emul_log(why, emul_boot.takeover);
	signals_kill(SIGKILL);
}

static void take_files(const struct takeover *t, const struct takeover_file *files,
	const struct takeover_descriptor *descriptors)
{
	struct emul_file *taken[FD_TABLE_SIZE];
	uint32_t i;

	for (i = 0; i < t->file_count; i++)
		taken[i] = file_restore(&files[i]);
	for (i = 0; i < t->descriptor_count; i++) {
		const struct takeover_descriptor *d = &descriptors[i];

		if (d->fd >= FD_TABLE_SIZE || d->file >= t->file_count || !taken[d->file])
			continue;
		file_use(taken[d->file]);
		fd_restore(d->fd, taken[d->file]);
	}
	for (i = 0; i < t->file_count; i++)
		if (taken[i])
			file_drop(taken[i]);
}

/* The server entered it as EMUL_PORT_CWD, if it is a directory that it knows. */
static void take_directory(const struct takeover_file *from)
{
	struct emul_file *file = file_get(&fd_cwd);

	if (!file)
		refuse("no working directory ");
	file->mount = from->mount;
	if (from->origin == TAKEOVER_NO_PORT) {
		file->kind = EMUL_FILE_PATH; /* every use of it fails */
		file->port = MACH_PORT_NULL;
	}
	file_drop(file);
}

static int is_counted(const char *strings, uint32_t size, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		if (!strings[i])
			count--;
	return count == 0 && (size == 0 || !strings[size - 1]);
}

/* The strings for the new stack, which may lie in memory that goes. */
static void take_strings(const struct takeover *t, const char *prefix)
{
	const char *strings = prefix + t->prefix_size;

	program = emul_memory_allocate(sizeof *program, 0);
	if (!program)
		refuse("no memory for a set-ID program ");
	if (t->prefix_size > sizeof program->prefix || t->strings_size > sizeof program->strings ||
		t->path[sizeof t->path - 1] || t->first[sizeof t->first - 1] ||
		t->argc > PROGRAM_STRINGS || t->envc > PROGRAM_STRINGS ||
		!is_counted(prefix, t->prefix_size, t->prefix_count) ||
		!is_counted(strings, t->strings_size, t->argc + t->envc))
		refuse("bad arguments of a set-ID program ");
	program->main.port = t->program;
	program->prefix_size = t->prefix_size;
	program->prefix_count = t->prefix_count;
	program->strings_size = t->strings_size;
	program->argc = t->argc;
	program->envc = t->envc;
	memcpy(program->prefix, prefix, t->prefix_size);
	memcpy(program->strings, strings, t->strings_size);
	memcpy(program->path, t->path, sizeof t->path);
	memcpy(program->first, t->first, sizeof t->first);
}

void take_state(void)
{
	const struct takeover *t = (const struct takeover *)TAKEOVER_ADDRESS;
	const struct takeover_file *files = (const struct takeover_file *)(t + 1);
	const struct takeover_descriptor *descriptors;
	const struct takeover_signal *signals;
	const uint32_t *released;
	uint32_t i;

	if (takeover_size(t) != emul_boot.takeover || t->file_count > EMUL_FILES)
		refuse("bad state of a set-ID program ");
	descriptors = (const void *)(files + t->file_count);
	signals = (const void *)(descriptors + t->descriptor_count);
	released = (const void *)(signals + t->signal_count);
	emul_process.umask = t->umask & 0777;
	emul_process.personality = t->personality & ~PERSONALITY_WEAK;
	emul_process.subreaper = t->subreaper;
	emul_process.dumpable = 0;
	take_directory(&t->directory);
	if (t->root[0])
		mounts_set_root(t->root, (uint32_t)strlen(t->root));
	take_files(t, files, descriptors);
	for (i = 0; i < t->released_count; i++)
		file_release_position(released[i]);
	signals_take(t->signal_mask, t->ignored_signals, signals, t->signal_count);
	take_strings(t, (const char *)(released + t->released_count));
}

static void take_ids(void)
{
	masix_ids_t ids;
	mach_msg_type_number_t count = sizeof ids / sizeof ids[0];

	if (process_get_ids(EMUL_PORT_PROCESS, 0, ids, &count) || count < 10)
		refuse("no ids for a set-ID program ");
	emul_process.ruid = ids[3];
	emul_process.euid = ids[4];
	emul_process.suid = ids[5];
	emul_process.rgid = ids[6];
	emul_process.egid = ids[7];
	emul_process.sgid = ids[8];
	emul_process.group_count = count - 10;
	memcpy(emul_process.groups, ids + 10, emul_process.group_count * sizeof ids[0]);
}

void take_program(void)
{
	const struct takeover *t = (const struct takeover *)TAKEOVER_ADDRESS;

	take_ids();
	limits_lower(RLIMIT_STACK, STACK_OF_OTHERS);
	for (int i = 0; i < TIMERS_INTERVALS; i++)
		timers_set(i, t->timers[i].value, t->timers[i].interval);
	timers_limit();
	if (program_prepare_open(program))
		signals_kill(SIGKILL);
	image_commit(program);
}
