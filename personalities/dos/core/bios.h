/* Interrupts that are neither INT 21h nor the screen's: the BIOS, and the rest of DOS. */
#ifndef DOS_BIOS_H
#define DOS_BIOS_H

#include "dos.h"

void bios_init(struct dos *dos);
/* The tick count of the BIOS data area follows the clock; how many ticks have passed since the last call. */
unsigned bios_update_ticks(struct dos *dos);
/* A tick is to be seen by a program that has hooked INT 08h or 1Ch and allows interrupts: enter its handler.  false: there
 * is none. */
bool bios_deliver_tick(struct dos *dos);
bool bios_wants_ticks(const struct dos *dos);

/* The handler of interrupt n. */
void bios_interrupt(struct dos *dos, uint8_t n);

#endif
