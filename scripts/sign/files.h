/* Whole files, for a tool that ends with a message when something is wrong. */
#ifndef SIGN_FILES_H
#define SIGN_FILES_H

#include <stddef.h>
#include <stdint.h>

struct file {
	uint8_t *bytes; /* malloc'ed, with a NUL behind the last */
	size_t size;
};

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

struct file file_read(const char *path);

/* Replaces `path` only when everything has been written. */
void file_write(const char *path, const void *bytes, size_t size, unsigned mode);

#endif
