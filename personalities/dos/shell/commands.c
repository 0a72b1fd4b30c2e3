/* Commands that the shell does itself. */
#include "shell.h"

extern int is_over;

static void command_echo(char *rest)
{
	if (*rest && *rest != '.' && *rest != ':' && !is_blank(*rest))
		rest = skip_blanks(rest);
	else if (*rest == '.' || *rest == ':') {
		say_line(rest + 1);
		return;
	}
	rest = skip_blanks(rest);
	if (is_word(rest, "ON"))
		is_echo = 1;
	else if (is_word(rest, "OFF"))
		is_echo = 0;
	else if (*rest)
		say_line(rest);
	else
		say_line(is_echo ? "ECHO is on" : "ECHO is off");
}

static void command_cd(char *rest)
{
	char *path = next_word(&rest), text[PATH_SIZE];
	int error, drive = dos_drive();

	if (!path || (path[1] == ':' && !path[2])) {
		if (path)
			drive = upper(path[0]) - 'A';
		error = dos_directory(drive, text);
		if (error)
			say_error(error);
		else
			say_line(text);
		return;
	}
	if (dos_path_call(0x3b00, path, 0)) {
		say_line("Invalid directory");
		error_level = 1;
	}
}

static void directory_call(unsigned ax, char *rest, char *failed)
{
	char *path = next_word(&rest);

	if (!path) {
		say_line("Required parameter missing");
		return;
	}
	for (; path; path = next_word(&rest))
		if (dos_path_call(ax, path, 0)) {
			say_line(failed);
			error_level = 1;
		}
}

static void command_md(char *rest)
{
	directory_call(0x3900, rest, "Unable to create directory");
}

static void command_rd(char *rest)
{
	directory_call(0x3a00, rest, "Invalid path, not directory, or directory not empty");
}

static void set(char *name, char *value)
{
	if (environment_set(name, value))
		say_line("Out of environment space");
}

static void command_set(char *rest)
{
	char *value;

	rest = skip_blanks(rest);
	if (!*rest) {
		environment_list();
		return;
	}
	value = strchr(rest, '=');
	if (!value || value == rest) {
		say_line("Syntax error");
		return;
	}
	*value = 0;
	set(rest, value + 1);
}

static void command_path(char *rest)
{
	char *path = environment_get("PATH");

	rest = skip_blanks(rest);
	if (*rest == '=')
		rest = skip_blanks(rest + 1);
	if (is_word(rest, ";")) {
		set("PATH", "");
	} else if (*rest) {
		set("PATH", rest);
	} else if (path) {
		say("PATH=");
		say_line(path);
	} else {
		say_line("No Path");
	}
}

static void command_prompt(char *rest)
{
	rest = skip_blanks(rest);
	if (*rest == '=')
		rest = skip_blanks(rest + 1);
	set("PROMPT", rest);
}

static void command_cls(char *rest)
{
	struct registers r;

	if (dos_is_device(1)) {
		clear_screen();
		return;
	}
	r.ax = 0x0200;
	r.dx = 12;
	int21(&r);
}

static void command_ver(char *rest)
{
	struct registers r;

	r.ax = 0x3000;
	int21(&r);
	say("Masix DOS Version ");
	say_number((unsigned long)(r.ax & 0xff), 0, ' ');
	say(".");
	say_number((unsigned long)(r.ax >> 8 & 0xff), 2, '0');
	say_line("");
}

static void command_vol(char *rest)
{
	char *word = next_word(&rest);

	say(" Volume in drive ");
	say_character(word && word[1] == ':' ? upper(word[0]) : 'A' + dos_drive());
	say_line(" has no label");
}

/* Numbers divided by anything; how many. */
static int numbers(char *s, unsigned *values, int most)
{
	int n = 0;

	while (*s && n < most) {
		if (*s < '0' || *s > '9') {
			s++;
			continue;
		}
		values[n] = 0;
		while (*s >= '0' && *s <= '9')
			values[n] = 10 * values[n] + *s++ - '0';
		n++;
	}
	return n;
}

static void command_date(char *rest)
{
	struct registers r;
	unsigned v[3];

	rest = skip_blanks(rest);
	if (!*rest || *rest == '/') {
		say("Current date is ");
		say_date();
		say_line("");
		return;
	}
	r.ax = 0x2b00;
	if (numbers(rest, v, 3) == 3) {
		r.cx = v[2] < 80 ? v[2] + 2000 : v[2] < 100 ? v[2] + 1900 : v[2];
		r.dx = v[0] << 8 | v[1];
		int21(&r);
		if ((r.ax & 0xff) == 0)
			return;
	}
	say_line("Invalid date");
}

static void command_time(char *rest)
{
	struct registers r;
	unsigned v[4];
	int n;

	rest = skip_blanks(rest);
	if (!*rest || *rest == '/') {
		say("Current time is ");
		say_time();
		say_line("");
		return;
	}
	n = numbers(rest, v, 4);
	r.ax = 0x2d00;
	r.cx = v[0] << 8 | (n > 1 ? v[1] : 0);
	r.dx = (n > 2 ? v[2] : 0) << 8 | (n > 3 ? v[3] : 0);
	if (n)
		int21(&r);
	if (!n || (r.ax & 0xff))
		say_line("Invalid time");
}

static void command_pause(char *rest)
{
	struct registers r;

	say("Press any key to continue . . .");
	r.ax = 0x0c08;
	int21(&r);
	if ((r.ax & 0xff) == 0) {
		r.ax = 0x0800; /* the second half of a key without character */
		int21(&r);
	}
	say_line("");
}

static void command_exit(char *rest)
{
	rest = skip_blanks(rest);
	if (*rest)
		error_level = atoi(rest);
	is_over = 1;
	batch_end_all();
}

static void command_break(char *rest)
{
	struct registers r;

	rest = skip_blanks(rest);
	r.ax = *rest ? 0x3301 : 0x3300;
	r.dx = is_word(rest, "ON");
	int21(&r);
	if (!*rest)
		say_line(r.dx & 0xff ? "BREAK is on" : "BREAK is off");
}

static void command_verify(char *rest)
{
	struct registers r;

	rest = skip_blanks(rest);
	r.ax = *rest ? (is_word(rest, "ON") ? 0x2e01 : 0x2e00) : 0x5400;
	r.dx = 0;
	int21(&r);
	if (!*rest)
		say_line(r.ax & 0xff ? "VERIFY is on" : "VERIFY is off");
}

static void command_truename(char *rest)
{
	static char full[128];
	char *path = next_word(&rest);
	int error = dos_true_name(path ? path : ".", full);

	if (error)
		say_error(error);
	else
		say_line(full);
}

static void command_rem(char *rest)
{
}

static struct command {
	char *name;
	void (*run)(char *rest);
} commands[] = {
	{ "BREAK", command_break },
	{ "CALL", command_call },
	{ "CD", command_cd },
	{ "CHDIR", command_cd },
	{ "CLS", command_cls },
	{ "COPY", command_copy },
	{ "DATE", command_date },
	{ "DEL", command_del },
	{ "DIR", command_dir },
	{ "ECHO", command_echo },
	{ "ERASE", command_del },
	{ "EXIT", command_exit },
	{ "FOR", command_for },
	{ "GOTO", command_goto },
	{ "IF", command_if },
	{ "MD", command_md },
	{ "MKDIR", command_md },
	{ "PATH", command_path },
	{ "PAUSE", command_pause },
	{ "PROMPT", command_prompt },
	{ "RD", command_rd },
	{ "REM", command_rem },
	{ "REN", command_ren },
	{ "RENAME", command_ren },
	{ "RMDIR", command_rd },
	{ "SET", command_set },
	{ "SHIFT", command_shift },
	{ "TIME", command_time },
	{ "TRUENAME", command_truename },
	{ "TYPE", command_type },
	{ "VER", command_ver },
	{ "VERIFY", command_verify },
	{ "VOL", command_vol },
	{ 0, 0 },
};

int command_internal(char *line)
{
	struct command *c;

	for (c = commands; c->name; c++) {
		unsigned n = strlen(c->name);

		if (same_start(line, c->name, n) &&
			(!line[n] || strchr(" \t/.\\:,;=+[]\"", line[n]))) {
			c->run(line + n);
			return 1;
		}
	}
	return 0;
}
