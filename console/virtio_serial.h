/* The legacy virtio-serial device with one generic port: the host channel's wire.
 *
 * Not a console port: QEMU throws output of those away when its other end is full, while
 * a generic port leaves it in the queue until there is room (the back-pressure that
 * docs/host-channel.md promises).  Generic ports need the control queues.
 * Source: Virtual I/O Device specification 1.0, sections 4.1 (legacy) and 5.3. */
#ifndef CONSOLE_VIRTIO_SERIAL_H
#define CONSOLE_VIRTIO_SERIAL_H

#include <mach/mach_types.h>
#include <masix/virtio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_SERIAL_QUEUES 4
#define VIRTIO_SERIAL_BUFFER 4096 /* bytes */
#define VIRTIO_SERIAL_RECEIVE_BUFFERS 32
#define VIRTIO_SERIAL_SEND_BUFFERS 64
#define VIRTIO_SERIAL_CONTROL_BUFFERS 8

struct virtio_serial {
	struct virtio device;
	/* The fields below belong to the lock of whoever owns the device. */
	struct virtqueue receive, send, control_receive, control_send;
	bool unsent; /* buffers given and not announced */
	uint16_t free_receive[VIRTIO_SERIAL_RECEIVE_BUFFERS];
	uint16_t free_send[VIRTIO_SERIAL_SEND_BUFFERS];
	uint16_t free_control_receive[VIRTIO_SERIAL_CONTROL_BUFFERS];
	uint16_t free_control_send[VIRTIO_SERIAL_CONTROL_BUFFERS];
};

/* Finds the device, resets it (a predecessor may have left it running on memory that is
 * no longer ours), takes its interrupt line and starts it.  The rights come from ACS;
 * host_priv stays the caller's.  MASIX_E_NO_DEVICE: there is none.  After an error
 * nothing is left behind but the I/O permissions. */
kern_return_t virtio_serial_open(struct virtio_serial *serial, mach_port_t host_priv)
	__attribute__((warn_unused_result));

/* The same of a device that runs, after the death of who drove it: `serial` is his, and `seen` counts the used entries
 * of the receive queue that he was done with.  Once its interrupts are served again, virtio_serial_revive. */
struct masix_estate;
kern_return_t virtio_serial_adopt(struct virtio_serial *serial, mach_port_t host_priv,
	struct masix_estate *estate, uint16_t seen) __attribute__((warn_unused_result));
void virtio_serial_revive(struct virtio_serial *serial);

/* Buffers that were taken by virtio_serial_receive, and that were sent, since the device began; modulo 2^16. */
uint16_t virtio_serial_seen(const struct virtio_serial *serial);
uint16_t virtio_serial_given(const struct virtio_serial *serial);

/* Waits for an interrupt, without the owner's lock, and quiets the device. */
kern_return_t virtio_serial_wait(struct virtio_serial *serial) __attribute__((warn_unused_result));

/* Lets the next interrupt come; after what this one announced was taken. */
kern_return_t virtio_serial_acknowledge(struct virtio_serial *serial)
	__attribute__((warn_unused_result));

/* Calls `take` for each buffer that arrived and gives it back to the device; answers what
 * the host says about ports. */
void virtio_serial_receive(struct virtio_serial *serial,
	void (*take)(void *context, const uint8_t *bytes, size_t count), void *context);

/* A buffer to fill for virtio_serial_send, or NULL while all are under way. */
uint8_t *virtio_serial_slot(struct virtio_serial *serial, size_t *size);
void virtio_serial_send(struct virtio_serial *serial, size_t length);

/* Tells the device of what was sent.  `wanted`: an interrupt when a buffer comes back.
 * False: a buffer came back just now, so that the interrupt may never come. */
bool virtio_serial_flush(struct virtio_serial *serial, bool wanted);

#endif
