#include "start.h"

#include <masix/client.h>
#include <masix/error.h>
#include <masix/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acs_client.h"
#include "foreign_program.h"
#include "io.h"
#include "process.h"

#define PERSONALITY "dos"
#define SCREEN "dos/screen" /* the same for one program at a time, which gets the screen */
#define WAIT_MS 20000
#define STATUS_NO_SERVER 125
#define VARIABLE "DOS_" /* variables whose names begin so are the program's, without it */

extern char **environ;

struct request {
	mach_port_t directories[MASIX_DIRECTORIES_MAX];
	masix_ids_t mounts, numbers;
	mach_msg_type_number_t directory_count;
	masix_inline_t strings;
	size_t size;
	int is_full;
};

static void add_string(struct request *r, const char *prefix, const char *s)
{
	size_t n = strlen(prefix), m = strlen(s) + 1;

	if (n + m > sizeof r->strings - r->size) {
		r->is_full = 1;
		return;
	}
	memcpy(r->strings + r->size, prefix, n);
	memcpy(r->strings + r->size + n, s, m);
	r->size += n + m;
}

/* Is `path` here the root of the mount behind the port?  With another root than the system's it may be elsewhere. */
static int is_there(const char *path, mach_port_t port)
{
	struct masix_stat found;
	struct stat here;

	return io_stat(port, &found) == KERN_SUCCESS && stat(path, &here) == 0 &&
	       here.st_ino == found.ino && here.st_dev == found.dev;
}

static void add_directory(struct request *r, mach_port_t process, unsigned mount, const char *path)
{
	mach_port_t port;

	if (r->directory_count == MASIX_DIRECTORIES_MAX ||
		process_mount_root(process, mount, &port) != KERN_SUCCESS)
		return;
	if (mount != 0 && !is_there(path, port))
		return;
	r->mounts[r->directory_count] = mount;
	r->directories[r->directory_count++] = port;
	add_string(r, path, "");
}

/* The root and what is mounted in it, with this process's credentials; not what the Unix server shows of itself. */
static kern_return_t add_directories(struct request *r)
{
	mach_port_t process;
	masix_inline_t table;
	mach_msg_type_number_t size = sizeof table - 1;
	kern_return_t kr = masix_client_process(&process);
	char *line, *rest;

	if (kr == KERN_SUCCESS)
		kr = process_mounts(process, table, &size);
	if (kr != KERN_SUCCESS)
		return kr;
	table[size] = '\0';
	add_directory(r, process, 0, "");
	for (line = strtok_r(table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char path[MASIX_PATH_MAX], type[64];
		unsigned mount;

		if (sscanf(line, "%u %4095s %63s", &mount, path, type) == 3 && mount != 0 &&
			strcmp(type, "proc") != 0 && strcmp(type, "devpts") != 0)
			add_directory(r, process, mount, path);
	}
	return r->directory_count ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

static void add_strings(struct request *r, const struct start *start)
{
	char directory[MASIX_PATH_MAX];

	add_string(r, getcwd(directory, sizeof directory) ? directory : "/", "");
	add_string(r, start->file, "");
	for (char **s = start->arguments; *s; s++, r->numbers[MASIX_PROGRAM_ARGUMENTS]++)
		add_string(r, *s, "");
	for (char **s = start->drives; *s; s++, r->numbers[MASIX_PROGRAM_VARIABLES]++)
		add_string(r, "DOSDRIVE_", *s);
	for (char **s = environ; *s; s++) {
		if (strncmp(*s, VARIABLE, sizeof VARIABLE - 1) != 0)
			continue;
		add_string(r, *s + sizeof VARIABLE - 1, "");
		r->numbers[MASIX_PROGRAM_VARIABLES]++;
	}
}

static void add_numbers(struct request *r)
{
	struct winsize window = { .ws_row = 25, .ws_col = 80 };
	mode_t mask = umask(0);

	(void)umask(mask);
	r->numbers[MASIX_PROGRAM_UMASK] = mask;
	for (int i = 0; i < 3; i++)
		if (isatty(i)) {
			r->numbers[MASIX_PROGRAM_TERMINALS] |= 1u << i;
			(void)ioctl(i, TIOCGWINSZ, &window); /* else it is as most are */
		}
	r->numbers[MASIX_PROGRAM_ROWS] = window.ws_row;
	r->numbers[MASIX_PROGRAM_COLUMNS] = window.ws_col;
}

mach_port_t start_program(const struct start *start, int *status)
{
	static struct request r;
	mach_port_t acs, personality, program;
	kern_return_t kr = masix_client_acs(&acs);

	*status = STATUS_NO_SERVER;
	if (kr == KERN_SUCCESS)
		kr = acs_lookup(acs, PERSONALITY, strlen(PERSONALITY), WAIT_MS, &personality);
	if (kr == KERN_SUCCESS && start->on_screen)
		kr = acs_lookup(acs, SCREEN, strlen(SCREEN), 0, &personality);
	if (kr == KERN_SUCCESS)
		kr = add_directories(&r);
	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "dos: the DOS personality%s: %s\n",
			start->on_screen ? ", with the screen" : "", masix_strerror(kr));
		return MACH_PORT_NULL;
	}
	add_strings(&r, start);
	add_numbers(&r);
	kr = r.is_full ? MASIX_E_TOO_BIG
		       : program_start(personality, r.directories, r.directory_count, r.mounts,
				 r.directory_count, r.numbers, MASIX_PROGRAM_NUMBERS, r.strings,
				 (mach_msg_type_number_t)r.size, &program);
	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "dos: %s: %s\n", start->file, masix_strerror(kr));
		return MACH_PORT_NULL;
	}
	return program;
}
