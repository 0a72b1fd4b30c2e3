/* Programs: loading, starting, ending. */
#ifndef DOS_EXEC_H
#define DOS_EXEC_H

#include "dos.h"

/* Function 4Bh: al 0 run, 1 load only, 3 overlay; the parameter block is at es:bx, the path at ds:dx. */
int process_exec(struct dos *dos);

/* The current program ends; its parent goes on, or the machine is over. `paragraphs` stay with a resident one. */
void process_end(struct dos *dos, enum dos_end how, uint8_t code);
void process_stay(struct dos *dos, uint16_t paragraphs, uint8_t code);

/* Ctrl-C during a call: the program's handler is entered, which goes back to the call; without one it ends. */
void process_break(struct dos *dos);
/* The handler has come back, to ROM_AGAIN. */
void process_again(struct dos *dos);

/* Enter the handler of interrupt n, as the processor does. */
void process_reflect(struct dos *dos, uint8_t n);
bool process_is_hooked(const struct dos *dos, uint8_t n);

/* Function 50h: `psp` is the current program. */
void process_set_current(struct dos *dos, uint16_t psp);

#endif
