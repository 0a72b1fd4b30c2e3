/* Port sets and their workers, inside libmasix. */
#ifndef LIBMASIX_SET_H
#define LIBMASIX_SET_H

#include <mach/mach_types.h>
#include <mach/message.h>

struct masix_set {
	mach_port_t set;    /* port set */
	mach_port_t notify; /* receive right for dead-name notifications; main set only */
};

/* The main pool's set, made on first use; NULL when out of resources. */
struct masix_set *set_main(void);

/* The message that this thread is serving: a request for an object that has gone must not reach the
 * one that has its port now. */
extern _Thread_local const mach_msg_header_t *object_message;

/* A no-senders notification with this count came for `port`; it is object_message. */
void object_no_senders(mach_port_t port, unsigned count);

#endif
