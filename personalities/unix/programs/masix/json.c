/* JSON on standard output. */
#include "json.h"

#include <stdbool.h>
#include <stdio.h>

static bool in_object, first_object, first_member;

static void put_string(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~')
			printf("\\u%04x", c); /* bytes of the log that are no ASCII: as Latin 1 */
		else
			putchar(c);
	}
	putchar('"');
}

void json_open(void)
{
	putchar('[');
	first_object = true;
	in_object = false;
}

void json_object(void)
{
	if (in_object)
		putchar('}');
	fputs(first_object ? "{" : ",\n {", stdout);
	first_object = false;
	in_object = first_member = true;
}

static void put_key(const char *key)
{
	if (!first_member)
		fputs(", ", stdout);
	first_member = false;
	put_string(key);
	fputs(": ", stdout);
}

void json_string(const char *key, const char *value)
{
	put_key(key);
	put_string(value);
}

void json_number(const char *key, unsigned long long value)
{
	put_key(key);
	printf("%llu", value);
}

void json_close(void)
{
	puts(in_object ? "}]" : "]");
	in_object = false;
}
