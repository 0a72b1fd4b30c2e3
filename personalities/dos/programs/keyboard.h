/* The terminal as the keyboard of a DOS program. */
#ifndef DOS_PROGRAM_KEYBOARD_H
#define DOS_PROGRAM_KEYBOARD_H

#include <mach/mach_types.h>

/* Keys go to the program as they are typed, from a thread of their own.  The terminal shows none of them, and none is a
 * signal but Ctrl-\, which ends the program whatever it does. */
void keyboard_open(mach_port_t program);
/* The terminal as it was. */
void keyboard_close(void);

#endif
