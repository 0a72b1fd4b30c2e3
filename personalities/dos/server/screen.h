/* The machine's screen, for one DOS machine at a time.  A machine gets it as memory at A0000h and as the ports of the VGA; when it is
 * gone, the screen is put back as it was. */
#ifndef DOS_SCREEN_H
#define DOS_SCREEN_H

#include <mach/mach_types.h>
#include <stdbool.h>

#include "machine/boot.h"

/* For whom, not yet which task.  MASIX_E_BUSY: another machine has it; MASIX_E_NO_DEVICE: there is none. */
kern_return_t screen_take(void);
/* The task, which has not run, may use it. */
kern_return_t screen_give(mach_port_t task, struct machine_boot *boot);
void screen_put_back(void);

#endif
