/* A legacy virtio device behind PCI: reset, queues, interrupts.  What the queues carry is the driver's.
 * Source: Virtual I/O Device specification 1.0, section 4.1 (legacy). */
#ifndef MASIX_VIRTIO_H
#define MASIX_VIRTIO_H

#include <mach/mach_types.h>
#include <masix/dma.h>
#include <masix/virtqueue.h>
#include <stdbool.h>
#include <stdint.h>

#define VIRTIO_QUEUES_MAX 4

struct virtio {
	uint16_t io_base;
	uint8_t irq_line;
	mach_port_t host_priv;			  /* the caller's */
	mach_port_t irq_device;			  /* send right */
	mach_port_t irq_port;			  /* receive right of the interrupt messages */
	struct dma memory[2 * VIRTIO_QUEUES_MAX]; /* rings and buffers */
	unsigned memory_count;
};

/* A queue that is to be made. */
struct virtio_queue {
	unsigned index;
	bool to_device;
	unsigned buffers;     /* at most; fewer if the device's ring is shorter */
	uint32_t buffer_size; /* bytes */
	uint16_t *free;	      /* room for `buffers` entries, for as long as the queue lives */
};

/* Finds PCI device `id` and resets it: a predecessor may have left it running on memory that is no longer ours.  Takes the
 * features in `wanted` that it offers, and tells which.  The rights come from ACS (io-ports of PCI and of the device);
 * the permission ports stay the task's for as long as it lives.  MASIX_E_NO_DEVICE: there is none. */
kern_return_t virtio_open(struct virtio *virtio, mach_port_t host_priv, uint16_t id,
	uint32_t wanted, uint32_t *features) __attribute__((warn_unused_result));
/* On an error virtio_close gives back what was made so far. */
kern_return_t virtio_queue_open(struct virtio *virtio, const struct virtio_queue *how,
	struct virtqueue *queue) __attribute__((warn_unused_result));
/* Takes the interrupt line and lets the device run. */
kern_return_t virtio_start(struct virtio *virtio) __attribute__((warn_unused_result));
/* The reset takes the rings away from the device, then their memory goes. */
void virtio_close(struct virtio *virtio);

/* After the death of the one who drove it, whose `virtio` lay in kept pages (masix/estate.h): io permissions, memory and
 * interrupts are made ours; the device has never stopped.  The memory must be kept as well (virtio_keep).  What it was done
 * with, and an interrupt that nobody has acknowledged, are to be looked for at once (virtio_revive). */
struct masix_estate;
kern_return_t virtio_adopt(struct virtio *virtio, mach_port_t host_priv,
	struct masix_estate *estate) __attribute__((warn_unused_result));
/* Have a successor get the memory of all queues. */
kern_return_t virtio_keep(const struct virtio *virtio) __attribute__((warn_unused_result));
/* Interrupts come again, also when the one before died between an interrupt and its acknowledgement. */
void virtio_revive(const struct virtio *virtio);

/* A byte of the device's own configuration. */
uint8_t virtio_configuration(const struct virtio *virtio, unsigned offset);

/* Tell the device of what it was given, if it wants to know. */
void virtio_notify(const struct virtio *virtio, unsigned index, const struct virtqueue *queue);

/* Waits for an interrupt and quiets the device; the next one comes after virtio_acknowledge, so that belongs
 * after what this one announced was taken. */
kern_return_t virtio_wait(const struct virtio *virtio) __attribute__((warn_unused_result));
kern_return_t virtio_acknowledge(const struct virtio *virtio) __attribute__((warn_unused_result));

/* The calling thread serves interrupts: it runs before programs do, which would cost a clock tick, and is never paged.
 * KERN_SUCCESS, or why it will be slower. */
kern_return_t masix_driver_thread(mach_port_t host_priv) __attribute__((warn_unused_result));

#endif
