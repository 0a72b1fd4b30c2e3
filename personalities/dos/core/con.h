/* The console of the machine: characters from the keyboard and to the screen, as DOS and BIOS hand them out. */
#ifndef DOS_CON_H
#define DOS_CON_H

#include "dos.h"

/* --- Keys: scan code << 8 | character; the character is 0 or E0h for keys without one --- */

/* Is a key there? */
bool console_peek_key(struct dos *dos, uint16_t *key);
/* The next key; waits.  false: the terminal is gone, no key will ever come. */
bool console_get_key(struct dos *dos, uint16_t *key);
/* A key as if it had been typed; false: no room (INT 16h/05h). */
bool console_put_key(struct dos *dos, uint16_t key);
void console_flush_keys(struct dos *dos);

/* --- Characters of the standard input and output of the current program (functions 01h to 0Ch) --- */

/* -1: end of input. */
int console_input(struct dos *dos);
bool console_input_ready(struct dos *dos);
void console_output(struct dos *dos, uint8_t c);
/* What Ctrl-C does, if it was typed: true: the call is over. */
bool console_check_break(struct dos *dos);

/* --- The device CON --- */

/* One line with its CR and LF, edited and echoed (binary: as many keys as there are, at least one). */
uint16_t console_read(struct dos *dos, uint8_t *to, uint16_t n, bool binary);
void console_write(struct dos *dos, const uint8_t *from, uint16_t n);
void console_put(struct dos *dos, uint8_t c);
/* Function 0Ah: at most `room` characters with the CR; the length without it, -1: the input has ended. */
int console_edit_line(struct dos *dos, uint8_t *line, unsigned room, bool standard);

#endif
