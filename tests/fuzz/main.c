/* fuzz ROUNDS MESSAGES SEED [UID]: tries to hurt the servers by message, as a process of that user (0: root).
 *
 * Each round is a child process that opens an object of every kind there is, asks each routine of every contract on each
 * of them, once as it should be asked and with arrays that are too long, and then sends MESSAGES requests with
 * something wrong. A message may well end the round: it is the sender that is hurt then, as it should be. At the
 * end it prints what was wrong with the answers, which routines nobody understood, and "ended N of ROUNDS"; 0 if
 * there was nothing. Nothing is random but for SEED. */
#include <masix/client.h>
#include <masix/types.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acs_client.h"
#include "datagrams.h"
#include "dir.h"
#include "foreign_program.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"
#include "message.h"
#include "process.h"
#include "random.h"
#include "rounds.h"

#define ROUND_MS 20000
#define NO_TARGETS 3 /* exit status */
#define MOUNTS 6
#define FOREIGN_MS 10000       /* it may have to start first */
#define MEMORY "memory object" /* the kernel's stand-in for a file */

static struct target targets[TARGETS_MAX];
static mach_port_t ports[TARGETS_MAX];
static unsigned target_count;
static char sandbox[64];

static void add(const char *label, mach_port_t port, int is_own)
{
	if (!MACH_PORT_VALID(port) || target_count == TARGETS_MAX)
		return;
	snprintf(targets[target_count].label, sizeof targets[0].label, "%s", label);
	targets[target_count].port = ports[target_count] = port;
	targets[target_count].is_kernel = strcmp(label, MEMORY) == 0;
	targets[target_count++].is_own = is_own;
}

/* What `path` below the directory names, and the memory object of a file. */
static void add_file(mach_port_t dir, const char *path, int flags, int is_own)
{
	mach_port_t object, memory;
	masix_stat_t stat;
	masix_path_t rest;
	mach_msg_type_number_t count = sizeof rest;
	int64_t size;
	int kind;

	if (dir_open(dir, path, strlen(path), flags, 0600, &kind, &object, &stat, rest, &count) !=
		KERN_SUCCESS)
		return;
	add(path, object, is_own);
	if (kind == MASIX_KIND_FILE && io_map(object, &memory, &size) == KERN_SUCCESS)
		add(MEMORY, memory, is_own);
}

static void add_sandbox(mach_port_t root, const char *prefix)
{
	char path[96];

	snprintf(path, sizeof path, "%s%s", prefix, sandbox);
	add_file(root, path, MASIX_OPEN_READ, 1);
	snprintf(path, sizeof path, "%s%s/file", prefix, sandbox);
	/* Twice: locks exclude each other. */
	add_file(root, path, MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE, 1);
	add_file(root, path, MASIX_OPEN_READ, 1);
	snprintf(path, sizeof path, "%s%s/link", prefix, sandbox);
	(void)dir_symlink(root, path, strlen(path), "file", 4);
	add_file(root, path, MASIX_OPEN_PATH | MASIX_OPEN_NOFOLLOW, 1);
}

/* What is behind the device or fifo node. */
static void add_node(mach_port_t process, uint32_t mount, mach_port_t root, const char *path)
{
	const int access = MASIX_OPEN_READ | MASIX_OPEN_WRITE;
	mach_port_t node, object;
	masix_stat_t stat;
	masix_path_t rest;
	mach_msg_type_number_t count = sizeof rest;
	int kind, is_tty;
	kern_return_t kr;

	if (dir_open(root, path, strlen(path), access, 0, &kind, &node, &stat, rest, &count) !=
		KERN_SUCCESS)
		return;
	add("node", node, 1);
	if (kind == MASIX_KIND_FIFO)
		kr = process_open_fifo(process, 1, mount, node, access, MASIX_IO_NONBLOCK, &object);
	else
		kr = process_open_device(
			process, mount, node, access | MASIX_OPEN_NOCTTY, &object, &is_tty);
	if (kr == KERN_SUCCESS)
		add(path, object, 1);
}

static void add_nodes(mach_port_t process, mach_port_t root)
{
	char path[96];

	snprintf(path, sizeof path, "var/tmp/%s/fifo", sandbox);
	(void)dir_make_node(root, path, strlen(path), S_IFIFO | 0600, 0);
	add_node(process, 0, root, path);
	add_node(process, 0, root, "dev/console");
	add_node(process, 0, root, "dev/ptmx");
	/* Root's. Not the one by which the host and process 1 talk. */
	add_node(process, 0, root, "dev/host/stdin");
	add_node(process, 0, root, "dev/host/stdout");
}

static void open_mounts(mach_port_t process)
{
	static const char *const labels[MOUNTS] = { "/", "/proc", "/tmp", "/host", "/dev/pts",
		"/dev/shm" };

	for (uint32_t i = 0; i < MOUNTS; i++) {
		mach_port_t root;

		if (process_mount_root(process, i, &root) != KERN_SUCCESS)
			continue;
		add(labels[i], root, 0);
		if (i == 0) {
			add_file(root, "etc/passwd", MASIX_OPEN_READ, 0);
			add_file(root, "bin/bash", MASIX_OPEN_EXEC, 0);
			add_file(root, "dev/null", MASIX_OPEN_PATH, 0);
			add_sandbox(root, "var/tmp/");
			add_nodes(process, root);
		} else if (i == 1) {
			add_file(root, "meminfo", MASIX_OPEN_READ, 0);
			add_file(root, "self/stat", MASIX_OPEN_READ, 0);
			add_file(root, "1", MASIX_OPEN_READ, 0);
		} else if (i == 4) {
			add_node(process, i, root, "0");
		} else {
			add_sandbox(root, "");
		}
	}
}

static void open_streams(mach_port_t process)
{
	mach_port_t reader, writer, counter, timer;

	if (process_pipe(process, &reader, &writer) == KERN_SUCCESS) {
		add("pipe, reading", reader, 1);
		add("pipe, writing", writer, 1);
	}
	if (process_counter(process, 1, 0, &counter) == KERN_SUCCESS)
		add("counter", counter, 1);
	if (process_timer(process, 1, &timer) == KERN_SUCCESS)
		add("timer", timer, 1);
}

/* Some users may not have all of them. */
static void open_sockets(mach_port_t process)
{
	static const struct {
		const char *label;
		int family, kind, protocol;
	} wanted[] = {
		{ "TCP", MASIX_INET, 1, 0 },
		{ "TCP of IPv6", MASIX_INET6, 1, 0 },
		{ "UDP", MASIX_INET, 2, 0 },
		{ "ICMP echo", MASIX_INET, 2, 1 },
		{ "raw ICMP", MASIX_INET, 3, 1 },
	};
	mach_port_t socket, sink, way;

	for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (process_network_socket(process, wanted[i].family, wanted[i].kind,
			    wanted[i].protocol, &socket) == KERN_SUCCESS)
			add(wanted[i].label, socket, 1);
	if (process_network_socket(process, MASIX_INET, 2, 0, &socket) == KERN_SUCCESS &&
		mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &sink) ==
			KERN_SUCCESS &&
		datagrams_open(socket, sink, &way) == KERN_SUCCESS) {
		add("UDP with a sink", socket, 1);
		add("way", way, 1);
	}
}

/* The DOS personality, and a machine of it, which has a program that is not there: it waits to tell so. */
static void open_foreign(mach_port_t process, mach_port_t acs)
{
	static const char strings[] = "\0/\0/none.com";
	const uint32_t mounts[1] = { 0 }, numbers[MASIX_PROGRAM_NUMBERS] = { 0 };
	mach_port_t personality, root, program;

	if (acs_lookup(acs, "dos", 3, FOREIGN_MS, &personality) != KERN_SUCCESS ||
		process_mount_root(process, 0, &root) != KERN_SUCCESS)
		return;
	add("DOS", personality, 0);
	if (program_start(personality, &root, 1, mounts, 1, numbers, MASIX_PROGRAM_NUMBERS, strings,
		    sizeof strings, &program) == KERN_SUCCESS)
		add("DOS machine", program, 1);
}

/* Servers that have their clients' face in the registry. */
static void open_servers(mach_port_t acs)
{
	static const char *const names[] = { "example", "gns" };
	mach_port_t port;

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (acs_lookup(acs, names[i], strlen(names[i]), FOREIGN_MS, &port) == KERN_SUCCESS)
			add(names[i], port, 0);
}

static int open_targets(void)
{
	mach_port_t process, acs, log;

	if (masix_client_process(&process) != KERN_SUCCESS ||
		masix_client_acs(&acs) != KERN_SUCCESS)
		return 0;
	add("process", process, 1);
	add("ACS", acs, 1);
	if (acs_lookup(acs, "console/log", strlen("console/log"), 0, &log) == KERN_SUCCESS)
		add("log", log, 1);
	open_mounts(process);
	open_streams(process);
	open_sockets(process);
	open_foreign(process, acs);
	open_servers(acs);
	surroundings.ports = ports;
	surroundings.port_count = target_count;
	surroundings.is_root = geteuid() == 0;
	surroundings.pid = getpid();
	return target_count > 20;
}

static void run_round(unsigned messages, uint32_t seed, struct findings *found)
{
	random_begin(seed);
	if (!open_targets())
		_exit(NO_TARGETS);
	try_well_formed(targets, target_count, found);
	try_long_arrays(targets, target_count, found);
	try_spoilt(targets, target_count, messages, found);
	end_fresh_rights();
	_exit(0);
}

/* Waits for the round, which may hang or end itself; 1 if it came to its end. */
static int end_round(pid_t child, uint32_t seed, struct findings *found)
{
	int status, waited = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		(void)usleep(10000);
		if (++waited == ROUND_MS / 10)
			(void)kill(child, SIGKILL);
	}
	/* The tasks that it had entered as its children are ours now. */
	(void)kill(-child, SIGKILL);
	for (waited = 0; waited < 100 && waitpid(-1, NULL, WNOHANG) >= 0; waited++)
		(void)usleep(10000);
	if (status == 0)
		return 1;
	printf("seed %u ended with status %#x\n", seed, (unsigned)status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_TARGETS)
		snprintf(found->wrong, sizeof found->wrong, "objects could not be opened\n");
	return 0;
}

static void clear_sandbox(void)
{
	char command[256];

	snprintf(command, sizeof command, "rm -rf /tmp/%s /var/tmp/%s /host/%s 2>/dev/null",
		sandbox, sandbox, sandbox);
	if (system(command) < 0)
		perror("fuzz");
}

static void make_sandbox(uid_t uid)
{
	static const char *const places[] = { "/tmp", "/var/tmp", "/host" };
	char path[128];

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", places[i], sandbox);
		if (mkdir(path, 0700) == 0 && chown(path, uid, uid) != 0)
			perror(path);
	}
}

static pid_t begin_round(unsigned messages, uint32_t seed, uid_t uid, struct findings *found)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0))
		_exit(2);
	(void)setsid();
	for (int sig = 1; sig < 32; sig++)
		(void)signal(sig, SIG_IGN);
	run_round(messages, seed, found);
	return 0;
}

int main(int argc, char **argv)
{
	static char text[16384];
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[1]) : 0, ended = 0;
	uid_t uid = argc > 4 ? (uid_t)atoi(argv[4]) : 0;
	struct findings *found = mmap(
		NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (found == MAP_FAILED || routine_count > ROUTINES_MAX || rounds == 0) {
		fprintf(stderr, "usage: fuzz ROUNDS MESSAGES SEED [UID]\n");
		return 2;
	}
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(sandbox, sizeof sandbox, "fuzz-%u", (unsigned)uid);
	for (unsigned i = 0; i < rounds; i++) {
		make_sandbox(uid);

		uint32_t seed = (uint32_t)atoi(argv[3]) + i;
		pid_t child = begin_round((unsigned)atoi(argv[2]), seed, uid, found);

		if (child < 0) {
			perror("fuzz: fork");
			return 1;
		}
		ended += !end_round(child, seed, found);
		clear_sandbox();
	}
	print_findings(found, text, sizeof text);
	printf("%sended %u of %u\n", text, ended, rounds);
	return found->wrong[0] != '\0';
}
