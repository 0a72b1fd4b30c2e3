/* The boot test of the network server between two machines. */
#ifndef GNS_FAR_H
#define GNS_FAR_H

#include "boot.h"

/* What the server does: nothing; the sum of memory; drops memory; sends a message to a right; keeps rights; tells its machine's
 * free memory, in KiB; ends. */
enum { CALL = 1, SUM, TAKE, SEND_BACK, KEEP, FREE, STOP };

/* Sends what has been built and waits for the answer. */
bool call(struct message *message, mach_port_t reply);
unsigned sum_of(const uint8_t *bytes, uint32_t size);

/* measure.c: prints how fast calls of `far` are, beside what the wire gives. */
void measure(mach_port_t far, mach_port_t reply, const char *address);
/* On the other machine: takes what comes over TCP. */
void measure_serve(void);

#endif
