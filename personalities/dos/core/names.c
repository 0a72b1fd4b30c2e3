#include "names.h"

#include <string.h>

#define DIGITS 4 /* of a stand-in, base 36 */

bool name_character(uint8_t c)
{
	return c > ' ' && c != 0x7f && !strchr("\"*+,./:;<=>?[\\]|", c);
}

uint8_t name_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static bool is_plain(const char *name)
{
	const char *dot = strchr(name, '.');
	size_t length = strlen(name), base = dot ? (size_t)(dot - name) : length;

	if (base < 1 || base > 8 || (dot && (length - base - 1 < 1 || length - base - 1 > 3)))
		return false;
	for (size_t i = 0; i < length; i++)
		if (name + i != dot &&
			(!name_character((uint8_t)name[i]) || (uint8_t)name[i] >= 0x80))
			return false;
	return true;
}

static void fill_field(
	const char *base, size_t length, const char *extension, uint8_t field[NAME_FIELD])
{
	memset(field, ' ', NAME_FIELD);
	for (size_t i = 0; i < length && i < 8; i++)
		field[i] = name_upper((uint8_t)base[i]);
	for (unsigned at = 8; *extension && at < NAME_FIELD; extension++)
		if (name_character((uint8_t)*extension) && (uint8_t)*extension < 0x80)
			field[at++] = name_upper((uint8_t)*extension);
}

/* Looks like one of ours: then a file that really is called so needs a stand-in itself. */
static bool is_stand_in(const char *name)
{
	const char *tilde = strchr(name, '~');

	return tilde && tilde - name <= 3 && (tilde[5] == '\0' || tilde[5] == '.') &&
	       strlen(tilde) >= 5;
}

void name_stand_in(const char *name, uint8_t field[NAME_FIELD])
{
	const char *dot = strrchr(name, '.');
	uint32_t hash = 2166136261u;
	char base[8];
	unsigned length = 0;

	if (dot == name)
		dot = NULL;
	for (const char *s = name; *s; s++)
		hash = (hash ^ (uint8_t)*s) * 16777619u;
	for (const char *s = name; *s && s != dot && length < 3; s++)
		if (name_character((uint8_t)*s) && (uint8_t)*s < 0x80 && *s != '~')
			base[length++] = *s;
	base[length++] = '~';
	for (unsigned i = 0; i < DIGITS; i++, hash /= 36)
		base[length++] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[hash % 36];
	fill_field(base, length, dot ? dot + 1 : "", field);
}

bool name_to_field(const char *name, uint8_t field[NAME_FIELD])
{
	const char *dot = strchr(name, '.');

	if (!is_plain(name) || is_stand_in(name)) {
		name_stand_in(name, field);
		return false;
	}
	fill_field(name, dot ? (size_t)(dot - name) : strlen(name), dot ? dot + 1 : "", field);
	return true;
}

static unsigned copy_field(const uint8_t field[NAME_FIELD], char text[NAME_SHORT])
{
	unsigned length = 0;

	for (unsigned i = 0; i < 8 && field[i] != ' '; i++)
		text[length++] = (char)field[i];
	if (field[8] != ' ')
		text[length++] = '.';
	for (unsigned i = 8; i < NAME_FIELD && field[i] != ' '; i++)
		text[length++] = (char)field[i];
	text[length] = '\0';
	return length;
}

void name_from_field(const uint8_t field[NAME_FIELD], char text[NAME_SHORT])
{
	(void)copy_field(field, text);
}

void name_to_create(const uint8_t field[NAME_FIELD], char text[NAME_SHORT])
{
	unsigned length = copy_field(field, text);

	for (unsigned i = 0; i < length; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] + 32);
}

/* One half of a field from *text on; false: a character that may not be there. */
static bool parse_part(const char **text, const char *end, uint8_t *to, unsigned room)
{
	unsigned at = 0;

	for (; *text < end && **text != '.'; ++*text) {
		uint8_t c = (uint8_t) * *text;

		if (c == '*') {
			while (at < room)
				to[at++] = '?';
			continue;
		}
		if (c != '?' && !name_character(c))
			return false;
		if (at < room)
			to[at++] = name_upper(c);
	}
	return true;
}

bool name_parse(const char *text, unsigned length, uint8_t field[NAME_FIELD])
{
	const char *end = text + length;

	memset(field, ' ', NAME_FIELD);
	if (length && *text == '.') { /* . and .. */
		for (unsigned i = 0; i < length; i++)
			if (text[i] != '.')
				return false;
		memcpy(field, "..", length > 2 ? 2 : length);
		return length <= 2;
	}
	if (!parse_part(&text, end, field, 8))
		return false;
	if (text < end)
		text++;
	return parse_part(&text, end, field + 8, 3) && text == end && field[0] != ' ';
}

bool name_is_pattern(const uint8_t field[NAME_FIELD])
{
	return memchr(field, '?', NAME_FIELD) != NULL;
}

bool name_matches(const uint8_t pattern[NAME_FIELD], const uint8_t field[NAME_FIELD])
{
	for (unsigned i = 0; i < NAME_FIELD; i++)
		if (pattern[i] != '?' && pattern[i] != field[i])
			return false;
	return true;
}
