/* Requests as a worker of ACS receives them, and what it does with them. */
#ifndef FUZZ_HOST_MESSAGE_H
#define FUZZ_HOST_MESSAGE_H

#include "input.h"

/* A request without rights and memory: any bytes behind its header. */
void message_raw(struct input *input);

/* One that has the form of a routine, or nearly: with rights and memory, as the kernel delivers them. */
void message_shaped(struct input *input);

#endif
