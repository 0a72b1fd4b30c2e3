#ifndef UNIX_BOOT_H
#define UNIX_BOOT_H

#include <mach/kern_return.h>

/* Make process 1 and let it run (docs/unix.md).  At start-up only: on an error nothing is cleaned
 * up, as the server does not go on. */
kern_return_t boot_first_process(const char *program) __attribute__((warn_unused_result));

#endif
