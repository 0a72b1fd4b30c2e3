/* The requests of all contracts, as `routines` reads them from mig/. */
#ifndef FUZZ_ROUTINES_H
#define FUZZ_ROUTINES_H

#include <mach/message.h>

#define ROUTINE_ARGUMENTS 12

enum argument_kind {
	ARGUMENT_NONE,
	ARGUMENT_INT,
	ARGUMENT_WIDE,
	ARGUMENT_BYTES,	 /* in the message, up to `size` */
	ARGUMENT_WORDS,	 /* in the message, up to `size` */
	ARGUMENT_STRUCT, /* `size` words */
	ARGUMENT_MEMORY, /* out of line */
	ARGUMENT_RIGHT,
	ARGUMENT_RIGHTS, /* copied, out of line */
};

struct argument {
	const char *name;
	enum argument_kind kind;
	unsigned size;
	unsigned type; /* of a right: how it is sent */
};

struct routine {
	const char *name;
	int id;
	int replies;
	unsigned argument_count;
	struct argument arguments[ROUTINE_ARGUMENTS];
};

extern const struct routine routines[];
extern const unsigned routine_count;

#endif
