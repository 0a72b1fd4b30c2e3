/* The environment: strings in a segment of its own, which is that of the programs that are run. */
#include "shell.h"

#define SIZE 2048
#define PSP_ENVIRONMENT 0x2c

static char strings[SIZE];
static unsigned size; /* without the empty string at the end */
static unsigned segment;

/* Programs get a copy of what the segment holds. */
static void publish(void)
{
	strings[size] = 0;
	strings[size + 1] = 0;
	if (segment)
		far_write(segment, 0, strings, size + 2);
}

void environment_init(void)
{
	struct registers r;
	unsigned *own = (unsigned *)PSP_ENVIRONMENT;

	if (*own)
		far_read(strings, *own, 0, SIZE - 2);
	while (size < SIZE - 2 && strings[size])
		size += strlen(strings + size) + 1;
	if (size > SIZE - 2)
		size = 0;
	r.ax = 0x4800;
	r.bx = SIZE / 16;
	if (int21(&r))
		return;
	segment = r.ax;
	publish();
	*own = segment;
}

static char *find(char *name)
{
	unsigned n = strlen(name);
	char *s;

	for (s = strings; s < strings + size; s += strlen(s) + 1)
		if (same_start(s, name, n) && s[n] == '=')
			return s;
	return 0;
}

char *environment_get(char *name)
{
	char *s = find(name);

	return s ? s + strlen(name) + 1 : 0;
}

int environment_set(char *name, char *value)
{
	char *old = find(name), *to;
	unsigned n = strlen(name), length;

	if (old) {
		length = strlen(old) + 1;
		memmove(old, old + length, strings + size - old - length);
		size -= length;
	}
	if (value && *value) {
		length = n + strlen(value) + 2;
		if (size + length > SIZE - 2) {
			publish();
			return 1;
		}
		for (to = strings + size; *name; name++)
			*to++ = upper(*name);
		*to++ = '=';
		strcpy(to, value);
		size += length;
	}
	publish();
	return 0;
}

void environment_list(void)
{
	char *s;

	for (s = strings; s < strings + size; s += strlen(s) + 1)
		say_line(s);
}
