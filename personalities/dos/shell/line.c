/* A line: commands divided by |, each with its redirections. */
#include "shell.h"

#define NO_HANDLE (-1)

static int saved[2] = { NO_HANDLE, NO_HANDLE }; /* what the standard handles were */

/* The first `c` outside of quotes, or NULL. */
static char *find_outside(char *s, int c)
{
	int quoted = 0;

	for (; *s; s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (*s == c && !quoted)
			return s;
	}
	return 0;
}

static int put_handle(int handle, int standard)
{
	int error = 0;

	if (saved[standard] == NO_HANDLE)
		error = dos_duplicate(standard, &saved[standard]);
	if (error == 0)
		error = dos_force(handle, standard);
	dos_close(handle);
	return error;
}

void restore_handles(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (saved[i] == NO_HANDLE)
			continue;
		dos_force(saved[i], i);
		dos_close(saved[i]);
		saved[i] = NO_HANDLE;
	}
}

static int redirect(char *name, int standard, int append)
{
	int handle, error;
	struct registers r;

	if (standard == 0) {
		error = dos_open(name, 0, &handle);
	} else if (append && dos_open(name, 2, &handle) == 0) {
		r.ax = 0x4202;
		r.bx = handle;
		r.cx = r.dx = 0;
		error = int21(&r);
	} else {
		error = dos_create(name, &handle);
	}
	if (!error)
		error = put_handle(handle, standard);
	if (error)
		say_error(error);
	return error;
}

/* Take "<NAME", ">NAME" and ">>NAME" out of the line, and do them. */
static int redirections(char *line)
{
	char *at, *s, *end, name[PATH_SIZE];
	int c, append, n;

	for (;;) {
		at = find_outside(line, '<');
		s = find_outside(line, '>');
		if (!at || (s && s < at))
			at = s;
		if (!at)
			return 0;
		c = *at;
		s = at + 1;
		append = c == '>' && *s == '>';
		s = skip_blanks(s + append);
		for (end = s; *end && !is_blank(*end) && *end != '<' && *end != '>'; end++)
			;
		n = end - s;
		if (n == 0 || n >= PATH_SIZE) {
			say_line("Syntax error");
			return 1;
		}
		memcpy(name, s, n);
		name[n] = 0;
		memmove(at, end, strlen(end) + 1);
		if (redirect(name, c == '>', append))
			return 1;
	}
}

static void run_single(char *line)
{
	if (!redirections(line))
		run_command(skip_blanks(line));
	restore_handles();
}

/* A new empty file for what passes a pipe; its name. */
static int temporary(char name[PATH_SIZE])
{
	char *directory = environment_get("TEMP");
	struct registers r;
	unsigned n;

	strncpy(name, directory ? directory : ".", PATH_SIZE - 15);
	name[PATH_SIZE - 15] = 0;
	n = strlen(name);
	if (n && name[n - 1] != '\\')
		strcpy(name + n, "\\");
	r.ax = 0x5a00;
	r.cx = 0;
	r.dx = (unsigned)name;
	if (int21(&r))
		return 1;
	dos_close(r.ax);
	return 0;
}

/* Each command runs to its end, into a file that the next one reads. */
static void run_pipe(char *line, char *bar)
{
	char names[2][PATH_SIZE];
	int current = 0, have_input = 0;

	names[0][0] = names[1][0] = 0;
	for (;;) {
		if (bar)
			*bar = 0;
		if (bar && temporary(names[current])) {
			say_line("Intermediate file error during pipe");
			break;
		}
		if (have_input && redirect(names[!current], 0, 0))
			break;
		if (bar && redirect(names[current], 1, 0))
			break;
		run_single(line);
		if (have_input)
			dos_path_call(0x4100, names[!current], 0);
		names[!current][0] = 0;
		if (!bar)
			break;
		have_input = 1;
		current = !current;
		line = bar + 1;
		bar = find_outside(line, '|');
	}
	restore_handles();
	for (current = 0; current < 2; current++)
		if (names[current][0])
			dos_path_call(0x4100, names[current], 0);
}

/* IF and FOR run lines themselves, with what is redirected there. */
static int is_compound(char *line)
{
	return (same_start(line, "IF", 2) && is_blank(line[2])) ||
	       (same_start(line, "FOR", 3) && is_blank(line[3])) ||
	       (same_start(line, "REM", 3) && (is_blank(line[3]) || !line[3]));
}

void run_line(char *line)
{
	char *bar;

	line = skip_blanks(line);
	while (*line == '@')
		line++;
	if (is_compound(line)) {
		run_command(line);
		return;
	}
	bar = find_outside(line, '|');
	if (bar)
		run_pipe(line, bar);
	else
		run_single(line);
}

void run_command(char *line)
{
	struct registers r;

	if (!*line)
		return;
	if (line[1] == ':' && !*skip_blanks(line + 2)) {
		r.ax = 0x0e00;
		r.dx = upper(line[0]) - 'A';
		int21(&r);
		if (dos_drive() != upper(line[0]) - 'A')
			say_line("Invalid drive specification");
		return;
	}
	if (!command_internal(line))
		command_external(line, 0);
}
