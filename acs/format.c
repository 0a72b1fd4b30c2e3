/* Formats of program files. */
#include "format.h"

#define THROUGH 1
#define WORDS 2 /* of a runner */

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* An absolute path, and at most one argument behind a single blank. */
static bool runner_valid(const char *runner)
{
	unsigned words = 1;

	if (runner[0] != '/')
		return false;
	for (const char *s = runner; *s != '\0'; s++) {
		if (*s < ' ' || *s > '~')
			return false;
		if (*s == ' ' && (++words > WORDS || s[1] == ' ' || s[1] == '\0'))
			return false;
	}
	return true;
}

const char *format_check(const struct format *format)
{
	for (const char *s = format->suffix; *s != '\0'; s++)
		if (!plain(*s))
			return "bad suffix of a format";
	if (format->magic_size == 0 && format->suffix[0] == '\0')
		return "a format is known by its magic or its suffix";
	if (format->magic_size == 0 && (format->at != 0 || format->through))
		return "a place without magic";
	return runner_valid(format->runner) ? NULL : "a runner is a path and at most one argument";
}

const char *format_parse(struct format *format, struct bytes_reader record)
{
	const uint8_t *head = bytes_take(&record, 4), *magic, *length, *suffix;

	if (head == NULL || head[0] > THROUGH || head[3] > FORMAT_MAGIC_MAX ||
		(magic = bytes_take(&record, head[3])) == NULL ||
		(length = bytes_take(&record, 1)) == NULL || *length >= FORMAT_SUFFIX_SIZE ||
		(suffix = bytes_take(&record, *length)) == NULL ||
		record.left >= FORMAT_RUNNER_SIZE || memchr(record.next, '\0', record.left) != NULL)
		return "bad format record";
	format->through = head[0] == THROUGH;
	format->at = head[1] | (unsigned)head[2] << 8;
	format->magic_size = head[3];
	memcpy(format->magic, magic, head[3]);
	memcpy(format->suffix, suffix, *length);
	format->suffix[*length] = '\0';
	memcpy(format->runner, record.next, record.left);
	format->runner[record.left] = '\0';
	return strlen(format->suffix) == *length ? format_check(format) : "bad format record";
}

void format_build(const struct format *format, struct bytes_writer *record)
{
	const uint8_t head[4] = { format->through ? THROUGH : 0, format->at, format->at >> 8,
		format->magic_size };
	const uint8_t length = strlen(format->suffix);

	bytes_append(record, head, sizeof head);
	bytes_append(record, format->magic, format->magic_size);
	bytes_append(record, &length, sizeof length);
	bytes_append(record, format->suffix, length);
	bytes_append(record, format->runner, strlen(format->runner));
}

static bool has_suffix(const char *suffix, const char *name, size_t length)
{
	size_t size = strlen(suffix);

	if (length < size + 2 || name[length - size - 1] != '.')
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = name[length - size + i];

		if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != suffix[i])
			return false;
	}
	return true;
}

unsigned format_fits(const struct format *format, const uint8_t *head, size_t size,
	const char *name, size_t length)
{
	size_t at = format->at;

	if (format->suffix[0] != '\0' && !has_suffix(format->suffix, name, length))
		return 0;
	if (format->through) {
		if (size < 4 || at > size - 4)
			return 0;
		at = bytes_get32(head + at);
	}
	if (format->magic_size > size || at > size - format->magic_size ||
		memcmp(head + at, format->magic, format->magic_size) != 0)
		return 0;
	return 2 * format->magic_size + (format->suffix[0] != '\0');
}
