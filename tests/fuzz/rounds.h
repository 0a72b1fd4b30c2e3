/* What is tried with a list of ports of servers. */
#ifndef FUZZ_ROUNDS_H
#define FUZZ_ROUNDS_H

#include <mach/mach_types.h>

#define TARGETS_MAX 64
#define ROUTINES_MAX 160

struct target {
	char label[24];
	mach_port_t port;
	int is_own;    /* what is behind it may be damaged */
	int is_kernel; /* the kernel answers there */
};

/* What was seen, over all rounds; shared by the processes that try. */
struct findings {
	unsigned sent, answered;
	unsigned char understood[ROUTINES_MAX];
	char wrong[4096]; /* lines: what should not have been */
};

/* Each routine to each port: it is understood somewhere, and answered. */
void try_well_formed(const struct target *targets, unsigned count, struct findings *found);

/* Arrays longer than their contract says, or than the message: refused. */
void try_long_arrays(const struct target *targets, unsigned count, struct findings *found);

/* `messages` that no client would send. */
void try_spoilt(
	const struct target *targets, unsigned count, unsigned messages, struct findings *found);

/* The verdict as text: the lines of `wrong`, and which routines nobody understood. */
void print_findings(const struct findings *found, char *text, unsigned room);

#endif
