/* foreign WAY [TIMES]: sends memory that cannot be had to whatever takes bytes: a pipe, a file, a pseudo-terminal, the
 * streams that it was given, an exec.  Prints what came of each.  WAY: `end` (pages behind the end of a mapped
 * file), `fails` (a pager that is gone), `silent` (one that never answers; TIMES processes send, all
 * messages at once, and wait for ever). */
#include <fcntl.h>
#include <masix/client.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acs_client.h"
#include "dir.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"
#include "memory_object_server.h"
#include "process.h"

#define SIZE 65536
#define TMP 2

static mach_port_t process;

static void must(kern_return_t kr, const char *what)
{
	if (kr == KERN_SUCCESS)
		return;
	printf("%s: %s\n", what, masix_strerror(kr));
	exit(1);
}

static mach_port_t open_file(const char *name, int flags)
{
	mach_port_t root, object;
	masix_stat_t stat;
	masix_path_t rest;
	mach_msg_type_number_t count = sizeof rest;
	int kind;

	must(process_mount_root(process, TMP, &root), "/tmp");
	must(dir_open(root, name, strlen(name), flags, 0600, &kind, &object, &stat, rest, &count),
		name);
	return object;
}

static char *map(mach_port_t pager)
{
	vm_address_t address = 0;

	must(vm_map(mach_task_self(), &address, SIZE, 0, TRUE, pager, 0, FALSE, VM_PROT_READ,
		     VM_PROT_READ, VM_INHERIT_NONE),
		"vm_map");
	return (char *)address;
}

/* The first page of this file is there, as a hint that all is well. */
static char *beyond_end(void)
{
	mach_port_t pager, file = open_file("foreign-end",
				   MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE);
	int64_t size;

	must(io_set_size(file, 4096), "io_set_size");
	must(io_map(file, &pager, &size), "io_map");
	return map(pager);
}

/* A pager that accepts its object and then says nothing more. */
static char *of_pager(mach_port_t *pager)
{
	struct {
		mach_msg_header_t head;
		mach_msg_type_t control_type;
		mach_port_t control;
		char rest[64];
	} init;
	mach_port_t self = mach_task_self();
	char *memory;

	must(mach_port_allocate(self, MACH_PORT_RIGHT_RECEIVE, pager), "pager");
	must(mach_port_insert_right(self, *pager, *pager, MACH_MSG_TYPE_MAKE_SEND), "pager");
	memory = map(*pager);
	must(mach_msg(&init.head, MACH_RCV_MSG, 0, sizeof init, *pager, 0, MACH_PORT_NULL), "init");
	must(memory_object_ready(init.control, FALSE, MEMORY_OBJECT_COPY_DELAY), "ready");
	return memory;
}

static kern_return_t send(mach_port_t port, const char *memory)
{
	uint32_t written;
	int64_t end;
	masix_stat_t stat;
	kern_return_t kr = io_stat(port, &stat);

	if (kr != KERN_SUCCESS)
		return kr;
	return io_write_large(port, 0, MASIX_IO_NONBLOCK, S_ISREG(stat.mode) ? 0 : MASIX_STREAM,
		(char *)memory, SIZE, &written, &end);
}

static void tell(const char *what, kern_return_t kr)
{
	printf("%s: %s\n", what, kr == KERN_SUCCESS ? "GRANTED" : masix_strerror(kr));
}

/* The terminals and channels of the host that this process has open. */
static void try_streams(const char *memory)
{
	mach_port_array_t names;
	mach_port_type_array_t types;
	mach_msg_type_number_t count;
	masix_stat_t stat;

	must(mach_port_names(mach_task_self(), &names, &count, &types, &count), "names");
	for (unsigned i = 0; i < count; i++) {
		if (!(types[i] & MACH_PORT_TYPE_SEND) || (types[i] & MACH_PORT_TYPE_RECEIVE) ||
			io_stat(names[i], &stat) != KERN_SUCCESS || !S_ISCHR(stat.mode))
			continue;
		tell(stat.rdev >> 8 == MASIX_HOST_MAJOR ? "host" : "terminal",
			send(names[i], memory));
	}
}

static void open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (unlockpt(master) != 0 || open(ptsname(master), O_RDWR | O_NOCTTY) < 0)
		perror("terminal");
}

static void try_acs(const char *memory)
{
	mach_port_t acs;
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t status;

	must(masix_client_acs(&acs), "acs");
	must(acs_start(acs, MASIX_START_NOW, (char *)memory, SIZE, (char *)memory, SIZE, &status,
		     reason, &length),
		"acs_start");
	tell("acs", status);
}

static void try_all(const char *memory)
{
	mach_port_t reader, writer;
	mach_port_t file =
		open_file("foreign-own", MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE);

	must(process_pipe(process, &reader, &writer), "pipe");
	tell("pipe", send(writer, memory));
	tell("file", send(file, memory));
	tell("exec", process_exec_set_id(process, (char *)memory, SIZE));
	try_acs(memory);
	open_terminal();
	try_streams(memory);
}

/* One message that waits, from a process of its own. */
static void wait_for_ever(unsigned which)
{
	mach_port_t reader, writer, pager;

	if (fork() != 0)
		return;
	must(masix_client_process(&process), "process");
	char *memory = of_pager(&pager);

	must(process_pipe(process, &reader, &writer), "pipe");
	if (which % 3 == 0)
		(void)send(writer, memory);
	else if (which % 3 == 1)
		(void)send(open_file("foreign-own",
				   MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE),
			memory);
	else
		(void)process_exec_set_id(process, memory, SIZE);
	_exit(0);
}

int main(int argc, char **argv)
{
	mach_port_t pager;

	if (argc < 2 || masix_client_process(&process) != KERN_SUCCESS)
		return 1;
	if (strcmp(argv[1], "end") == 0) {
		try_all(beyond_end());
	} else if (strcmp(argv[1], "fails") == 0) {
		char *memory = of_pager(&pager);

		must(mach_port_mod_refs(mach_task_self(), pager, MACH_PORT_RIGHT_RECEIVE, -1),
			"pager");
		try_all(memory);
	} else if (strcmp(argv[1], "silent") == 0 && argc == 3) {
		for (unsigned i = 0; i < (unsigned)atoi(argv[2]); i++)
			wait_for_ever(i);
		pause();
	}
	return 0;
}
