/* Critical errors: a disk that does not do what it should is first the matter of the program's handler of INT 24h. */
#ifndef DOS_CRITICAL_H
#define DOS_CRITICAL_H

#include "dos.h"

/* The call dos->call has failed with `error`, and its registers say so: if that is a matter of the program's handler, it is entered. */
void critical_ask(struct dos *dos, int error);
/* It has come back, to ROM_CRITICAL, with what is to be done in al. */
void critical_answer(struct dos *dos);
/* A call begins: one that a handler does not make tells that it went elsewhere and will not come back. */
void critical_note_call(struct dos *dos);

#endif
