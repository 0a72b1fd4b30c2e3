/* Starting a program at the DOS personality. */
#ifndef DOS_PROGRAM_START_H
#define DOS_PROGRAM_START_H

#include <mach/mach_types.h>
#include <stddef.h>

/* What the program gets beside its directories. */
struct start {
	const char *file; /* absolute */
	int on_screen;	  /* the system's own, instead of the terminal */
	char **arguments; /* NULL at the end */
	char **drives;	  /* "X=PATH", NULL at the end */
};

/* The program's port.  On failure a message was printed, and *status says what to exit with. */
mach_port_t start_program(const struct start *start, int *status);

#endif
