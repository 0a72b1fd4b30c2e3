/* A message that waits at its proxy: for its memory to be copied, or for credits that its rights need. */
#ifndef GNS_COPIER_H
#define GNS_COPIER_H

#include "state.h"

enum parked_state {
	PARKED_WAITING,
	PARKED_COPYING, /* a thread reads it */
	PARKED_COPIED,
	PARKED_FAILED, /* its memory cannot be had */
};

struct parked {
	enum parked_state state;
	bool abandoned;		    /* its proxy is gone: the thread frees it */
	mach_msg_header_t *message; /* as it was received, from malloc */
	struct wire_regions regions;
	void *memory; /* their contents, from vm_allocate */
	struct parked *next;
};

/* Copy its memory, of which there is some; the engine looks after its proxy then. */
void copier_start(struct parked *parked);
/* With what it has; the message's rights are dropped. */
void parked_free(struct parked *parked);

#endif
