/* A disk of the kernel's drivers. */
#ifndef FS_DISK_MACH_H
#define FS_DISK_MACH_H

#include <mach/mach_types.h>

#include "disk.h"

/* Open the device (hd0, hd0s1); read-only if it cannot be written.  MASIX_E_NO_DEVICE if there is
 * none.  *port is kept, null at first: the device, for the next owner. */
int disk_open(
	mach_port_t device_master, const char *name, mach_port_t *port, struct disk **disk) CHECKED;

/* The last owner is dead, but the kernel goes on with what it had begun to write: wait until that is over.  Of all its
 * disks, before one is opened again. */
void disk_settle(const char *name, mach_port_t port);

#endif
