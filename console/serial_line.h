/* The serial line as the host's stdin and stdout, for machines without the virtio device: no
 * frames, no end of file, no window, and the system log comes in between. */
#ifndef CONSOLE_SERIAL_LINE_H
#define CONSOLE_SERIAL_LINE_H

#include <mach/mach_types.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_LINE_SLOTS 8
#define SERIAL_LINE_SLOT_BYTES 512

struct serial_line {
	mach_port_t device; /* the kernel's console; constant */
	pthread_cond_t queued;
	/* Frames to write, under the link's lock. */
	struct {
		size_t length;
		uint8_t bytes[SERIAL_LINE_SLOT_BYTES];
	} slots[SERIAL_LINE_SLOTS];
	/* Frames queued and written so far, modulo 2^16: frame n is in slot n % SERIAL_LINE_SLOTS. */
	volatile uint16_t given, done;
};

#endif
