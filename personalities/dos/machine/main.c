/* A DOS machine comes up: its drives, its environment, its program. */
#include <mach/mig_support.h>

#include <masix/mach.h>
#include <string.h>

#include "dos_machine.h"
#include "files.h"
#include "mach.h"
#include "machine.h"
#include "path.h"
#include "search.h"
#include "vector/clock.h"
#include "vector/thread.h"
#include "video.h"

#define ENVIRONMENT_ROOM 8192u
#define DRIVE_VARIABLE "DOSDRIVE_" /* and a letter: the caller's directory that it is */
#define STATUS_CANNOT_RUN 126
#define STATUS_CRASHED 139

struct dos dos;
static struct world world;

void machine_start(void) __attribute__((noreturn));

void machine_end(void)
{
	for (;;)
		(void)task_terminate(MACHINE_PORT_TASK);
}

void machine_say(const char *line)
{
	masix_name_t text;
	size_t n = strlen(line);

	if (n > sizeof(text))
		n = sizeof(text);
	memcpy(text, line, n);
	(void)machine_log(MACHINE_PORT_SERVER, text, n); /* nobody is left to tell if that fails */
}

static const char *next(const char *s)
{
	return s + strlen(s) + 1;
}

static void add_drive(char letter, const char *root)
{
	uint8_t drive = (uint8_t)(name_upper((uint8_t)letter) - 'A');
	size_t n = strlen(root);

	while (n > 0 && root[n - 1] == '/')
		n--;
	if (drive >= DOS_DRIVES || n >= WORLD_PATH_MAX)
		return;
	memcpy(dos.drives[drive].root, root, n);
	dos.drives[drive].root[n] = '\0';
	dos.drives[drive].is_there = true;
}

/* The strings that a program gets, apart from what they say of drives; how many bytes. */
static unsigned make_environment(const char *variables, uint32_t count, char *to)
{
	unsigned size = 0;

	for (uint32_t i = 0; i < count; i++, variables = next(variables)) {
		size_t n = strlen(variables) + 1;

		if (strncmp(variables, DRIVE_VARIABLE, sizeof(DRIVE_VARIABLE) - 1) == 0 &&
			n > sizeof(DRIVE_VARIABLE) + 1) {
			add_drive(variables[sizeof(DRIVE_VARIABLE) - 1],
				variables + sizeof(DRIVE_VARIABLE) + 1);
		} else if (size + n < ENVIRONMENT_ROOM) {
			memcpy(to + size, variables, n);
			size += (unsigned)n;
		}
	}
	return size;
}

/* " ARG ARG"; false: too long for a command tail. */
static bool make_tail(const char *arguments, uint32_t count, char tail[128])
{
	unsigned size = 0;

	tail[0] = '\0';
	for (uint32_t i = 0; i < count; i++, arguments = next(arguments)) {
		size_t n = strlen(arguments);

		if (size + 1 + n > 126)
			return false;
		tail[size++] = ' ';
		memcpy(tail + size, arguments, n + 1);
		size += (unsigned)n;
	}
	return true;
}

/* The current drive, and its directory as far as DOS can name it. */
static void enter_directory(const char *directory)
{
	char text[PATH_TEXT];
	uint8_t drive;

	dos.drive = 3;
	if (path_from_world(&dos, directory, &drive, text) != DOS_OK)
		return;
	dos.drive = drive;
	if (strlen(text) < DOS_DIRECTORY_MAX)
		strcpy(dos.drives[drive].directory, text);
}

static const char *reason(int error)
{
	switch (error) {
	case DOS_E_FILE:
	case DOS_E_PATH:
		return "no such program";
	case DOS_E_ACCESS:
		return "permission denied";
	case DOS_E_FORMAT:
		return "damaged program file";
	case DOS_E_MEMORY:
		return "the program is too large";
	default:
		return "cannot be run";
	}
}

/* 0, or why there is nothing to run. */
static const char *load_first(void)
{
	static char environment[ENVIRONMENT_ROOM];
	const struct machine_boot *boot = machine_boot();
	const char *s = boot->strings, *directory, *file, *arguments;
	char tail[128], path[PATH_TEXT + 3], text[PATH_TEXT];
	unsigned size;
	uint8_t drive;
	int error;

	for (uint32_t i = 0; i < boot->directory_count; i++)
		s = next(s);
	directory = s;
	file = next(directory);
	arguments = s = next(file);
	for (uint32_t i = 0; i < boot->numbers[MASIX_PROGRAM_ARGUMENTS]; i++)
		s = next(s);
	add_drive('D', "/");
	size = make_environment(s, boot->numbers[MASIX_PROGRAM_VARIABLES], environment);
	enter_directory(directory);
	if (!make_tail(arguments, boot->numbers[MASIX_PROGRAM_ARGUMENTS], tail))
		return "the arguments are too long";
	if (path_from_world(&dos, file, &drive, text) != DOS_OK)
		return "its path is too long for DOS";
	path[0] = (char)('A' + drive);
	path[1] = ':';
	path[2] = '\\';
	strcpy(path + 3, text);
	error = dos_run(&dos, path, tail, environment, size);
	return error ? reason(error) : NULL;
}

static const char *prepare(void)
{
	vm_address_t low = 0;

	vector_task.task = MACHINE_PORT_TASK;
	vector_clock_set(&machine_boot()->start);
	events_init();
	if (vm_allocate(MACHINE_PORT_TASK, &low, GUEST_MEMORY, FALSE) != KERN_SUCCESS)
		return "no memory";
	streams_init(&world);
	disk_init(&world);
	dos_init(&dos, (uint8_t *)low, &world);
	return NULL;
}

void machine_start(void)
{
	const char *why = prepare();
	uint32_t status = STATUS_CANNOT_RUN;

	if (why == NULL)
		why = load_first();
	if (why == NULL) {
		run_program();
		status = dos.exit_code;
		if (dos.crash != NULL) {
			why = dos.crash;
			status = STATUS_CRASHED;
			run_dump(why);
		}
		video_end(&dos);
		streams_flush();
	}
	events_exit(status, why != NULL ? why : "");
	machine_end();
}
