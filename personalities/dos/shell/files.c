/* COPY, DEL, REN, TYPE. */
#include "shell.h"

#define BUFFER 4096

static char buffer[BUFFER];

/* All of an open file to another one; 0, or an error code. */
static int copy_open(int from, int to)
{
	int n, put;

	while ((n = dos_read(from, buffer, BUFFER)) > 0) {
		put = dos_write(to, buffer, n);
		if (put < 0)
			return ERROR_ACCESS;
		if (put < n)
			return 39;
	}
	return n < 0 ? ERROR_ACCESS : 0;
}

void command_type(char *rest)
{
	char *name = next_word(&rest);
	int handle, error;

	if (!name) {
		say_line("Required parameter missing");
		return;
	}
	error = dos_open(name, 0x40, &handle);
	if (!error) {
		error = copy_open(handle, 1);
		dos_close(handle);
	}
	if (error)
		say_error(error);
}

void command_del(char *rest)
{
	char *word, name[PATH_SIZE], pattern[PATH_SIZE];
	struct found found;
	int error, ask = 0;

	pattern[0] = 0;
	while ((word = next_word(&rest)) != 0) {
		if (same(word, "/P"))
			ask = 1;
		else if (strlen(word) < PATH_SIZE - 5)
			strcpy(pattern, word);
	}
	if (!pattern[0]) {
		say_line("Required parameter missing");
		return;
	}
	if (dos_is_directory(pattern))
		strcat(pattern, "\\*.*");
	if (same(base_name(pattern), "*.*") && !ask &&
		!ask_yes("All files in directory will be deleted!\r\nAre you sure (Y/N)?"))
		return;
	error = dos_find(pattern, 0, &found);
	while (!error) {
		join_path(name, pattern, found.name);
		if (ask)
			say(name);
		if (!ask || ask_yes(",    Delete (Y/N)?")) {
			error = dos_path_call(0x4100, name, 0);
			if (error)
				break;
		}
		error = dos_find_next(&found);
	}
	if (error != 18) {
		say_error(error);
		error_level = 1;
	}
}

static int rename_one(char *from, char *to)
{
	struct registers r;

	r.ax = 0x5600;
	r.dx = (unsigned)from;
	r.di = (unsigned)to;
	r.es = own_segment();
	return int21(&r);
}

void command_ren(char *rest)
{
	char *from = next_word(&rest), *to = next_word(&rest);
	char old[PATH_SIZE], new[PATH_SIZE], base[13];
	struct found found;
	int error;

	if (!from || !to || base_name(to) != to || strlen(to) > 12) {
		say_line(from && to ? "Invalid parameter" : "Required parameter missing");
		return;
	}
	error = dos_find(from, ATTRIBUTE_DIRECTORY, &found);
	while (!error) {
		if (found.name[0] != '.') {
			apply_pattern(base, to, found.name);
			join_path(old, from, found.name);
			join_path(new, from, base);
			error = rename_one(old, new);
			if (error)
				break;
			if (!has_pattern(from))
				return;
		}
		error = dos_find_next(&found);
	}
	if (error != 18) {
		say_line("Duplicate file name or file not found");
		error_level = 1;
	}
}

/* One source, appended to what is open, or to a file of its own. */
static int copy_one(char *from, char *to, int *output)
{
	char full[2][128];
	struct registers r;
	int input, error;

	if (*output < 0 && !dos_true_name(from, full[0]) && !dos_true_name(to, full[1]) &&
		same(full[0], full[1])) {
		say_line("File cannot be copied onto itself");
		return -1;
	}
	error = dos_open(from, 0x40, &input);
	if (error)
		return error;
	if (*output < 0)
		error = dos_create(to, output);
	if (!error)
		error = copy_open(input, *output);
	if (!error) {
		/* The copy is as old as the file. */
		r.ax = 0x5700;
		r.bx = input;
		if (!dos_is_device(input) && !int21(&r)) {
			r.ax = 0x5701;
			r.bx = *output;
			int21(&r);
		}
	}
	dos_close(input);
	return error;
}

/* A+B+C in words of their own; *to: what is no source. */
static int copy_arguments(char *rest, char *sources[], int most, char **to)
{
	char *word, *plus;
	int n = 0, joins = 0;

	*to = 0;
	while ((word = next_word(&rest)) != 0) {
		if (*word == '/')
			continue;
		if (n > 0 && !joins && *word != '+') {
			*to = word;
			continue;
		}
		for (; word; word = plus) {
			plus = strchr(word, '+');
			if (plus)
				*plus++ = 0;
			if (*word && n < most)
				sources[n++] = word;
			joins = !*word || (plus && !*plus);
		}
	}
	return n;
}

/* Where a copy of `name` goes. */
static void target_of(char *target, char *to, char *name)
{
	unsigned n;

	if (!to) {
		strcpy(target, name);
		return;
	}
	strcpy(target, to);
	if (dos_is_directory(to)) {
		n = strlen(target);
		if (target[n - 1] != '\\' && target[n - 1] != '/' && target[n - 1] != ':')
			strcpy(target + n++, "\\");
		strcpy(target + n, name);
	} else if (has_pattern(to)) {
		apply_pattern(base_name(target), base_name(to), name);
	}
}

void command_copy(char *rest)
{
	char *sources[16], *to, from[PATH_SIZE], target[PATH_SIZE];
	struct found found;
	int n = copy_arguments(rest, sources, 16, &to), i, error = 0, output = -1;
	unsigned long copied = 0;

	if (!n || (to && strlen(to) > PATH_SIZE - 15)) {
		say_line("Required parameter missing");
		return;
	}
	for (i = 0; i < n && !error; i++) {
		/* A device is in no directory. */
		error = dos_find(sources[i], 0, &found);
		if (error && !has_pattern(sources[i]) && dos_open(sources[i], 0, &output) == 0) {
			error = dos_is_device(output) ? 0 : error;
			dos_close(output);
			strcpy(found.name, base_name(sources[i]));
		}
		if (n == 1 || i == 0)
			output = -1;
		while (!error) {
			join_path(from, sources[i], found.name);
			target_of(target, to || n == 1 ? to : sources[0], found.name);
			if (has_pattern(sources[i]))
				say_line(from);
			error = copy_one(from, target, &output);
			if (error)
				break;
			if (n == 1) {
				dos_close(output);
				output = -1;
				copied++;
			}
			if (!has_pattern(sources[i]))
				break;
			error = dos_find_next(&found);
		}
		if (error == 18 && has_pattern(sources[i]))
			error = 0;
	}
	if (output >= 0) {
		dos_close(output);
		copied = 1;
	}
	if (error > 0)
		say_error(error);
	error_level = error != 0;
	say_number(copied, 9, ' ');
	say_line(" file(s) copied");
}
