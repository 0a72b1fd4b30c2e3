/* Well-formed requests: what goes into the arguments. */
#include <masix/mach.h>
#include <masix/types.h>
#include <string.h>

#include "mach.h"
#include "mach_port.h"
#include "message.h"
#include "random.h"

#define ARENA_SIZE 65536

struct surroundings surroundings;

/* The bytes of one request. */
static union {
	uint64_t wide;
	char bytes[ARENA_SIZE];
} arena;
static size_t arena_used;

static void *take(size_t size)
{
	void *taken = arena.bytes + arena_used;

	size = (size + 7) & ~(size_t)7;
	if (size > ARENA_SIZE - arena_used)
		return arena.bytes;
	arena_used += size;
	return taken;
}

/* --- Rights --- */

#define TASKS_MAX 2
#define PORTS_MAX 4096

static mach_port_t fresh_tasks[TASKS_MAX], fresh_ports[PORTS_MAX];
static unsigned fresh_count, port_count;

static mach_port_t fresh_port(int with_send)
{
	if (port_count == PORTS_MAX)
		return MACH_PORT_NULL;

	mach_port_t port = fresh_ports[port_count++] = mach_reply_port();

	if (with_send)
		(void)mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
	return port;
}

static mach_port_t dead_name(void)
{
	mach_port_t port = fresh_port(1);

	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
	return port;
}

/* A task that no process is.  It would outlive us. */
static mach_port_t fresh_task(void)
{
	mach_port_t task;

	if (fresh_count == TASKS_MAX || task_create(mach_task_self(), FALSE, &task) != KERN_SUCCESS)
		return MACH_PORT_NULL;
	fresh_tasks[fresh_count++] = task;
	return task;
}

void end_fresh_rights(void)
{
	while (fresh_count > 0)
		(void)task_terminate(fresh_tasks[--fresh_count]);
	drop_reply_port();
	while (port_count > 0) {
		mach_port_t port = fresh_ports[--port_count];
		mach_port_type_t type;

		/* The kernel reports who drops what has moved away. */
		if (mach_port_type(mach_task_self(), port, &type) == KERN_SUCCESS &&
			(type & MACH_PORT_TYPE_RECEIVE))
			(void)mach_port_mod_refs(
				mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
	}
}

static mach_port_t fresh_set(void)
{
	mach_port_t set;

	return mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set) == KERN_SUCCESS
		       ? set
		       : MACH_PORT_NULL;
}

mach_port_t any_right(unsigned type)
{
	mach_port_t port = MACH_PORT_NULL;

	/* Only a port of the sender's own can have rights made, or move. */
	if (type == MACH_MSG_TYPE_MAKE_SEND || type == MACH_MSG_TYPE_MAKE_SEND_ONCE ||
		type == MACH_MSG_TYPE_MOVE_RECEIVE)
		return any(8) == 0 ? 0x10000 + any_number() : fresh_port(any(2) != 0);
	switch (any(12)) {
	case 0:
		return MACH_PORT_NULL;
	case 1:
		return MACH_PORT_DEAD;
	case 2:
		return any_number();
	case 3:
		return dead_name();
	case 4:
		return fresh_set();
	case 5:
		port = fresh_port(1);
		break;
	case 6:
		port = any(16) == 0 ? fresh_task() : mach_task_self();
		break;
	case 7:
		port = mach_thread_self();
		break;
	default:
		port = surroundings.ports[any(surroundings.port_count)];
	}
	/* A reference more, for this message to take. */
	if (type == MACH_MSG_TYPE_MOVE_SEND)
		(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1);
	return port;
}

/* --- Bytes --- */

/* Those behind the first ones are nobody's. */
static const char *const paths[] = { "etc/passwd", "etc", "bin", "lib/ld-linux.so.2", "dev/null",
	"tmp", "proc", "self", "self/stat", "self/fd", "1/cmdline", "meminfo", "0", "ptmx", "", "/",
	".", "..", "../..", "a/../../..", "//", "etc/passwd/", "fuzz-a", "fuzz-b", "fuzz-c",
	"fuzz-a/fuzz-b", "./fuzz-a", "fuzz-link", "/fuzz-a", "fuzz-fifo", "fuzz\1\377", "a\0b" };
#define REAL_PATHS 14
static const char *const names[] = { "", "acs", "fs", "fs/root", "fs/none", "unix", "net",
	"console", "console/log", "example", "nobody", "nobody/else", "con", "a\0b", "a b",
	"\377" };

static int is_one_of(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return 1;
	return 0;
}

static size_t fill_any(char *to, size_t most)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 4, 5, 255, 256, 4095, 4096, 16383, 16384 };
	size_t length =
		any(3) == 0 ? any(most + 1) : lengths[any(sizeof lengths / sizeof lengths[0])];

	if (length > most)
		length = most;
	memset(to, any(3) == 0 ? (int)any(256) : any(2) == 0 ? '/' : 'x', length);
	for (unsigned i = 0; i < 4 && length > 0; i++)
		to[any(length)] = (char)any(256);
	return length;
}

/* The machine's own files stay: root could remove them. */
static const char *any_path(const struct routine *routine)
{
	unsigned count = sizeof paths / sizeof paths[0], first = 0;

	if (surroundings.is_root && (strcmp(routine->name, "dir_unlink") == 0 ||
					    strcmp(routine->name, "dir_rename") == 0))
		first = REAL_PATHS;
	return paths[first + any(count - first)];
}

static size_t fill_bytes(
	const struct routine *routine, const struct argument *a, char *to, int wild)
{
	static const char *const path_names[] = { "path", "to_path", "root", "target", "file",
		NULL };
	static const char *const name_names[] = { "name", "prefix", NULL };
	const char *chosen = wild ? "" : "x";

	if (wild && is_one_of(a->name, path_names) && any(8) != 0)
		chosen = any_path(routine);
	else if (wild && is_one_of(a->name, name_names) && any(8) != 0)
		chosen = names[any(sizeof names / sizeof names[0])];
	else if (wild)
		return fill_any(to, a->size);

	size_t length = strlen(chosen);

	/* With the byte that would end it, now and then. */
	length += wild && any(8) == 0;
	memcpy(to, chosen, length);
	return length;
}

/* --- Parts --- */

/* Untouched memory costs nobody anything, so it may be much. */
static void fill_memory(struct part *part, int wild)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 16384, 65536, 1 << 20,
		(1 << 20) + 1, 16 << 20 };
	size_t size = wild ? sizes[any(sizeof sizes / sizeof sizes[0])] : 100;
	size_t offset = wild && any(3) == 0 ? any(4096) : 0;
	vm_address_t address = 0;

	if (vm_allocate(mach_task_self(), &address, size + offset + 1, TRUE) != KERN_SUCCESS)
		size = 0;
	else if (size > 0 && any(2) == 0)
		memset((char *)address + offset, (int)any(256), size < 8192 ? size : 8192);
	part->data = (void *)(address + offset);
	part->number = size;
	part->frees = wild && any(2) == 0;
}

static void fill_rights(struct part *part, int wild)
{
	unsigned count = wild ? any(2) == 0 ? any(6) : any(260) : 0;
	vm_address_t address = 0;

	if (vm_allocate(mach_task_self(), &address, 4096, TRUE) != KERN_SUCCESS)
		return;
	/* One that has none of these rights would not be sent at all. */
	for (unsigned i = 0; i < count; i++)
		((mach_port_t *)address)[i] =
			any(4) == 0 ? MACH_PORT_NULL
				    : surroundings.ports[any(surroundings.port_count)];
	part->data = (void *)address;
	part->number = count;
}

/* Most do not wait: a call that does costs the round half a second. */
static uint32_t wild_flags(void)
{
	uint32_t flags = any(2) == 0 ? any(1 << 11) : any_number();

	return any(8) == 0 ? flags : flags | MASIX_IO_NONBLOCK;
}

/* A value for a number that would only make the round wait, or the log grow, is kept small. */
static uint32_t choose_int(const struct routine *routine, const struct argument *a, int wild)
{
	/* Nor does root empty files. */
	if (wild && surroundings.is_root && strcmp(routine->name, "dir_open") == 0 &&
		strcmp(a->name, "flags") == 0)
		return any_number() & ~(uint32_t)MASIX_OPEN_TRUNCATE;
	if (strstr(a->name, "flags") != NULL)
		return wild ? wild_flags() : MASIX_IO_NONBLOCK;
	/* The round may have made a child, which never ends. */
	if (!wild && strcmp(a->name, "options") == 0)
		return MASIX_WAIT_NOHANG;
	if (!wild)
		return strcmp(routine->name, "process_reboot") == 0 ? 99 : 0;
	if (strcmp(a->name, "token") == 0)
		return any(8);
	if (strcmp(a->name, "timeout_ms") == 0)
		return any(50);
	if (strcmp(a->name, "request") == 0 && any(4) != 0)
		return 0x5400 + any(0x60);
	if (strcmp(a->name, "rdev") == 0 && any(4) != 0)
		return any(4) == 0   ? 136 << 8 | any(4)
		       : any(2) == 0 ? 5 << 8 | any(3)
				     : 240 << 8 | any(5);
	if (strcmp(a->name, "mode") == 0 && any(2) == 0)
		return any(16) << 12 | 0666;
	if (strcmp(a->name, "pid") == 0 && any(2) == 0)
		return any(2) == 0 ? 0 : (uint32_t)surroundings.pid;
	return any_number();
}

static void fill_part(
	struct part *part, const struct routine *routine, const struct argument *a, int wild)
{
	*part = (struct part){ .number = 1, .bits = 32, .is_inline = 1, .size = 4 };
	part->type = MACH_MSG_TYPE_INTEGER_32;

	char *to = take(a->kind == ARGUMENT_BYTES ? a->size + 1 : 4 * 65);
	uint32_t *words = (uint32_t *)to;

	part->data = to;
	switch (a->kind) {
	case ARGUMENT_INT:
		*words = choose_int(routine, a, wild);
		break;
	case ARGUMENT_WIDE:
		part->type = MACH_MSG_TYPE_INTEGER_64;
		part->bits = 64;
		part->size = 8;
		/* Streams take -1 only. */
		*(uint64_t *)to = !wild ? 0 : any(4) == 0 ? (uint64_t)MASIX_STREAM : any_wide();
		break;
	case ARGUMENT_BYTES:
		part->type = MACH_MSG_TYPE_CHAR;
		part->bits = 8;
		part->is_long = a->size > 4095;
		part->number = part->size = fill_bytes(routine, a, to, wild);
		break;
	case ARGUMENT_WORDS:
	case ARGUMENT_STRUCT:
		part->number = a->kind == ARGUMENT_STRUCT || !wild ? a->size : any(a->size + 1);
		part->size = part->number * 4;
		for (unsigned i = 0; i < part->number; i++)
			words[i] = wild ? any_number() : 0;
		break;
	case ARGUMENT_MEMORY:
		part->type = MACH_MSG_TYPE_CHAR;
		part->bits = 8;
		part->is_long = 1;
		part->is_inline = 0;
		fill_memory(part, wild);
		break;
	case ARGUMENT_RIGHT:
		part->type = a->type;
		*words = wild				      ? any_right(a->type)
			 : a->type == MACH_MSG_TYPE_COPY_SEND ? surroundings.ports[0]
							      : fresh_port(0);
		break;
	case ARGUMENT_RIGHTS:
		part->type = MACH_MSG_TYPE_COPY_SEND;
		part->number = 0;
		part->is_long = 1;
		part->is_inline = 0;
		fill_rights(part, wild);
		break;
	case ARGUMENT_NONE:
		break;
	}
}

void request_build(struct request *r, const struct routine *routine, int wild)
{
	arena_used = 0;
	*r = (struct request){
		.routine = routine,
		.id = routine->id,
		.part_count = routine->argument_count,
		.reply_type = routine->replies ? MACH_MSG_TYPE_MAKE_SEND_ONCE : 0,
	};
	for (unsigned i = 0; i < r->part_count; i++) {
		fill_part(&r->parts[i], routine, &routine->arguments[i], wild);
		if (routine->arguments[i].kind == ARGUMENT_MEMORY ||
			routine->arguments[i].kind == ARGUMENT_RIGHT ||
			routine->arguments[i].kind == ARGUMENT_RIGHTS)
			r->is_complex = 1;
	}
}

/* The kernel's own messages, with names of the sender's choice. */
void request_forge(struct request *r)
{
	static const struct routine forged[] = {
		{ "port_deleted", 65, 0, 1, { { "name", ARGUMENT_INT, 32, 0 } } },
		{ "msg_accepted", 66, 0, 1, { { "name", ARGUMENT_INT, 32, 0 } } },
		{ "port_destroyed", 69, 0, 1,
			{ { "port", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_MOVE_RECEIVE } } },
		{ "no_senders", 70, 0, 1, { { "count", ARGUMENT_INT, 32, 0 } } },
		{ "send_once", 71, 0, 0, { { 0 } } },
		{ "dead_name", 72, 0, 1, { { "name", ARGUMENT_INT, 32, 0 } } },
		{ "memory_object_init", 2200, 0, 3,
			{ { "control", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_COPY_SEND },
				{ "name", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_COPY_SEND },
				{ "size", ARGUMENT_INT, 32, 0 } } },
		{ "memory_object_terminate", 2201, 0, 2,
			{ { "control", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_MOVE_RECEIVE },
				{ "name", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_MOVE_RECEIVE } } },
		{ "memory_object_data_request", 2203, 0, 4,
			{ { "control", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_COPY_SEND },
				{ "offset", ARGUMENT_INT, 32, 0 },
				{ "length", ARGUMENT_INT, 32, 0 },
				{ "access", ARGUMENT_INT, 32, 0 } } },
		{ "exception_raise", 2400, 1, 5,
			{ { "thread", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_COPY_SEND },
				{ "task", ARGUMENT_RIGHT, 1, MACH_MSG_TYPE_COPY_SEND },
				{ "exception", ARGUMENT_INT, 32, 0 },
				{ "code", ARGUMENT_INT, 32, 0 },
				{ "subcode", ARGUMENT_INT, 32, 0 } } },
	};
	const struct routine *routine = &forged[any(sizeof forged / sizeof forged[0])];

	request_build(r, routine, 1);
	/* Names, not numbers: the kernel's, or rights that are to be taken for them. */
	if (routine->id < 100 && r->part_count == 1 &&
		r->parts[0].type == MACH_MSG_TYPE_INTEGER_32) {
		if (routine->id != 70)
			r->parts[0].type = 15; /* MACH_MSG_TYPE_PORT_NAME */
		if (any(2) == 0)
			*(uint32_t *)r->parts[0].data = any(400);
	}
}
