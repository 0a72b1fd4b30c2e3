/* Stopping the machine. */
#ifndef ACS_MACHINE_H
#define ACS_MACHINE_H

#include "acs.h"

/* how: MASIX_HALT, MASIX_REBOOT.  Nobody is asked any more. */
void machine_stop(struct acs *acs, int how) __attribute__((noreturn));

/* The one clear line "masix: REASON; stopping", and the end. */
void machine_fail(struct acs *acs, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
