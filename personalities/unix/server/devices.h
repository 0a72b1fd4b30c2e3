/* Character devices that are not served inside the process: terminals and the host channel. */
#ifndef UNIX_DEVICES_H
#define UNIX_DEVICES_H

#include <mach/mach_types.h>

#include "handed.h"

/* The object behind a device node for the process `proc`.  MASIX_E_INVALID: it is no device node.
 * MASIX_E_ACCESS: the node may not be used like that.  MASIX_E_NO_DEVICE: there is no such device, or (for
 * /dev/tty) no controlling terminal.  MASIX_E_PERMISSION: the host channel is root's. */
kern_return_t device_open_for(mach_port_t proc, const struct handed *node, int flags,
	mach_port_t *object, int *is_tty) __attribute__((warn_unused_result));

#endif
