/* INT 2Fh/D5h: a program asks servers of the system by message. */
#ifndef DOS_SERVERS_H
#define DOS_SERVERS_H

#include "dos.h"

#define SERVERS_MULTIPLEX 0xd5 /* ah */

/* al: 00 is it there, 01 find a server, 02 call it, 03 let it go (docs/dos.md). */
void servers_interrupt(struct dos *dos);

#endif
