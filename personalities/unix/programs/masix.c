/* masix: speaks to ACS for the administrator of a running Masix: which servers there are, starting and
 * stopping them, watching their names, the system log and the audit record. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <mach/mach_types.h>
#include <masix/client.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acs_client.h"
#include "acs_event_server.h"
#include "console.h"
#include "mach.h"
#include "mach_port.h"

enum { STATUS_FAILED = 1, STATUS_USAGE = 2 };

static const char usage[] =
	"usage: masix servers [PREFIX]   list the servers\n"
	"       masix start FILE         start the server FILE, whose signed manifest is "
	"FILE.manifest\n"
	"       masix stop NAME          stop a server\n"
	"       masix watch NAME         tell when NAME comes and goes, until interrupted\n"
	"       masix log [-f]           show the system log; -f: and what follows\n"
	"       masix audit              show what ACS admitted, refused and ended\n"
	"Starting, stopping and the audit record are for root.\n"
	"Exit status: 0 done, 1 failed (with the reason), 2 wrong usage.\n";

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("masix: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(STATUS_FAILED);
}

static mach_port_t acs_port(void)
{
	mach_port_t acs;
	kern_return_t kr = masix_client_acs(&acs);

	if (kr != KERN_SUCCESS)
		die("cannot reach ACS: %s", masix_strerror(kr));
	return acs;
}

/* A name as an argument of a stub; ACS would refuse a longer one anyhow. */
static size_t name_length(const char *name)
{
	size_t length = strlen(name);

	if (length > MASIX_NAME_MAX)
		die("%.40s...: name is too long", name);
	return length;
}

/* servers: the columns of acs_list under headings. */
static void command_servers(char **arguments)
{
	static const char format[] = "%-12s %-9s %7s %6s %-7s %9s %7s  %s\n";
	const char *prefix = arguments[0] != NULL ? arguments[0] : "";
	masix_bulk_t table;
	mach_msg_type_number_t size;
	char *text, *line, *save;
	kern_return_t kr = acs_list(acs_port(), prefix, name_length(prefix), &table, &size);

	if (kr != KERN_SUCCESS)
		die("servers: %s", masix_strerror(kr));
	text = strndup(table, size);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)table, size); /* ours */
	if (text == NULL)
		die("servers: out of memory");
	printf(format, "NAME", "STATE", "SESSION", "STARTS", "ROLE", "KIB", "THREADS",
		"REGISTERED");
	for (line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *words[8], *rest;
		unsigned count = 0;

		for (rest = line; count < 8 && rest != NULL; count++)
			words[count] = strsep(&rest, " ");
		if (count == 8)
			printf(format, words[0], words[1], words[2], words[3], words[4], words[5],
				words[6], words[7]);
	}
	free(text);
}

struct bytes {
	char *data;
	size_t size;
};

static struct bytes read_file(const char *path)
{
	struct bytes file = { NULL, 0 };
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat) != 0)
		die("%s: %s", path, strerror(errno));
	if (!S_ISREG(stat.st_mode) || stat.st_size == 0 || stat.st_size > 64 << 20)
		die("%s: not a server or manifest", path);
	file.data = malloc(stat.st_size);
	if (file.data == NULL)
		die("%s: %s", path, strerror(errno));
	while (file.size < (size_t)stat.st_size) {
		ssize_t got = read(fd, file.data + file.size, stat.st_size - file.size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("%s: %s", path, got < 0 ? strerror(errno) : "became shorter");
		file.size += got;
	}
	close(fd);
	return file;
}

static void command_start(char **arguments)
{
	const char *path = arguments[0];
	char manifest_path[4096];
	struct bytes image, manifest;
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t kr, status = KERN_SUCCESS;

	if (snprintf(manifest_path, sizeof manifest_path, "%s.manifest", path) >=
		(int)sizeof manifest_path)
		die("%s: path is too long", path);
	image = read_file(path);
	if (access(manifest_path, F_OK) != 0)
		die("%s: is not signed: there is no %s", path, manifest_path);
	manifest = read_file(manifest_path);
	kr = acs_start(acs_port(), image.data, image.size, manifest.data, manifest.size, &status,
		reason, &length);
	if (kr == MASIX_E_DENIED)
		die("%s: only root may start servers", path);
	if (kr != KERN_SUCCESS)
		die("%s: %s", path, masix_strerror(kr));
	if (status != KERN_SUCCESS)
		die("%s: refused: %.*s", path, (int)length, reason);
}

static void command_stop(char **arguments)
{
	kern_return_t kr = acs_stop(acs_port(), arguments[0], name_length(arguments[0]));

	if (kr == MASIX_E_DENIED)
		die("%s: only root may stop servers", arguments[0]);
	if (kr == MASIX_E_NOT_FOUND)
		die("%s: no such server", arguments[0]);
	if (kr == MASIX_E_BUSY)
		die("%s: the system or another server needs it", arguments[0]);
	if (kr != KERN_SUCCESS)
		die("%s: %s", arguments[0], masix_strerror(kr));
}

/* An event for `watch`, from acs_event_server. */
kern_return_t S_acs_event(mach_port_t port, const masix_name_t name, mach_msg_type_number_t length,
	int what, uint32_t generation)
{
	char now[32];
	time_t seconds = time(NULL);
	struct tm local;

	(void)port;
	strftime(now, sizeof now, "%H:%M:%S", localtime_r(&seconds, &local));
	if (what == MASIX_EVENT_WENT)
		printf("%s %.*s went\n", now, (int)length, name);
	else
		printf("%s %.*s %s, generation %u\n", now, (int)length, name,
			what == MASIX_EVENT_REPLACED ? "was replaced" : "is there", generation);
	fflush(stdout);
	return KERN_SUCCESS;
}

/* Signals reach a program when it is not inside a Mach trap of its own. */
#define WATCH_SLICE_MS 200

static void command_watch(char **arguments)
{
	union {
		mach_msg_header_t header;
		mig_reply_header_t reply;
		char bytes[1024];
	} in, out;
	mach_port_t port = mach_reply_port();
	kern_return_t kr =
		acs_client_watch(acs_port(), arguments[0], name_length(arguments[0]), port);

	if (kr != KERN_SUCCESS)
		die("%s: %s", arguments[0], masix_strerror(kr));
	for (;;) {
		mig_routine_t routine;

		kr = mach_msg(&in.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof in, port,
			WATCH_SLICE_MS, MACH_PORT_NULL);
		if (kr == MACH_RCV_TIMED_OUT)
			continue;
		if (kr != MACH_MSG_SUCCESS)
			die("%s: %s", arguments[0], masix_strerror(kr));
		/* Only ACS has a right to this port; what it does not know is no event. */
		routine = acs_event_server_routine(&in.header);
		if (routine != NULL)
			routine(&in.header, &out.header);
	}
}

/* Print what the log has got since `*offset`; false if there is nothing new. */
static bool print_log(mach_port_t console, int64_t *offset)
{
	static masix_inline_t data;
	mach_msg_type_number_t count = sizeof data;
	int64_t start;
	kern_return_t kr = console_read_log(console, *offset, &start, data, &count);

	if (kr != KERN_SUCCESS)
		die("log: %s", masix_strerror(kr));
	if (start > *offset) {
		if (*offset != 0)
			printf("[%lld bytes lost]\n", (long long)(start - *offset));
		*offset = start;
	}
	*offset += count;
	fwrite(data, 1, count, stdout);
	return count != 0;
}

static void command_log(char **arguments)
{
	bool follow = arguments[0] != NULL;
	int64_t offset = 0;
	mach_port_t console;
	kern_return_t kr;

	if (follow && strcmp(arguments[0], "-f") != 0) {
		fputs(usage, stderr);
		exit(STATUS_USAGE);
	}
	kr = acs_lookup(acs_port(), "console/log", strlen("console/log"), 0, &console);
	if (kr != KERN_SUCCESS)
		die("log: %s", kr == MASIX_E_NOT_FOUND ? "the console does not show it"
						       : masix_strerror(kr));
	do {
		while (print_log(console, &offset))
			;
		fflush(stdout);
	} while (follow && usleep(200000) == 0);
}

static void command_audit(char **arguments)
{
	masix_bulk_t table;
	mach_msg_type_number_t size;
	kern_return_t kr = acs_audit(acs_port(), &table, &size);

	(void)arguments;
	if (kr == MASIX_E_DENIED)
		die("audit: only root may read the audit record");
	if (kr != KERN_SUCCESS)
		die("audit: %s", masix_strerror(kr));
	fwrite(table, 1, size, stdout);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)table, size); /* ours */
}

static const struct command {
	const char *name;
	void (*run)(char **arguments);
	int least, most;
} commands[] = {
	{ "servers", command_servers, 0, 1 },
	{ "start", command_start, 1, 1 },
	{ "stop", command_stop, 1, 1 },
	{ "watch", command_watch, 1, 1 },
	{ "log", command_log, 0, 1 },
	{ "audit", command_audit, 0, 0 },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	for (i = 0; argc >= 2 && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least &&
			argc - 2 <= commands[i].most) {
			commands[i].run(argv + 2);
			if (fflush(stdout) != 0)
				die("cannot write: %s", strerror(errno));
			return 0;
		}
	fputs(usage, stderr);
	return STATUS_USAGE;
}
