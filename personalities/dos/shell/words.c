/* Text: words, names, patterns. */
#include "shell.h"

int is_blank(int c)
{
	return c == ' ' || c == '\t';
}

int upper(int c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

int same_start(char *a, char *b, int n)
{
	for (; n > 0; n--, a++, b++) {
		if (upper(*a) != upper(*b))
			return 0;
		if (!*a)
			return 1;
	}
	return 1;
}

int same(char *a, char *b)
{
	return same_start(a, b, 0x7fff);
}

char *skip_blanks(char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

int is_word(char *text, char *word)
{
	unsigned n = strlen(word);

	return same_start(text, word, n) && !*skip_blanks(text + n);
}

static int divides(int c)
{
	return is_blank(c) || c == ',' || c == ';' || c == '=';
}

char *next_word(char **rest)
{
	char *s = *rest, *word;
	int quoted = 0;

	while (*s && divides(*s))
		s++;
	if (!*s)
		return 0;
	word = s;
	for (; *s && (quoted || !divides(*s)); s++) {
		if (*s == '"')
			quoted = !quoted;
		/* A switch ends the word before it. */
		if (*s == '/' && s > word && !quoted && word[0] == '/')
			break;
	}
	if (*s == '/') {
		/* "/W/P": the second one is the next word. */
		static char part[LINE_SIZE];

		memcpy(part, word, s - word);
		part[s - word] = 0;
		*rest = s;
		return part;
	}
	if (*s)
		*s++ = 0;
	*rest = s;
	return word;
}

int has_pattern(char *s)
{
	for (; *s; s++)
		if (*s == '*' || *s == '?')
			return 1;
	return 0;
}

char *base_name(char *path)
{
	char *name = path;

	for (; *path; path++)
		if (*path == '\\' || *path == '/' || *path == ':')
			name = path + 1;
	return name;
}

void join_path(char *to, char *path, char *name)
{
	unsigned n = base_name(path) - path;

	if (n > PATH_SIZE)
		n = PATH_SIZE;
	memcpy(to, path, n);
	strcpy(to + n, name);
}

/* One half of a name, up to `end` characters or a dot. */
static char *apply_part(char *to, char *pattern, char *name)
{
	for (; *pattern && *pattern != '.'; pattern++) {
		if (*pattern == '*') {
			while (*name && *name != '.')
				*to++ = *name++;
			break;
		}
		if (*pattern != '?')
			*to++ = *pattern;
		else if (*name && *name != '.')
			*to++ = *name;
		if (*name && *name != '.')
			name++;
	}
	return to;
}

static char *extension(char *s)
{
	while (*s && *s != '.')
		s++;
	return *s ? s + 1 : s;
}

void apply_pattern(char *to, char *pattern, char *name)
{
	char *start;

	to = apply_part(to, pattern, name);
	pattern = extension(pattern);
	*to = '.';
	start = to + 1;
	to = apply_part(start, pattern, extension(name));
	if (to == start)
		to--;
	*to = 0;
}
