/* INT 21h: a handler per function, in tables.  A handler works on dos->cpu; what it returns is a DOS error code, which
 * becomes carry and ax, unless its function knows neither. */
#ifndef DOS_INT21_H
#define DOS_INT21_H

#include "dos.h"

#define INT21_PLAIN 1u /* has no carry: ax and flags stay what the handler made them */
#define INT21_BREAK 2u /* looks for Ctrl-C first */

struct int21_function {
	int (*handler)(struct dos *dos);
	unsigned flags;
	const char *name;
};

/* By number; without handler: not there.  Of the tables of all files that follow. */
extern const struct int21_function int21_characters[0x0d], int21_files[0x100], int21_system[0x100],
	int21_fcb[0x100], int21_fcb_names[0x100], int21_names[0x100], int21_drives[0x100],
	int21_ioctl[0x100], int21_country[0x100];

/* The whole call. */
void int21(struct dos *dos);
/* The function of that number, or NULL. */
const struct int21_function *int21_find(uint8_t number);

#endif
