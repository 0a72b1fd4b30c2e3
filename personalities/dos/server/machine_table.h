/* A machine to the files of this server. */
#ifndef DOS_MACHINE_TABLE_H
#define DOS_MACHINE_TABLE_H

#include <masix/object.h>
#include <stdatomic.h>

struct machine {
	struct masix_object object; /* first; its senders: the machine's task */
	int number;		    /* from 1 */
	atomic_uint lines;	    /* of the log */
	bool has_screen;
};

/* The machine whose port this is, with a reference, or NULL. */
struct machine *machine_get(mach_port_t port);
void machine_put(struct machine *machine);

/* What it has open and locked is nobody's any more. */
void machine_drop_shares(const struct machine *machine);

#endif
