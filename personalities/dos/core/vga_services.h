/* INT 10h of a machine that has the screen, as far as it is about the card itself. */
#ifndef DOS_VGA_SERVICES_H
#define DOS_VGA_SERVICES_H

#include "dos.h"

/* Pixels, colors, fonts: functions 0Bh to 0Dh, 10h, 11h. */
void vga_services(struct dos *dos);
/* The cursor of the card is where the BIOS data area says, in its shape. */
void vga_services_cursor(struct dos *dos);

#endif
