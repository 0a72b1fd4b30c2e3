/* Calibration of the clock that every task of the node reads without a message.  For ACS. */
#ifndef MASIX_CLOCK_H
#define MASIX_CLOCK_H

#include <mach/mach_types.h>

#include <masix/types.h>

/* Measure the time-stamp counter against the HPET, or the PIT where there is none, and set tsc_hz,
 * tsc_boot (when the kernel's uptime was 0) and realtime_boot_ns of *start.  Takes about 60 ms.
 * `device_master` stays the caller's.  Errors: KERN_FAILURE (no clock to measure against)
 * and whatever the kernel answers. */
kern_return_t masix_clock_calibrate(mach_port_t device_master, struct masix_start *start)
	__attribute__((warn_unused_result));

#endif
