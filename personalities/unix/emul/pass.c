#include "pass.h"

#include <linux/stat.h>
#include <masix/error.h>

#include "fd.h"
#include "fd_table.h"
#include "files.h"
#include "process.h"
#include "service.h"
#include "signals.h"
#include "timers.h"

/* Room for the most that can be; what is used of it is sent. */
struct room {
	struct takeover header;
	struct takeover_file files[EMUL_FILES];
	struct takeover_descriptor descriptors[FD_TABLE_SIZE];
	struct takeover_signal signals[SIGNALS_QUEUE];
	uint32_t released[EMUL_FILES];
};

int pass_is_needed(const struct exec *e)
{
	const struct masix_stat *stat = &e->main.stat;

	if (emul_process.no_new_privileges)
		return 0;
	return ((stat->mode & S_ISUID) && stat->uid != emul_process.euid) ||
	       ((stat->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		       stat->gid != emul_process.egid);
}

static void fill(struct room *room, const struct exec *e)
{
	struct takeover *t = &room->header;

	t->program = e->main.port;
	t->prefix_count = e->prefix_count;
	t->prefix_size = e->prefix_size;
	t->argc = e->argc;
	t->envc = e->envc;
	t->strings_size = e->strings_size;
	t->umask = emul_process.umask;
	t->personality = emul_process.personality;
	t->subreaper = emul_process.subreaper;
	memcpy(t->path, e->path, sizeof t->path);
	memcpy(t->first, e->first, sizeof t->first);
	for (int i = 0; i < TIMERS_INTERVALS; i++)
		timers_get(i, &t->timers[i].value, &t->timers[i].interval);
	signals_pass(t, room->signals);
	emul_files_pass(t, room->files, room->descriptors, room->released);
}

static void append(char **to, const void *from, uint32_t size)
{
	memcpy(*to, from, size);
	*to += size;
}

static void pack(char *to, const struct room *room, const struct exec *e)
{
	const struct takeover *t = &room->header;

	append(&to, t, sizeof *t);
	append(&to, room->files, t->file_count * sizeof room->files[0]);
	append(&to, room->descriptors, t->descriptor_count * sizeof room->descriptors[0]);
	append(&to, room->signals, t->signal_count * sizeof room->signals[0]);
	append(&to, room->released, t->released_count * sizeof room->released[0]);
	append(&to, e->prefix, e->prefix_size);
	append(&to, e->strings, e->strings_size);
}

kern_return_t pass_on(const struct exec *e)
{
	struct room *room = emul_memory_allocate(sizeof *room, 0);
	kern_return_t kr = KERN_RESOURCE_SHORTAGE;
	uint32_t size;
	char *packed;

	if (!room)
		return kr;
	/* From here on what signals bring is left to the other task. */
	service_hold_signals();
	fill(room, e);
	size = takeover_size(&room->header);
	packed = size ? emul_memory_allocate(size, 0) : NULL;
	if (packed) {
		pack(packed, room, e);
		kr = process_exec_set_id(EMUL_PORT_PROCESS, packed, size);
		emul_memory_free(packed, size);
	}
	service_release_signals();
	emul_memory_free(room, sizeof *room);
	return kr;
}
