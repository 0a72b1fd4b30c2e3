/* Threads on which others depend when memory is short. */
#ifndef FS_WIRE_H
#define FS_WIRE_H

#include <mach/mach_types.h>

/* Ask ACS for the right to wire threads; without it they are not wired. */
void wire_init(void);

/* Let the calling thread go on when memory is short: pages are freed through it.  Cheap after the
 * first call. */
void wire_thread(void);

#endif
