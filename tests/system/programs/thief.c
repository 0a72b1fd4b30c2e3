/* thief WAY [PROGRAM]: a program that writes its own library and holds its own rights tries to gain ids by exec.
 *
 *	thief keep-task PROGRAM		keeps every hold on the task that execs the set-ID program, in its parent
 *	thief forged-file		a port of its own answers for the program's file
 *	thief unexecutable FILE		a set-ID file that it may read and not run
 *	thief odd-positions PROGRAM	says that its open files' shared positions lie in the new library
 *	thief nothing-held		run by keep-task as the set-ID program: says what it finds, then crashes
 *	thief				40 if it runs as root, else 41
 *
 * Prints what came of it. */
#include <fcntl.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mach/message.h>
#include <mach/task_special_ports.h>

#include "../../../personalities/unix/emul/boot.h"
#include "../../../personalities/unix/emul/takeover.h"
#include "mach.h"
#include "mach_port.h"
#include "process.h"

#define TELL_TASK 4711
#define PATIENCE_MS 2000 /* for an exception message that must not come */

static void must(kern_return_t kr, const char *what)
{
	if (kr == KERN_SUCCESS)
		return;
	printf("%s: kernel error %#x\n", what, kr);
	exit(1);
}

static mach_port_t new_port(void)
{
	mach_port_t port;

	must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "allocate");
	must(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND),
		"insert");
	return port;
}

/* A right of this task for whoever holds `to`. */
static void tell(mach_port_t to, mach_port_t right)
{
	struct {
		mach_msg_header_t header;
		mach_msg_type_t type;
		mach_port_t right;
	} m = {
		.header = { .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) |
					 MACH_MSGH_BITS_COMPLEX,
			.msgh_size = sizeof m,
			.msgh_remote_port = to,
			.msgh_id = TELL_TASK },
		.type = { .msgt_name = MACH_MSG_TYPE_COPY_SEND,
			.msgt_size = 32,
			.msgt_number = 1,
			.msgt_inline = 1 },
		.right = right,
	};

	must(mach_msg(&m.header, MACH_SEND_MSG, sizeof m, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
		"tell");
}

/* The right that tell sent, or null: what came is something else, or nothing in time. */
static mach_port_t hear(mach_port_t port, int *id)
{
	struct {
		mach_msg_header_t header;
		mach_msg_type_t type;
		mach_port_t right;
		char rest[1024];
	} m;

	*id = 0;
	m.right = MACH_PORT_NULL;
	if (mach_msg(&m.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof m, port, PATIENCE_MS,
		    MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		return MACH_PORT_NULL;
	*id = m.header.msgh_id;
	return m.right;
}

/* Give the parent, who registered `port`, every hold on this task, then run the program. */
static void child_of_thief(const char *program)
{
	mach_port_array_t ports;
	mach_msg_type_number_t count;

	must(mach_ports_lookup(mach_task_self(), &ports, &count), "lookup");
	tell(ports[0], mach_task_self());
	must(task_set_special_port(mach_task_self(), TASK_EXCEPTION_PORT, ports[0]),
		"exception port");
	must(task_set_special_port(mach_task_self(), TASK_BOOTSTRAP_PORT, ports[0]),
		"bootstrap port");
	execl(program, program, "nothing-held", NULL);
	perror(program);
	_exit(1);
}

static int keep_task(const char *program)
{
	mach_port_t port = new_port(), task;
	thread_array_t threads;
	mach_msg_type_number_t count;
	int id, status;
	pid_t child;

	must(mach_ports_register(mach_task_self(), &port, 1), "register");
	child = fork();
	if (child == 0)
		child_of_thief(program);
	task = hear(port, &id);
	waitpid(child, &status, 0);
	printf("died of %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	printf("its task %s\n",
		id == TELL_TASK && task_threads(task, &threads, &count) != KERN_SUCCESS
			? "is gone"
			: "is there");
	(void)hear(port, &id);
	printf("%s\n", id == 0 ? "nothing more was heard" : "a message came");
	return 0;
}

/* Is it left alone by those who ran it? */
static int nothing_held(void)
{
	mach_port_array_t ports;
	mach_msg_type_number_t count = 0;
	mach_port_t bootstrap = MACH_PORT_NULL;

	must(mach_ports_lookup(mach_task_self(), &ports, &count), "lookup");
	for (mach_msg_type_number_t i = 0; i < count; i++)
		if (ports[i] != MACH_PORT_NULL)
			printf("a port is registered\n");
	must(task_get_special_port(mach_task_self(), TASK_BOOTSTRAP_PORT, &bootstrap), "bootstrap");
	printf("euid %d, bootstrap %s\n", (int)geteuid(),
		bootstrap == MACH_PORT_NULL ? "none" : "there");
	fflush(stdout);
	__asm__ volatile("movl $0, 16"); /* an exception */
	return 1;
}

/* A takeover as the library would make it, of nothing but the program. */
static struct takeover *small_takeover(mach_port_t program, uint32_t *size)
{
	static char room[16384 + sizeof(struct takeover)] __attribute__((aligned(4096)));
	struct takeover *t = (struct takeover *)room;

	t->program = program;
	t->argc = 1;
	t->strings_size = 2;
	strcpy(t->path, "/bin/x");
	strcpy(t->first, "/bin/x");
	*size = sizeof(*t) + 2;
	room[sizeof(*t)] = 'x';
	return t;
}

static const char *try(mach_port_t program)
{
	uint32_t size;
	struct takeover *t = small_takeover(program, &size);
	kern_return_t kr = process_exec_set_id(EMUL_PORT_PROCESS, (char *)t, size);

	switch (kr) {
	case KERN_SUCCESS:
		return "success";
	case MASIX_E_PERMISSION:
		return "no ids";
	case MASIX_E_ACCESS:
		return "no access";
	case MASIX_E_INVALID:
		return "invalid";
	default:
		return "another error";
	}
}

/* Answers every message as fs would answer io_stat: with a set-user-ID file of root's. */
static void *answer(void *port)
{
	struct {
		mach_msg_header_t header;
		char rest[4096];
	} in;
	struct {
		mach_msg_header_t header;
		mach_msg_type_t result_type;
		kern_return_t result;
		mach_msg_type_t stat_type;
		struct masix_stat stat;
	} out;

	for (;;) {
		if (mach_msg(&in.header, MACH_RCV_MSG, 0, sizeof in, (mach_port_t)(uintptr_t)port,
			    0, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
			continue;
		memset(&out, 0, sizeof out);
		out.header.msgh_bits =
			MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(in.header.msgh_bits), 0);
		out.header.msgh_size = sizeof out;
		out.header.msgh_remote_port = in.header.msgh_remote_port;
		out.header.msgh_id = in.header.msgh_id + 100;
		out.result_type = out.stat_type = (mach_msg_type_t){
			.msgt_name = MACH_MSG_TYPE_INTEGER_32,
			.msgt_size = 32,
			.msgt_number = 1,
			.msgt_inline = 1,
		};
		out.stat_type.msgt_number = sizeof(out.stat) / 4;
		out.stat.mode = S_IFREG | 06755;
		(void)mach_msg(&out.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof out, 0,
			MACH_PORT_NULL, 100, MACH_PORT_NULL);
	}
	return NULL;
}

static int forged_file(void)
{
	mach_port_t port = new_port();
	pthread_t thread;

	if (pthread_create(&thread, NULL, answer, (void *)(uintptr_t)port) != 0)
		return 1;
	printf("own port: %s\n", try(port));
	printf("no port: %s\n", try(MACH_PORT_NULL));
	printf("task port: %s\n", try(mach_task_self()));
	printf("process port: %s\n", try(EMUL_PORT_PROCESS));
	printf("root directory: %s\n", try(EMUL_PORT_ROOT));
	return 0;
}

/* The name of the right behind a descriptor: the one that opening it brought. */
static mach_port_t right_of_open(const char *path)
{
	mach_port_array_t before, after;
	mach_port_type_array_t types;
	mach_msg_type_number_t n_before, n_after, n_types;

	must(mach_port_names(mach_task_self(), &before, &n_before, &types, &n_types), "names");
	if (open(path, O_RDONLY) < 0) {
		perror(path);
		exit(1);
	}
	must(mach_port_names(mach_task_self(), &after, &n_after, &types, &n_types), "names");
	for (mach_msg_type_number_t i = 0; i < n_after; i++) {
		mach_msg_type_number_t j = 0;

		while (j < n_before && before[j] != after[i])
			j++;
		if (j == n_before && (types[i] & MACH_PORT_TYPE_SEND))
			return after[i];
	}
	return MACH_PORT_NULL;
}

static int unexecutable(const char *path)
{
	printf("unexecutable: %s\n", try(right_of_open(path)));
	return 0;
}

/* Open files whose positions lie all over the new library. */
static int odd_positions(const char *path)
{
	static const uint32_t places[] = { EMUL_BASE, EMUL_BASE + 0x20000, EMUL_MEMORY - 16,
		EMUL_MEMORY, EMUL_MEMORY + 0x1000, EMUL_MEMORY + 3, EMUL_END - 16,
		TAKEOVER_ADDRESS };
	const unsigned count = sizeof places / sizeof places[0];
	uint32_t size;
	struct takeover *t = small_takeover(right_of_open(path), &size);
	struct takeover_file *files = (struct takeover_file *)(t + 1);
	uint32_t *released = (uint32_t *)(files + count);
	char *strings = (char *)(released + count);

	for (unsigned i = 0; i < count; i++) {
		files[i] = (struct takeover_file){ .kind = 5, .flags = 2, .position = places[i] };
		released[i] = places[i];
	}
	t->file_count = t->released_count = count;
	strcpy(strings, "x");
	(void)process_exec_set_id(EMUL_PORT_PROCESS, (char *)t, takeover_size(t));
	printf("the program did not run\n");
	return 1;
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "", *program = argc > 2 ? argv[2] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(way, "keep-task"))
		return keep_task(program);
	if (!strcmp(way, "forged-file"))
		return forged_file();
	if (!strcmp(way, "unexecutable"))
		return unexecutable(program);
	if (!strcmp(way, "odd-positions"))
		return odd_positions(program);
	if (!strcmp(way, "nothing-held"))
		return nothing_held();
	return geteuid() == 0 ? 40 : 41;
}
