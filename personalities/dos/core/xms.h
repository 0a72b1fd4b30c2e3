/* XMS 3.0: extended memory blocks, the high memory area, upper memory blocks; and what INT 15h has for the same. */
#ifndef DOS_XMS_H
#define DOS_XMS_H

#include "dos.h"

/* The far call: ah is the function; ax 1, or 0 and an error in bl. */
void xms_call(struct dos *dos);
/* INT 15h/87h: move cx words as the table at es:si says. */
void xms_move_words(struct dos *dos);

#endif
