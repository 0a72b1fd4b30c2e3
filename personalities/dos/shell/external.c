/* Programs and batch files, found along PATH. */
#include "shell.h"

static char *extensions[] = { ".COM", ".EXE", ".BAT", 0 };

/* `path` as it is, or with one of the extensions; which one (0 to 2), -1: there is none. */
static int complete(char *path)
{
	unsigned n = strlen(path);
	char *dot = strchr(base_name(path), '.');
	int i;

	for (i = 0; extensions[i]; i++) {
		if (dot) {
			if (same(dot, extensions[i]) && dos_exists(path))
				return i;
			continue;
		}
		strcpy(path + n, extensions[i]);
		if (dos_exists(path))
			return i;
		path[n] = 0;
	}
	return -1;
}

static int search(char *name, char path[PATH_SIZE])
{
	char *from = environment_get("PATH");
	unsigned n;
	int kind;

	if (has_pattern(name) || strlen(name) > PATH_SIZE - 5)
		return -1;
	strcpy(path, name);
	kind = complete(path);
	if (kind >= 0 || base_name(name) != name)
		return kind;
	while (from && *from) {
		for (n = 0; from[n] && from[n] != ';'; n++)
			;
		if (n > 0 && n + strlen(name) + 6 < PATH_SIZE) {
			memcpy(path, from, n);
			if (path[n - 1] != '\\' && path[n - 1] != ':')
				path[n++] = '\\';
			strcpy(path + n, name);
			kind = complete(path);
			if (kind >= 0)
				return kind;
			for (n = 0; from[n] && from[n] != ';'; n++)
				;
		}
		from += n;
		if (*from == ';')
			from++;
	}
	return -1;
}

/* Length, text, CR. */
static void make_tail(char *tail, char *text)
{
	unsigned n = strlen(text);

	if (n > 126)
		n = 126;
	tail[0] = n;
	memcpy(tail + 1, text, n);
	tail[1 + n] = '\r';
}

void command_external(char *line, int is_call)
{
	static char tail[130];
	char name[PATH_SIZE], path[PATH_SIZE], *end = line;
	int kind, error;

	while (*end && !strchr(" \t/,;=", *end) && end - line < PATH_SIZE - 1)
		end++;
	memcpy(name, line, end - line);
	name[end - line] = 0;
	kind = search(name, path);
	if (kind < 0) {
		say_line("Bad command or file name");
		error_level = 1;
	} else if (kind == 2) {
		if (batch_begin(path, name, end, !is_call) && !is_call && batch_level == 1)
			batch_run(0);
	} else {
		make_tail(tail, end);
		release_break();
		error = dos_exec(path, tail);
		catch_break();
		if (error) {
			say_error(error);
			error_level = 1;
		}
	}
}
