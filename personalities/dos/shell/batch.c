/* Batch files.  A file is open only while a line of it is read: a program may change or replace it, as always. */
#include "shell.h"

int batch_level;
int is_echo = 1;

static struct batch batches[BATCH_LEVELS];

/* `s`, of at most LINE_SIZE bytes, in words. */
static void take_arguments(struct batch *b, char *name, char *tail)
{
	static char copy[LINE_SIZE];
	char *rest = copy, *word, *to = b->arguments;

	strcpy(to, name);
	to += strlen(to) + 1;
	b->count = 1;
	b->shift = 0;
	strncpy(copy, tail, sizeof copy - 1);
	while ((word = next_word(&rest)) != 0 &&
		to + strlen(word) + 1 < b->arguments + sizeof b->arguments) {
		strcpy(to, word);
		to += strlen(to) + 1;
		b->count++;
	}
}

int batch_begin(char *file, char *name, char *tail, int instead)
{
	struct batch *b;
	static char full[128];

	if (instead && batch_level)
		batch_level--;
	if (batch_level == BATCH_LEVELS) {
		say_line("Too many batch files in one another");
		return 0;
	}
	b = &batches[batch_level];
	/* It is found again whatever the current directory becomes. */
	if (dos_true_name(file, full) || strlen(full) >= PATH_SIZE)
		strncpy(full, file, PATH_SIZE - 1);
	strcpy(b->file, full);
	b->position = 0;
	take_arguments(b, name, tail);
	batch_level++;
	return 1;
}

static char *argument(struct batch *b, int n)
{
	char *s = b->arguments;

	n += b->shift;
	if (n >= b->count)
		return "";
	while (n-- > 0)
		s += strlen(s) + 1;
	return s;
}

/* The next line of the file, without its end; 0: there is none. */
static int read_line(struct batch *b, char line[LINE_SIZE])
{
	static char buffer[LINE_SIZE];
	int handle, n, i, error = dos_open(b->file, 0x40, &handle);

	if (error) {
		say_line("Batch file missing");
		return 0;
	}
	n = dos_seek(handle, b->position) ? -1 : dos_read(handle, buffer, LINE_SIZE - 1);
	dos_close(handle);
	if (n <= 0 || buffer[0] == 26)
		return 0;
	for (i = 0; i < n && buffer[i] != '\n' && buffer[i] != 26; i++)
		;
	memcpy(line, buffer, i);
	line[i] = 0;
	while (i > 0 && (line[i - 1] == '\r'))
		line[--i] = 0;
	for (i = 0; i < n && buffer[i] != '\n' && buffer[i] != 26; i++)
		;
	/* A line that is too long is cut: its rest is not another one. */
	if (i == LINE_SIZE - 1) {
		b->position += i;
		return 2;
	}
	b->position += i < n && buffer[i] == '\n' ? i + 1 : n;
	return 1;
}

static int next_line(struct batch *b, char line[LINE_SIZE])
{
	static char rest[LINE_SIZE];
	int found = read_line(b, line), more = found;

	while (more == 2)
		more = read_line(b, rest);
	return found;
}

/* %0 to %9, %NAME%, %%. */
static void expand(struct batch *b, char *from, char to[LINE_SIZE])
{
	char *end = to + LINE_SIZE - 1, *value, *close;
	static char name[LINE_SIZE];

	while (*from && to < end) {
		if (*from != '%') {
			*to++ = *from++;
			continue;
		}
		from++;
		value = "";
		if (*from == '%') {
			value = "%";
			from++;
		} else if (*from >= '0' && *from <= '9') {
			value = argument(b, *from++ - '0');
		} else if ((close = strchr(from, '%')) != 0) {
			memcpy(name, from, close - from);
			name[close - from] = 0;
			from = close + 1;
			value = environment_get(name);
		}
		while (value && *value && to < end)
			*to++ = *value++;
	}
	*to = 0;
}

void batch_run(int level)
{
	static char raw[LINE_SIZE];
	char line[LINE_SIZE], *s;

	while (batch_level > level) {
		if (!next_line(&batches[batch_level - 1], raw)) {
			batch_level--;
			continue;
		}
		expand(&batches[batch_level - 1], raw, line);
		s = skip_blanks(line);
		if (!*s || *s == ':')
			continue;
		if (*s == '@') {
			s++;
		} else if (is_echo) {
			say_prompt();
			say_line(s);
		}
		run_line(s);
	}
}

void batch_end_all(void)
{
	batch_level = 0;
	is_echo = 1;
}

void command_goto(char *rest)
{
	static char line[LINE_SIZE];
	struct batch *b = &batches[batch_level - 1];
	char *label = next_word(&rest), *s, *word;

	if (!batch_level)
		return;
	if (label && *label == ':')
		label++;
	b->position = 0;
	while (label && next_line(b, line)) {
		s = skip_blanks(line);
		if (*s++ != ':')
			continue;
		word = next_word(&s);
		/* Eight characters count. */
		if (word && same_start(word, label, 8))
			return;
	}
	say_line("Label not found");
	batch_level--;
}

void command_shift(char *rest)
{
	if (batch_level && batches[batch_level - 1].shift < batches[batch_level - 1].count)
		batches[batch_level - 1].shift++;
}

void command_call(char *rest)
{
	int level = batch_level;

	rest = skip_blanks(rest);
	if (!*rest)
		return;
	if (!command_internal(rest))
		command_external(rest, 1);
	batch_run(level);
}

static int takes(char **rest, char *keyword)
{
	unsigned n = strlen(keyword);

	if (!same_start(*rest, keyword, n) || !is_blank((*rest)[n]))
		return 0;
	*rest = skip_blanks(*rest + n);
	return 1;
}

/* "A==B" and what follows: 0 or 1, -1: it is no comparison. */
static int compares(char **rest)
{
	char *a = *rest, *b, *end = a, *s;

	while (*end && *end != '=' && !is_blank(*end))
		end++;
	b = skip_blanks(end);
	if (b[0] != '=' || b[1] != '=')
		return -1;
	b = skip_blanks(b + 2);
	for (s = b; *s && !is_blank(*s); s++)
		;
	*rest = skip_blanks(s);
	return end - a == s - b && memcmp(a, b, end - a) == 0;
}

void command_if(char *rest)
{
	int is_not, holds;
	char *word;

	rest = skip_blanks(rest);
	is_not = takes(&rest, "NOT");
	if (takes(&rest, "ERRORLEVEL")) {
		holds = error_level >= atoi(rest);
		while (*rest && !is_blank(*rest))
			rest++;
		rest = skip_blanks(rest);
	} else if (takes(&rest, "EXIST")) {
		word = next_word(&rest);
		holds = word && dos_exists(word);
		rest = skip_blanks(rest);
	} else {
		holds = compares(&rest);
	}
	if (holds < 0 || !*rest)
		say_line("Syntax error");
	else if (holds != is_not)
		run_line(rest);
}

/* The command with `value` for %c. */
static void run_for(char *command, int c, char *value)
{
	char line[LINE_SIZE];
	unsigned n = 0, size = strlen(value);

	for (; *command && n < LINE_SIZE - 1; command++) {
		if (command[0] == '%' && command[1] == c) {
			if (n + size >= LINE_SIZE - 1)
				break;
			strcpy(line + n, value);
			n += size;
			command++;
		} else {
			line[n++] = *command;
		}
	}
	line[n] = 0;
	if (batch_level && is_echo) {
		say_prompt();
		say_line(line);
	}
	run_line(line);
}

/* %c IN (WORDS) DO COMMAND */
void command_for(char *rest)
{
	char *command, *set, *word, name[PATH_SIZE];
	struct found found;
	int c, level = batch_level;

	rest = skip_blanks(rest);
	c = rest[0] == '%' ? rest[1] : 0;
	set = strchr(rest, '(');
	command = set ? strchr(set, ')') : 0;
	if (!c || !command || !same_start(skip_blanks(rest + 2), "IN", 2)) {
		say_line("Syntax error");
		return;
	}
	*command = 0;
	command = skip_blanks(command + 1);
	if (!takes(&command, "DO") || !*command) {
		say_line("Syntax error");
		return;
	}
	set++;
	/* A GOTO or an end of the batch file in it ends it. */
	while ((word = next_word(&set)) != 0 && batch_level == level) {
		if (!has_pattern(word)) {
			run_for(command, c, word);
			continue;
		}
		if (dos_find(word, 0, &found))
			continue;
		do {
			join_path(name, word, found.name);
			run_for(command, c, name);
		} while (batch_level == level && dos_find_next(&found) == 0);
	}
}
