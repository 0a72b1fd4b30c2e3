/* Writing to a character device of the kernel. */
#ifndef CONSOLE_DEVICE_TEXT_H
#define CONSOLE_DEVICE_TEXT_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>

/* Writes all of it, at the pace of the device; the caller holds no lock.  What a failing console
 * does not take is lost: there is no other place to complain to. */
void device_text_write(mach_port_t device, const uint8_t *bytes, size_t count);

#endif
