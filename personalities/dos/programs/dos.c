/* dos [-s] [-d X=DIRECTORY]... [PROGRAM [ARGUMENT]...]: run a DOS program, or a shell of DOS.  It has this process's standard streams, its terminal,
 * and the files that this process may use; drive D: is the root directory, C: the home directory (-d says
 * otherwise).  With -s it has the screen of the machine.  Variables DOS_NAME=VALUE are its environment.  Exits as the program does; 125: no DOS personality, 126: it
 * cannot be run, 127: there is no such file, 139: it did what no program may. */
#include <masix/error.h>
#include <masix/types.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "foreign_program.h"
#include "keyboard.h"
#include "start.h"

#define DRIVES 26
#define SHELL "/usr/lib/masix/dos/command.com"
#define STATUS_USAGE 125
#define STATUS_NOT_FOUND 127

static int read_stream(int stream, char *data, uint32_t amount)
{
	ssize_t n;

	do
		n = read(stream, data, amount < MASIX_INLINE_MAX ? amount : MASIX_INLINE_MAX);
	while (n < 0 && errno == EINTR);
	return (int)n;
}

static int write_stream(int stream, const char *data, uint32_t size)
{
	uint32_t done = 0;

	while (done < size) {
		ssize_t n = write(stream, data + done, size - done);

		if (n < 0 && errno != EINTR)
			return done ? (int)done : -1;
		if (n > 0)
			done += (uint32_t)n;
	}
	return (int)done;
}

/* Do what the program wants until it is over; its status. */
static int serve(mach_port_t program, const char *name)
{
	static masix_inline_t input, data;
	int result = 0, event, stream;
	uint32_t amount, size = 0;

	for (;;) {
		mach_msg_type_number_t count = sizeof data;
		kern_return_t kr = program_step(
			program, result, input, size, &event, &stream, &amount, data, &count);

		if (kr != KERN_SUCCESS) {
			fprintf(stderr, "dos: %s: its machine ended (%s)\n", name,
				masix_strerror(kr));
			return STATUS_USAGE;
		}
		size = 0;
		switch (event) {
		case MASIX_PROGRAM_READ:
			result = read_stream(stream, input, amount);
			size = result > 0 ? (uint32_t)result : 0;
			break;
		case MASIX_PROGRAM_WRITE:
			result = write_stream(stream, data, count);
			break;
		case MASIX_PROGRAM_TERMINAL:
			result = 0;
			if (amount)
				keyboard_open(program);
			else
				keyboard_close();
			break;
		default:
			keyboard_close();
			if (count)
				fprintf(stderr, "dos: %s: %.*s\n", name, (int)count, data);
			return (int)amount;
		}
	}
}

/* As a DOS shell finds programs: also without extension. */
static int find_program(const char *name, char file[PATH_MAX])
{
	static const char *const extensions[] = { "", ".com", ".COM", ".exe", ".EXE", ".bat",
		".BAT" };
	char path[PATH_MAX];

	for (unsigned i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
		int n = snprintf(path, sizeof path, "%s%s", name, extensions[i]);

		if (n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0 &&
			realpath(path, file))
			return 1;
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: dos [-s] [-d X=DIRECTORY]... [PROGRAM [ARGUMENT]...]\n");
	return STATUS_USAGE;
}

/* "X=DIRECTORY", in a form that means the same everywhere. */
static char *drive_of(const char *text)
{
	char directory[PATH_MAX], *drive;

	if (!text[0] || text[1] != '=' ||
		!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", text[0]) ||
		!realpath(text + 2, directory) || asprintf(&drive, "%c=%s", text[0], directory) < 0)
		return NULL;
	return drive;
}

int main(int argc, char **argv)
{
	char *drives[DRIVES + 2] = { NULL };
	unsigned count = 0;
	const char *name;
	char file[PATH_MAX], home[PATH_MAX + 2];
	struct start start = { .file = file, .drives = drives };
	int option, status;
	mach_port_t program;

	if (getenv("HOME") &&
		snprintf(home, sizeof home, "C=%s", getenv("HOME")) < (int)sizeof home)
		drives[count++] = home;
	while ((option = getopt(argc, argv, "+d:s")) != -1) {
		if (option == 's') {
			start.on_screen = 1;
			continue;
		}
		char *drive = option == 'd' && count < DRIVES ? drive_of(optarg) : NULL;

		if (!drive)
			return usage();
		drives[count++] = drive;
	}
	name = optind < argc ? argv[optind++] : SHELL;
	if (!find_program(name, file)) {
		fprintf(stderr, "dos: %s: no such program\n", name);
		return STATUS_NOT_FOUND;
	}
	start.arguments = argv + optind;
	program = start_program(&start, &status);
	return program != MACH_PORT_NULL ? serve(program, name) : status;
}
