/* A disk of the kernel's drivers. */
#ifndef FS_DISK_MACH_H
#define FS_DISK_MACH_H

#include <mach/mach_types.h>

#include "disk.h"

/* Open the device (hd0, hd0s1); read-only if it cannot be written.  MASIX_E_NO_DEVICE if there is
 * none.  Never closed. */
int disk_open(mach_port_t device_master, const char *name, struct disk **disk) CHECKED;

#endif
