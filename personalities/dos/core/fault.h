/* Instructions that fault in virtual-8086 mode, done for the program. */
#ifndef DOS_FAULT_H
#define DOS_FAULT_H

#include "dos.h"

/* Do the instruction at cs:ip.  false: it is none that we do (the machine is over). */
bool fault_emulate(struct dos *dos);

/* IN or OUT with this opcode. */
void fault_port(struct dos *dos, uint8_t opcode, bool is_long, uint16_t port);

/* Exceptions that are interrupts to a program: n is the processor's. */
void fault_exception(struct dos *dos, uint8_t n);

#endif
