#include "byte_ring.h"

#include <string.h>

void byte_ring_init(struct byte_ring *ring, uint8_t *memory, size_t capacity)
{
	*ring = (struct byte_ring){ .bytes = memory, .capacity = capacity };
}

void byte_ring_put(struct byte_ring *ring, const uint8_t *data, size_t count)
{
	size_t tail = (ring->head + ring->count) % ring->capacity;
	size_t first = ring->capacity - tail;

	if (first > count)
		first = count;
	memcpy(ring->bytes + tail, data, first);
	memcpy(ring->bytes, data + first, count - first);
	ring->count += count;
}

void byte_ring_copy(const struct byte_ring *ring, size_t offset, uint8_t *data, size_t count)
{
	size_t start = (ring->head + offset) % ring->capacity;
	size_t first = ring->capacity - start;

	if (first > count)
		first = count;
	memcpy(data, ring->bytes + start, first);
	memcpy(data + first, ring->bytes, count - first);
}

void byte_ring_drop(struct byte_ring *ring, size_t count)
{
	ring->head = (ring->head + count) % ring->capacity;
	ring->count -= count;
}
