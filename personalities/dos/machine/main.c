/* A DOS machine comes up: its drives, its environment, its program. */
#include <mach/mig_support.h>

#include <masix/mach.h>
#include <masix/port_io.h>
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

/* `text` and " ARG ARG"; false: too long for a command tail. */
static bool make_tail(const char *text, const char *arguments, uint32_t count, char tail[128])
{
	size_t size = strlen(text);

	if (size > 126)
		return false;
	memcpy(tail, text, size + 1);
	for (uint32_t i = 0; i < count; i++, arguments = next(arguments)) {
		size_t n = strlen(arguments);

		if (size + 1 + n > 126)
			return false;
		tail[size++] = ' ';
		memcpy(tail + size, arguments, n + 1);
		size += n;
	}
	return true;
}

static bool is_batch(const char *file)
{
	uint8_t field[NAME_FIELD];
	const char *name = strrchr(file, '/');

	(void)name_to_field(name != NULL ? name + 1 : file, field);
	return memcmp(field + 8, "BAT", 3) == 0;
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

/* NULL, or why there is nothing to run. */
static const char *load_first(void)
{
	const struct machine_boot *boot = machine_boot();
	const char *s = boot->strings, *directory, *file, *arguments, *environment;
	char tail[128], path[PATH_TEXT + 3], command[PATH_TEXT + 8] = "";
	unsigned size;
	int error;

	for (uint32_t i = 0; i < boot->directory_count; i++)
		s = next(s);
	directory = s;
	file = next(directory);
	arguments = s = next(file);
	for (uint32_t i = 0; i < boot->numbers[MASIX_PROGRAM_ARGUMENTS]; i++)
		s = next(s);
	environment = environment_make(s, boot->numbers[MASIX_PROGRAM_VARIABLES], &size);
	enter_directory(directory);
	if (!environment_path(file, path))
		return "its path is too long for DOS";
	if (is_batch(file)) { /* for the shell */
		memcpy(command, " /C ", 5);
		strcpy(command + 4, path);
		strcpy(path, environment_shell);
	}
	if (!make_tail(command, arguments, boot->numbers[MASIX_PROGRAM_ARGUMENTS], tail))
		return "the arguments are too long";
	error = dos_run(&dos, path, tail, environment, size);
	return error ? reason(error) : NULL;
}

static uint8_t in(uint16_t port)
{
	return port_in8(port);
}

static void out(uint16_t port, uint8_t value)
{
	port_out8(port, value);
}

static const struct vga screen = { .in = in,
	.out = out,
	.window = (uint8_t *)VGA_WINDOW,
	.font16 = ((struct machine_boot *)MACHINE_BOOT)->font16,
	.font8 = ((struct machine_boot *)MACHINE_BOOT)->font8 };

/* The program's memory, around the screen's if it has that. */
static bool allocate_low(void)
{
	vm_address_t low = 0, high = VGA_WINDOW + VGA_WINDOW_SIZE;

	if (!machine_boot()->has_screen)
		return vm_allocate(MACHINE_PORT_TASK, &low, GUEST_MEMORY, FALSE) == KERN_SUCCESS;
	return vm_allocate(MACHINE_PORT_TASK, &low, VGA_WINDOW, FALSE) == KERN_SUCCESS &&
	       vm_allocate(MACHINE_PORT_TASK, &high, GUEST_MEMORY - high, FALSE) == KERN_SUCCESS;
}

static const char *prepare(void)
{
	vector_task.task = MACHINE_PORT_TASK;
	vector_clock_set(&machine_boot()->start);
	events_init();
	if (!allocate_low())
		return "no memory";
	streams_init(&world);
	disk_init(&world);
	servers_init(&world);
	expanded_init(&world);
	world.set_descriptor = run_set_descriptor;
	if (machine_boot()->has_screen)
		world.vga = &screen;
	dos_init(&dos, NULL, &world);
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
		sharing_end();
		video_end(&dos);
		streams_flush();
	}
	events_exit(status, why != NULL ? why : "");
	machine_end();
}
