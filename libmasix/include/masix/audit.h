/* The audit record of ACS as text, and how anybody can check it.  Pure; needs libsodium only.
 *
 *	anchor NUMBER #LINK
 *	NUMBER SECONDS.MS EVENT NAME DETAIL #LINK
 *	...
 *
 * Each LINK is the hash of the link before and of its own line up to the blank before the '#'; the anchor is the link
 * before the first line, whose record has left (NUMBER 0: the beginning of the boot). */
#ifndef MASIX_AUDIT_H
#define MASIX_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include <masix/identity.h>

#define MASIX_AUDIT_LINK_HEX (2 * MASIX_HASH_SIZE)

/* The link of a line, given without " #LINK" and newline. */
void masix_audit_link(const uint8_t previous[MASIX_HASH_SIZE], const char *line, size_t length,
	uint8_t link[MASIX_HASH_SIZE]);

/* One line of a record, as masix_audit_next finds it. */
struct masix_audit_line {
	uint64_t number;
	const char *text; /* not terminated */
	size_t length;	  /* without " #LINK" */
	uint8_t link[MASIX_HASH_SIZE];
};

struct masix_audit_reader {
	const char *next;
	size_t left;
	int begun;
	uint64_t number; /* of the line before */
	uint8_t link[MASIX_HASH_SIZE];
};

void masix_audit_begin(struct masix_audit_reader *reader, const char *text, size_t size);

/* The next line, checked against the one before; 0, or 1 after the last, or -1 with *why a static text: a line that is
 * no line of a record, a number that is left out, a link that does not follow. */
int masix_audit_next(
	struct masix_audit_reader *reader, struct masix_audit_line *line, const char **why);

#endif
