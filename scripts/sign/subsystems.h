/* The names of interfaces: mig/subsystems, the registry of message ids. */
#ifndef SIGN_SUBSYSTEMS_H
#define SIGN_SUBSYSTEMS_H

#include <stdint.h>

#define SUBSYSTEMS_MAX 128

struct subsystems {
	unsigned count;
	struct {
		char name[32];
		uint32_t id;
	} entries[SUBSYSTEMS_MAX];
};

/* Read lines "ID NAME ..."; '#' begins a comment.  0, or the number of the line that is wrong. */
int subsystems_parse(const char *text, struct subsystems *subsystems);

/* A name of the table, or a number; 0 if it is neither. */
uint32_t subsystems_find(const struct subsystems *subsystems, const char *name);

#endif
