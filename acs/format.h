/* Formats of program files that a server's program runs, as its manifest says: what personalities ask ACS about a file that
 * is none of their own programs.  Pure.
 *
 * A record of a signed manifest: flags (8 bits, 1: `through`), `at` (16 bits), length of the magic (8 bits) and the
 * magic, length of the suffix (8 bits) and the suffix, the runner. */
#ifndef ACS_FORMAT_H
#define ACS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

#define FORMAT_MAGIC_MAX 16
#define FORMAT_SUFFIX_SIZE 9 /* with the NUL */
#define FORMAT_RUNNER_SIZE 128
#define FORMAT_RECORD_MAX (5 + FORMAT_MAGIC_MAX + FORMAT_SUFFIX_SIZE + FORMAT_RUNNER_SIZE)

struct format {
	/* Bytes that the file has at `at`, or with `through` where the 32 bit number at `at` says; none:
	 * magic_size 0. */
	uint8_t magic[FORMAT_MAGIC_MAX];
	unsigned magic_size, at;
	bool through;
	char suffix[FORMAT_SUFFIX_SIZE]; /* of the name, behind the last dot, lower case; "": any */
	char runner[FORMAT_RUNNER_SIZE]; /* "PATH" or "PATH ARGUMENT", as behind #! */
};

/* What is wrong with it, a static text, or NULL. */
const char *format_check(const struct format *format);

/* From a record, and to one.  The text as format_check. */
const char *format_parse(struct format *format, struct bytes_reader record);
void format_build(const struct format *format, struct bytes_writer *record);

/* How well a file of that name (not terminated) which begins with these bytes fits: 0 not at all; more bytes of magic are
 * more, and a suffix is one more. */
unsigned format_fits(const struct format *format, const uint8_t *head, size_t size,
	const char *name, size_t length);

#endif
