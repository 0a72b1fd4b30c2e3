/* DIR. */
#include "shell.h"

static int is_bare, is_wide, is_paged, lines, column;

static void end_line(void)
{
	struct registers r;

	say_line("");
	if (is_paged && ++lines == 23) {
		lines = 0;
		say("Press any key to continue . . .");
		r.ax = 0x0800;
		int21(&r);
		say_line("");
	}
}

static void say_padded(char *s, int width)
{
	int n = strlen(s);

	say(s);
	for (; n < width; n++)
		say(" ");
}

static void say_stamp(struct found *f)
{
	unsigned hour = f->time >> 11;

	say("  ");
	say_number((unsigned long)(f->date >> 5 & 15), 2, '0');
	say("-");
	say_number((unsigned long)(f->date & 31), 2, '0');
	say("-");
	say_number((unsigned long)((f->date >> 9) + 80) % 100, 2, '0');
	say_number((unsigned long)(hour % 12 ? hour % 12 : 12), 4, ' ');
	say(":");
	say_number((unsigned long)(f->time >> 5 & 63), 2, '0');
	say(hour < 12 ? "a" : "p");
}

static void say_wide(struct found *f)
{
	char text[16];

	text[0] = 0;
	if (f->attribute & ATTRIBUTE_DIRECTORY)
		strcpy(text, "[");
	strcat(text, f->name);
	if (f->attribute & ATTRIBUTE_DIRECTORY)
		strcat(text, "]");
	say_padded(text, 16);
	if (++column == 5) {
		column = 0;
		end_line();
	}
}

static void say_entry(struct found *f)
{
	char name[13], *dot;

	if (is_bare) {
		if (f->name[0] != '.') {
			say(f->name);
			end_line();
		}
		return;
	}
	if (is_wide) {
		say_wide(f);
		return;
	}
	strcpy(name, f->name);
	dot = name[0] == '.' ? 0 : strchr(name, '.');
	if (dot)
		*dot++ = 0;
	say_padded(name, 9);
	say_padded(dot ? dot : "", 3);
	if (f->attribute & ATTRIBUTE_DIRECTORY)
		say(" <DIR>       ");
	else
		say_number(f->size, 13, ' ');
	say_stamp(f);
	end_line();
}

static void say_free(int drive)
{
	struct registers r;

	r.ax = 0x3600;
	r.dx = drive + 1;
	int21(&r);
	if (r.ax == 0xffff)
		return;
	say_number((unsigned long)r.ax * r.cx * r.bx, 28, ' ');
	say_line(" bytes free");
}

/* "*.*" where a directory or nothing is named, ".*" behind a name without extension. */
static void complete(char *pattern)
{
	char *name = base_name(pattern);

	if (!*name) {
		strcat(pattern, "*.*");
	} else if (!has_pattern(name) && dos_is_directory(pattern)) {
		strcat(pattern, "\\*.*");
	} else if (!strchr(name, '.')) {
		strcat(pattern, ".*");
	}
}

static void say_head(char *pattern, int drive)
{
	static char full[128];

	say(" Volume in drive ");
	say_character('A' + drive);
	say(" has no label");
	end_line();
	say(" Directory of ");
	if (dos_true_name(pattern, full) == 0) {
		char *name = base_name(full);

		if (name > full + 3)
			name--;
		*name = 0;
	}
	say(full);
	end_line();
	end_line();
}

void command_dir(char *rest)
{
	char pattern[PATH_SIZE], *word;
	struct found found;
	unsigned long size = 0;
	unsigned files = 0;
	int drive = dos_drive(), error;

	is_bare = is_wide = is_paged = lines = column = 0;
	pattern[0] = 0;
	while ((word = next_word(&rest)) != 0) {
		if (same(word, "/B"))
			is_bare = 1;
		else if (same(word, "/W"))
			is_wide = 1;
		else if (same(word, "/P"))
			is_paged = 1;
		else if (*word == '/') {
			say("Invalid switch - ");
			say_line(word);
			return;
		} else if (strlen(word) < PATH_SIZE - 5)
			strcpy(pattern, word);
	}
	if (pattern[0] && pattern[1] == ':')
		drive = upper(pattern[0]) - 'A';
	complete(pattern);
	error = dos_find(pattern, ATTRIBUTE_DIRECTORY, &found);
	if (!is_bare && error != ERROR_PATH && error != 15)
		say_head(pattern, drive);
	if (error) {
		say_error(error == 18 ? ERROR_FILE : error);
		error_level = 1;
		return;
	}
	do {
		say_entry(&found);
		files++;
		size += found.size;
	} while (dos_find_next(&found) == 0);
	if (column)
		end_line();
	if (is_bare)
		return;
	say_number((unsigned long)files, 9, ' ');
	say(" file(s)");
	say_number(size, 15, ' ');
	say(" bytes");
	end_line();
	say_free(drive);
}
