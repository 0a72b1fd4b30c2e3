/* The environment of a machine's first program: the caller's variables, its drives, and what programs expect to be set. */
#include <string.h>

#include "machine.h"
#include "path.h"

#define DRIVE_VARIABLE "DOSDRIVE_" /* and a letter: the caller's directory that it is */
#define PROGRAMS "/usr/lib/masix/dos"

static char strings[8192];
static unsigned size;
char environment_shell[PATH_TEXT + 3];

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

static void add_string(const char *name, const char *value)
{
	size_t n = strlen(name), m = strlen(value) + 1;

	if (size + n + m > sizeof(strings))
		return;
	memcpy(strings + size, name, n);
	memcpy(strings + size + n, value, m);
	size += (unsigned)(n + m);
}

/* "NAME=": is it set? */
static bool is_set(const char *name)
{
	for (unsigned at = 0; at < size; at += (unsigned)strlen(strings + at) + 1)
		if (strncmp(strings + at, name, strlen(name)) == 0)
			return true;
	return false;
}

static void add_default(const char *name, const char *value)
{
	if (value[0] != '\0' && !is_set(name))
		add_string(name, value);
}

bool environment_path(const char *path, char text[PATH_TEXT + 3])
{
	uint8_t drive;

	text[0] = '\0';
	if (path_from_world(&dos, path, &drive, text + 3) != DOS_OK)
		return false;
	text[0] = (char)('A' + drive);
	text[1] = ':';
	text[2] = '\\';
	return true;
}

const char *environment_make(const char *variables, uint32_t count, unsigned *length)
{
	char path[PATH_TEXT + 3];

	add_drive('D', "/");
	for (uint32_t i = 0; i < count; i++, variables += strlen(variables) + 1) {
		if (strncmp(variables, DRIVE_VARIABLE, sizeof(DRIVE_VARIABLE) - 1) == 0 &&
			strlen(variables) > sizeof(DRIVE_VARIABLE))
			add_drive(variables[sizeof(DRIVE_VARIABLE) - 1],
				variables + sizeof(DRIVE_VARIABLE) + 1);
		else
			add_string(variables, "");
	}
	/* What cannot be reached by the drives as they are is not set. */
	(void)environment_path(PROGRAMS "/command.com", environment_shell);
	add_default("COMSPEC=", environment_shell);
	(void)environment_path(PROGRAMS, path);
	add_default("PATH=", path);
	(void)environment_path("/tmp", path);
	add_default("TEMP=", path);
	add_default("PROMPT=", "$P$G");
	*length = size;
	return strings;
}
