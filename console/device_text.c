#include "device_text.h"

#include <device/device_types.h>

#include "device.h"

#define WRITE_MAX 128 /* bytes of one inband write */

void device_text_write(mach_port_t device, const uint8_t *bytes, size_t count)
{
	while (count) {
		size_t piece = count < WRITE_MAX ? count : WRITE_MAX;
		int written = 0;

		/* It may take less than it is given. */
		if (device_write_inband(device, 0, 0, (const char *)bytes, piece, &written) ||
			written <= 0 || (size_t)written > piece)
			return;
		bytes += written;
		count -= (size_t)written;
	}
}
