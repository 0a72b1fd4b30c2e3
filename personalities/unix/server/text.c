#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct text *text, uint32_t count)
{
	uint32_t size = text->size > 0 ? text->size : 512;

	while (size - text->length <= count)
		size *= 2;
	if (size == text->size)
		return true;
	char *data = realloc(text->data, size);

	if (data == NULL) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->size = size;
	return true;
}

void text_append(struct text *text, const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line), format, arguments);

	va_end(arguments);
	if (length < 0)
		text->failed = true;
	else
		text_append_bytes(text, line,
			(uint32_t)length < sizeof(line) ? (uint32_t)length : sizeof(line) - 1);
}

void text_append_bytes(struct text *text, const char *bytes, uint32_t count)
{
	if (!make_room(text, count))
		return;
	memcpy(text->data + text->length, bytes, count);
	text->length += count;
	text->data[text->length] = '\0';
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}
