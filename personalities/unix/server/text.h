/* A growing piece of text. */
#ifndef UNIX_TEXT_H
#define UNIX_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct text {
	char *data; /* malloc; NULL while empty */
	uint32_t length, size;
	bool failed; /* there was no memory for all of it */
};

void text_append(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append_bytes(struct text *text, const char *bytes, uint32_t count);
void text_free(struct text *text);

#endif
