/* The boot: from suspended module tasks to servers that are up. */
#ifndef ACS_BOOT_H
#define ACS_BOOT_H

#include "acs.h"

#define BOOT_MODULES 16

struct boot_module {
	const char *name; /* what the command line calls it */
	mach_port_t task;
};

struct boot {
	struct acs *acs;
	uint64_t begun;	       /* monotonic ns, when ACS began */
	mach_port_t manifests; /* the task that holds the bundle, or null */
	unsigned module_count;
	struct boot_module modules[BOOT_MODULES];
};

/* Proves and starts the boot servers, each after those it needs; runs beside the pool, in a thread of its own.
 * Returns when all are up; anything else stops the machine with one clear line. */
void boot_servers(struct boot *boot);

#endif
