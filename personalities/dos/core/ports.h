/* Input and output ports: the chips of a PC as far as programs look at them.  No instruction of a program reaches the
 * real ones. */
#ifndef DOS_PORTS_H
#define DOS_PORTS_H

#include "dos.h"

uint8_t ports_in(struct dos *dos, uint16_t port);
void ports_out(struct dos *dos, uint16_t port, uint8_t value);

#endif
