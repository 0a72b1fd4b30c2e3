/* A bounded queue of bytes: a pure core.  Not locked; the owner's lock covers it. */
#ifndef CONSOLE_BYTE_RING_H
#define CONSOLE_BYTE_RING_H

#include <stddef.h>
#include <stdint.h>

struct byte_ring {
	uint8_t *bytes; /* the owner's memory, `capacity` bytes */
	size_t capacity;
	size_t head; /* index of the oldest byte */
	size_t count;
};

void byte_ring_init(struct byte_ring *ring, uint8_t *memory, size_t capacity);

/* Append; `count` must fit (ring->capacity - ring->count). */
void byte_ring_put(struct byte_ring *ring, const uint8_t *data, size_t count);

/* Copy `count` bytes from `offset` after the oldest one, without taking them. */
void byte_ring_copy(const struct byte_ring *ring, size_t offset, uint8_t *data, size_t count);

/* Forget the `count` oldest bytes. */
void byte_ring_drop(struct byte_ring *ring, size_t count);

#endif
