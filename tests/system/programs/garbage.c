/* garbage ROUNDS [SEED]: sends messages that no client would send to every port that a process can hold of the servers
 * (its own at the Unix server, directories, files, pipes, terminals, memory objects, ACS). Each round is a child, which
 * a message may well end; prints "ended N of ROUNDS" at last, and exits 0 if this process can still work.
 *
 * A message is random in its id, its size, what its descriptors claim, the rights and memory that it carries and where
 * the reply is to go; or it is a routine's own, with wrong values. Nothing is random but for SEED. */
#include <masix/client.h>
#include <masix/types.h>

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acs_client.h"
#include "dir.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"
#include "process.h"
#include "tty.h"

#define PORTS_MAX 64
#define MESSAGES 150 /* in a round */
#define BODY_MAX 40000
#define SEND_MS 200
#define ROUND_MS 5000
#define NO_TARGETS 3
#define FIRST_ID 500000
#define LAST_ID 502200

static mach_port_t targets[PORTS_MAX];
static unsigned
	object_count; /* the first ones, which answer; behind them memory objects, which do not */
static unsigned target_count;
static uint32_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static uint32_t number(void)
{
	static const uint32_t special[] = { 0, 1, 2, 0x7f, 0xff, 0x1000, 0x4000, 0x4001, 0x7fffffff,
		0x80000000, 0xfffff000, 0xffffffff };

	return any(3) == 0 ? any(0xffffffff) : special[any(sizeof special / sizeof special[0])];
}

static int64_t wide(void)
{
	return (int64_t)((uint64_t)number() << 32 | number());
}

/* --- What there is to hold --- */

static int is_own(mach_port_t name, const thread_array_t threads, mach_msg_type_number_t count)
{
	if (name == mach_task_self() || name == mach_host_self())
		return 1;
	for (mach_msg_type_number_t i = 0; i < count; i++)
		if (threads[i] == name)
			return 1;
	return 0;
}

static void open_objects(void)
{
	static const char *const paths[] = { "/", "/etc/passwd", "/tmp", "/proc", "/proc/self/stat",
		"/proc/meminfo", "/dev/pts", "/dev/ptmx", "/dev/console", "/dev/null" };
	int ends[2];

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		(void)open(paths[i], O_RDONLY | O_NONBLOCK);
	(void)open("/var/tmp/garbage", O_RDWR | O_CREAT, 0600);
	(void)open("/tmp/garbage", O_RDWR | O_CREAT, 0600);
	(void)mkfifo("/tmp/garbage.fifo", 0600);
	(void)open("/tmp/garbage.fifo", O_RDWR | O_NONBLOCK);
	(void)pipe(ends);

	int terminal = posix_openpt(O_RDWR | O_NOCTTY);

	if (terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
		(void)open(ptsname(terminal), O_RDWR | O_NOCTTY | O_NONBLOCK);
}

/* Every send right of this task that is not its own or the kernel's, and the memory objects behind them. */
static int find_targets(void)
{
	mach_port_t self = mach_task_self(), acs;
	mach_port_array_t names;
	mach_port_type_array_t types;
	thread_array_t threads;
	mach_msg_type_number_t count, type_count, thread_count;

	if (masix_client_acs(&acs) != KERN_SUCCESS ||
		task_threads(self, &threads, &thread_count) != KERN_SUCCESS ||
		mach_port_names(self, &names, &count, &types, &type_count) != KERN_SUCCESS)
		return 0;
	for (mach_msg_type_number_t i = 0; i < count && target_count < PORTS_MAX; i++)
		if ((types[i] & MACH_PORT_TYPE_SEND) && !(types[i] & MACH_PORT_TYPE_RECEIVE) &&
			!is_own(names[i], threads, thread_count))
			targets[target_count++] = names[i];

	object_count = target_count;
	for (unsigned i = 0; i < object_count && target_count < PORTS_MAX; i++) {
		mach_port_t object;
		int64_t size;

		if (io_map(targets[i], &object, &size) == KERN_SUCCESS)
			targets[target_count++] = object;
	}
	return object_count > 10;
}

static mach_port_t target(void)
{
	return targets[any(target_count)];
}

/* Something to give away. */
static mach_port_t right(void)
{
	mach_port_t port;

	switch (any(6)) {
	case 0:
		return mach_task_self();
	case 1:
		return mach_thread_self();
	case 2:
		return number();
	case 3:
		port = mach_reply_port();
		(void)mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
		return port;
	default:
		return target();
	}
}

/* --- Messages --- */

struct buffer {
	mach_msg_header_t header;
	char body[BODY_MAX];
	size_t used;
};

static void put(struct buffer *b, const void *data, size_t size)
{
	size = (size + 3) & ~(size_t)3;
	if (b->used + size > BODY_MAX)
		return;
	memcpy(b->body + b->used, data, size);
	b->used += size;
}

static void put_type(struct buffer *b, unsigned name, unsigned bits, unsigned count, int is_inline)
{
	mach_msg_type_t type = {
		.msgt_name = name,
		.msgt_size = bits,
		.msgt_number = count,
		.msgt_inline = (unsigned)is_inline & 1,
		.msgt_deallocate = any(8) == 0,
	};
	mach_msg_type_long_t wider = {
		.msgtl_header = { .msgt_inline = (unsigned)is_inline & 1, .msgt_longform = TRUE },
		.msgtl_name = (unsigned short)name,
		.msgtl_size = (unsigned short)bits,
		.msgtl_number = count,
	};

	if (any(4) == 0)
		put(b, &wider, sizeof wider);
	else
		put(b, &type, sizeof type);
}

static void put_data(struct buffer *b)
{
	static char bytes[8192];
	unsigned count = any(4) != 0 ? any(32) + 1 : any(8192);

	for (unsigned i = 0; i < 64; i++)
		bytes[any(sizeof bytes)] = (char)any(256);
	if (any(2) != 0) {
		put_type(b, MACH_MSG_TYPE_CHAR, 8, any(6) == 0 ? number() & 0xfff : count, 1);
		put(b, bytes, count);
	} else {
		uint32_t value = number();

		put_type(b, MACH_MSG_TYPE_INTEGER_32, 32, 1, 1);
		put(b, &value, sizeof value);
	}
}

/* Pages that a message may take away. */
static void *memory(size_t size)
{
	vm_address_t address = 0;

	if (vm_allocate(mach_task_self(), &address, size, TRUE) != KERN_SUCCESS)
		_exit(1);
	return (void *)address;
}

static void put_rights(struct buffer *b)
{
	static const unsigned ways[] = { MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND,
		MACH_MSG_TYPE_MAKE_SEND_ONCE, MACH_MSG_TYPE_MOVE_RECEIVE, MACH_MSG_TYPE_MOVE_SEND };
	unsigned count = any(5) == 0 ? any(64) : 1, way = ways[any(any(4) == 0 ? 5 : 4)];
	mach_port_t *area = memory(64 * sizeof *area);
	int is_inline = any(3) != 0;

	for (unsigned i = 0; i < count; i++) {
		area[i] = right();
		/* One reference more, for this one to move. */
		if (way == MACH_MSG_TYPE_MOVE_SEND)
			(void)mach_port_mod_refs(
				mach_task_self(), area[i], MACH_PORT_RIGHT_SEND, 1);
	}
	put_type(b, way, 32, count, is_inline);
	if (is_inline)
		put(b, area, count * sizeof *area);
	else
		put(b, &area, sizeof area);
}

static void put_memory(struct buffer *b)
{
	unsigned size = any(1 << 17);
	char *where = any(8) == 0 ? (char *)number() : (char *)memory(size + 4096) + any(4096);

	if (any(8) == 0)
		size = number();

	put_type(b, MACH_MSG_TYPE_CHAR, 8, size, 0);
	put(b, &where, sizeof where);
}

static void put_noise(struct buffer *b)
{
	for (unsigned words = any(16); words > 0; words--) {
		uint32_t value = number();

		put(b, &value, sizeof value);
	}
}

static int any_id(void)
{
	switch (any(8)) {
	case 0:
		return 64 + (int)any(10); /* notifications */
	case 1:
		return 2200 + (int)any(300); /* memory objects, exceptions */
	case 2:
		return (int)number();
	default:
		return FIRST_ID +
		       (int)(any((LAST_ID - FIRST_ID) / 100) * 100 + any(any(3) == 0 ? 100 : 30));
	}
}

static void send_noise(struct buffer *b)
{
	static void (*const parts[])(struct buffer *) = { put_data, put_data, put_data, put_rights,
		put_memory, put_noise };
	static const unsigned replies[] = { 0, MACH_MSG_TYPE_MAKE_SEND_ONCE,
		MACH_MSG_TYPE_MAKE_SEND_ONCE, MACH_MSG_TYPE_MAKE_SEND, MACH_MSG_TYPE_COPY_SEND };
	unsigned reply = replies[any(sizeof replies / sizeof replies[0])];
	mach_port_t own = mach_reply_port(), back = own;

	b->used = 0;
	for (unsigned count = any(7); count > 0; count--)
		parts[any(sizeof parts / sizeof parts[0])](b);
	if (reply == 0)
		back = MACH_PORT_NULL;
	else if (reply == MACH_MSG_TYPE_COPY_SEND)
		back = target();

	unsigned size = sizeof b->header + b->used;

	if (any(6) == 0)
		size = sizeof b->header + any(any(2) == 0 ? 64 : BODY_MAX) / 4 * 4;
	b->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, reply) |
			      (any(2) != 0 ? MACH_MSGH_BITS_COMPLEX : 0);
	b->header.msgh_size = size;
	b->header.msgh_remote_port = target();
	b->header.msgh_local_port = back;
	b->header.msgh_seqno = 0;
	b->header.msgh_id = any_id();
	(void)mach_msg(&b->header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, size, 0, MACH_PORT_NULL,
		SEND_MS, MACH_PORT_NULL);
	/* Half of the replies find nobody. */
	if (any(2) == 0)
		(void)mach_port_mod_refs(mach_task_self(), own, MACH_PORT_RIGHT_RECEIVE, -1);
}

/* --- Routines with wrong values --- */

static unsigned path(masix_path_t text)
{
	static const char *const paths[] = { "", "/", ".", "..", "../..", "a/../../..", "//",
		"etc/passwd/", "\0a" };

	if (any(3) != 0) {
		const char *chosen = paths[any(sizeof paths / sizeof paths[0])];
		unsigned length = strlen(chosen) + (any(4) == 0);

		memcpy(text, chosen, length);
		return length;
	}

	unsigned length = any(2) == 0 ? 4096 : any(4097);

	memset(text, any(2) == 0 ? '/' : 'a' + (int)any(26), length);
	return length;
}

static void call_io(mach_port_t port)
{
	static char area[1 << 16];
	const int flags = (int)number() | MASIX_IO_NONBLOCK;
	char *data = area;
	mach_msg_type_number_t count = 0;
	masix_inline_t bytes;
	uint32_t written;
	int64_t end;
	int ready;

	(void)io_read(port, number(), flags, wide(), number(), bytes, &count);
	if (io_read_large(port, number(), flags, wide(), number(), &data, &count) == KERN_SUCCESS)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)data, count);
	(void)io_write(port, number(), flags, wide(), bytes, any(MASIX_INLINE_MAX), &written, &end);
	(void)io_write_large(port, number(), flags, wide(), area, any(sizeof area), &written, &end);
	(void)io_poll(port, number(), flags, (int)number(), &ready);
	(void)io_cancel(port, number());
	(void)io_set_size(port, any(2) == 0 ? wide() : 0);
	(void)io_set_mode(port, number());
	(void)io_set_owner(port, number(), number());
	(void)io_set_times(port, wide(), number(), wide(), number());
	(void)io_lock(port, number(), flags, (int)number());
}

static void call_dir(mach_port_t port)
{
	masix_path_t from, to, rest;
	masix_stat_t stat;
	masix_inline_t entries;
	mach_msg_type_number_t count;
	mach_port_t object;
	int64_t next;
	unsigned from_length = path(from), to_length = path(to);
	int kind;

	/* Nothing that would empty the disk: links and names are made, files are not truncated. */
	if (dir_open(port, from, from_length, (int)number() & ~MASIX_OPEN_TRUNCATE, number(), &kind,
		    &object, &stat, rest, &count) == KERN_SUCCESS &&
		MACH_PORT_VALID(object))
		(void)mach_port_deallocate(mach_task_self(), object);
	(void)dir_stat(port, from, from_length, (int)number(), &kind, &stat, rest, &count);
	(void)dir_readlink(port, from, from_length, rest, &count);
	(void)dir_entries(port, wide(), number(), entries, &count, &next);
	(void)dir_make_directory(port, from, from_length, number());
	(void)dir_make_node(port, from, from_length, number(), number());
	(void)dir_symlink(port, from, from_length, to, to_length);
	(void)dir_link(port, from, from_length, right());
	(void)dir_rename(port, from, from_length, right(), to, to_length, (int)number());
}

static void call_process(mach_port_t port)
{
	mach_port_t child, task;
	masix_name_t name;
	masix_ids_t ids;
	mach_msg_type_number_t count = 0;
	int pid, ppid;

	for (unsigned i = 0; i < 64; i++)
		ids[i] = number();
	memset(name, 'n', sizeof name);
	if (process_fork(port, &pid, &task, &child) == KERN_SUCCESS) {
		(void)mach_port_deallocate(mach_task_self(), task);
		(void)mach_port_deallocate(mach_task_self(), child);
		(void)process_abandon(port, pid);
	}
	(void)process_started(port, right(), right(), &pid, &ppid);
	(void)process_set_ids(port, ids, any(65), &child);
	(void)process_get_ids(port, (int)number(), ids, &count);
	(void)process_set_group(port, (int)number(), (int)number());
	(void)process_cancel(port, number());
	(void)process_set_ignored(port, (uint64_t)wide() & ~(1ull << (SIGALRM - 1)), (int)number());
	(void)process_exec(port, name, any(257), "", any(2), name, any(257), ids, any(65));
}

static void call_others(mach_port_t port)
{
	masix_name_t name, out;
	mach_msg_type_number_t count = 0;

	memset(name, any(2) == 0 ? 0 : 'n', sizeof name);
	(void)tty_control(port, number(), MASIX_IO_NONBLOCK, right(),
		any(2) == 0 ? 0x5400 + any(64) : number(), name, any(257), out, &count);
	(void)acs_client_watch(port, name, any(257), right());
}

static void send_wrong_values(void)
{
	static void (*const calls[])(
		mach_port_t) = { call_io, call_io, call_dir, call_dir, call_process, call_others };

	calls[any(sizeof calls / sizeof calls[0])](targets[any(object_count)]);
}

/* --- Rounds --- */

static void run_round(void)
{
	static struct buffer buffer;

	/* A child inherits what descriptors hold; the rest it gets itself. */
	if (!find_targets())
		_exit(NO_TARGETS);
	for (unsigned i = 0; i < MESSAGES; i++)
		if (any(12) == 0)
			send_wrong_values();
		else
			send_noise(&buffer);
}

/* Waits for the round, which may hang or end itself; 1 if it came to its end. */
static int end_round(pid_t child)
{
	int status;

	for (unsigned waited = 0; waited < ROUND_MS; waited += 20) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		(void)usleep(10000);
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 0, ended = 0;
	uint32_t seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;

	/* Not root: what root may do (end the system, shut "/") is not what is tried here. */
	if (chdir("/tmp") != 0 || setgid(1000) != 0 || setuid(1000) != 0) {
		perror("garbage");
		return 1;
	}
	/* Nor what a process may do to its own relatives. */
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGCHLD)
			(void)signal(sig, SIG_IGN);
	open_objects();
	for (unsigned i = 0; i < rounds; i++) {
		pid_t child = fork();

		if (child < 0) {
			perror("garbage: fork");
			return 1;
		}
		if (child == 0) {
			state = seed + i * 2654435761u;
			state += state == 0;
			run_round();
			_exit(0);
		}
		ended += !end_round(child);
	}
	printf("ended %u of %u\n", ended, rounds);
	return access("/etc/passwd", R_OK) != 0;
}
