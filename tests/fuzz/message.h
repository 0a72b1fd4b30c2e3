/* A request as it is built, spoilt and sent. */
#ifndef FUZZ_MESSAGE_H
#define FUZZ_MESSAGE_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <stddef.h>
#include <stdint.h>

#include "routines.h"

#define PARTS_MAX 12
#define MESSAGE_MAX 45056 /* the servers' buffers are smaller */

/* What became of a request, where the server gave no code. */
#define NOT_SENT (-10001)
#define NO_ANSWER (-10002)

/* One typed item of the body. */
struct part {
	unsigned type, bits, number;
	int is_inline, is_long, frees;
	const void *data; /* in line: the bytes; out of line: the address that is sent */
	size_t size;	  /* of the bytes in line */
};

struct request {
	const struct routine *routine;
	int id;
	unsigned part_count;
	struct part parts[PARTS_MAX];
	int is_complex;
	int size_change;     /* of what the header says */
	unsigned garbled_at; /* a word of the body that is overwritten; 0: none */
	unsigned reply_type; /* MACH_MSG_TYPE_*, 0: no reply port */
	mach_port_t reply;   /* MACH_PORT_NULL: the sender's own */
	int hangs_up;	     /* the reply port is gone when the reply comes */
};

/* The well-formed request of a routine, with values that do no harm (wild: any). */
void request_build(struct request *r, const struct routine *routine, int wild);

/* Make it one that no client would send. */
void request_spoil(struct request *r);

/* A message of the kernel's (notifications, exceptions, memory objects), forged. */
void request_forge(struct request *r);

/* Send it; the code of the answer, which is waited for up to `wait_ms` (0: not at all). What answers bring is
 * given back. What would end the system, or the round, is made one that is refused. */
int request_send(struct request *r, mach_port_t to, unsigned wait_ms);

/* Rights to give away, and what is known about the sender: see values.c. */
struct surroundings {
	const mach_port_t *ports; /* of servers */
	unsigned port_count;
	int is_root, pid;
	int target_is_own, target_is_kernel;
	int is_busy; /* many requests come: those that write to the log are left out mostly */
};
extern struct surroundings surroundings;

mach_port_t any_right(unsigned type);

/* Ends the tasks that were made, which would outlive the sender, and the ports. */
void end_fresh_rights(void);

/* Another reply port from now on. */
void drop_reply_port(void);

#endif
