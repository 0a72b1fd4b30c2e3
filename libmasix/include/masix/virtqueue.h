/* One legacy virtio ring ("virtqueue") whose buffers are fixed pieces of memory: buffer i belongs to
 * descriptor i.  Pure: it works on memory that it is given; the device's registers are
 * the caller's.  Source: Virtual I/O Device specification 1.0, sections 2.4 and 2.4.2. */
#ifndef MASIX_VIRTQUEUE_H
#define MASIX_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTQUEUE_PAGE 4096 /* the ring's alignment */
#define VIRTQUEUE_BUFFERS_MAX 1024

/* `count` buffers of `size` bytes, the first at physical address `physical`; `free` has room for `count` entries. */
struct virtqueue_buffers {
	uint8_t *memory;
	uint32_t physical;
	unsigned count; /* <= VIRTQUEUE_BUFFERS_MAX, and <= the ring's size */
	uint32_t size;
	uint16_t *free; /* stack of descriptors that are ours */
};

struct virtqueue {
	unsigned size; /* descriptors, as the device says; so many as there are buffers have one */
	struct virtqueue_buffers buffers;
	struct virtqueue_descriptor *descriptors;
	volatile uint16_t *available; /* flags, index, ring[size] */
	volatile uint16_t *used;      /* flags, index, then ring of (u32 id, u32 length) */
	uint16_t seen;		      /* used entries taken so far */
	unsigned free_count;	      /* of buffers.free */
	uint32_t given[VIRTQUEUE_BUFFERS_MAX / 32]; /* a bit for each that is the device's */
};

/* Bytes of contiguous, zeroed, page-aligned memory that the ring itself takes. */
size_t virtqueue_ring_bytes(unsigned size);

/* `ring` is virtqueue_ring_bytes(size) bytes; `to_device` says who writes the buffers.  All buffers are ours at
 * first. */
void virtqueue_init(struct virtqueue *queue, unsigned size, void *ring, bool to_device,
	const struct virtqueue_buffers *buffers);

/* The same of a ring that is in use, after the death of who drove it: what he gave is the device's, and of what the device
 * is done with, everything from used entry number `seen` on is still to be taken.  The device has to use buffers in the
 * order in which they were given.  False: the ring says something impossible. */
bool virtqueue_adopt(struct virtqueue *queue, unsigned size, void *ring,
	const struct virtqueue_buffers *buffers, uint16_t seen) __attribute__((warn_unused_result));

/* How many buffers have been given so far, and how many the device is done with, modulo 2^16. */
uint16_t virtqueue_given(const struct virtqueue *queue);
uint16_t virtqueue_used(const struct virtqueue *queue);

/* A buffer of ours that virtqueue_give would hand over next; NULL if there is none. */
uint8_t *virtqueue_peek(const struct virtqueue *queue);

/* Hand the buffer that peek told to the device: `length` bytes to send, or to fill. */
void virtqueue_give(struct virtqueue *queue, size_t length);

/* The next buffer that the device is done with, and how many bytes it wrote; it is ours
 * again, and stays as it is until it is given.  NULL: none.  A used entry that names no
 * descriptor of ours is skipped: the device is not trusted with our memory. */
uint8_t *virtqueue_take(struct virtqueue *queue, size_t *length);

/* Interrupts on used buffers.  After enabling look once more: they may have come before. */
void virtqueue_interrupts(struct virtqueue *queue, bool wanted);

/* Does the device want to be told of given buffers? */
bool virtqueue_wants_notice(const struct virtqueue *queue);

#endif
