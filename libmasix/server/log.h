/* The log's way to the console server. */
#ifndef LIBMASIX_LOG_H
#define LIBMASIX_LOG_H

#include <mach/mach_types.h>

/* The console's port, or null.  ACS is asked if it is not known yet, and answers at once: nobody waits for a console here. */
mach_port_t log_console(void);

#endif
