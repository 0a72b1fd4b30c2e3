/* The boot test of the network server between two machines. */
#ifndef GNS_FAR_H
#define GNS_FAR_H

#include "boot.h"

/* What the server does: nothing; the sum of memory; drops memory; sends a message to a right; keeps rights; tells its machine's
 * free memory, in KiB; sees that numbers come in order, from 1 (no answer); tells the last of them; receives MOVED_MESSAGES from
 * a port that comes to it; gives a port that comes to it back; ends. */
enum { CALL = 1, SUM, TAKE, SEND_BACK, KEEP, FREE, NUMBER, LAST_NUMBER, MOVE, RETURN, STOP };
#define MOVED_MESSAGES 5

/* Sends what has been built and waits for the answer. */
bool call(struct message *message, mach_port_t reply);
unsigned sum_of(const uint8_t *bytes, uint32_t size);

/* A right to the server of the other machine. */
mach_port_t find(void);

/* faults.c: over a wire that is bad (tests/boot/gns_faults), and to a machine that is killed. */
void faults_run(mach_port_t far, mach_port_t reply);

/* measure.c: prints how fast calls of `far` are, beside what the wire gives. */
void measure(mach_port_t far, mach_port_t reply, const char *address);
/* On the other machine: takes what comes over TCP. */
void measure_serve(void);

#endif
