#include <masix/virtqueue.h>

struct virtqueue_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

#define DESCRIPTOR_DEVICE_WRITES 2
#define AVAILABLE_NO_INTERRUPT 1
#define USED_NO_NOTIFY 1

static size_t page_round(size_t bytes)
{
	return (bytes + VIRTQUEUE_PAGE - 1) & ~(size_t)(VIRTQUEUE_PAGE - 1);
}

/* Descriptors and available ring, up to the page where the used ring starts. */
static size_t used_offset(unsigned size)
{
	return page_round(size * sizeof(struct virtqueue_descriptor) + 6 + 2 * size);
}

size_t virtqueue_ring_bytes(unsigned size)
{
	return used_offset(size) + page_round(6 + 8 * size);
}

static uint8_t *buffer_at(const struct virtqueue *queue, unsigned id)
{
	return queue->buffers.memory + id * queue->buffers.size;
}

void virtqueue_init(struct virtqueue *queue, unsigned size, void *ring, bool to_device,
	const struct virtqueue_buffers *buffers)
{
	uint8_t *bytes = ring;

	*queue = (struct virtqueue){ .size = size, .buffers = *buffers };
	queue->descriptors = ring;
	queue->available =
		(volatile uint16_t *)(void *)(bytes + size * sizeof(struct virtqueue_descriptor));
	queue->used = (volatile uint16_t *)(void *)(bytes + used_offset(size));
	for (unsigned i = 0; i < buffers->count; i++) {
		queue->descriptors[i].address = buffers->physical + i * buffers->size;
		queue->descriptors[i].flags = to_device ? 0 : DESCRIPTOR_DEVICE_WRITES;
		buffers->free[queue->free_count++] = (uint16_t)(buffers->count - 1 - i);
	}
}

uint16_t virtqueue_given(const struct virtqueue *queue)
{
	return queue->available[1];
}

uint16_t virtqueue_used(const struct virtqueue *queue)
{
	return queue->used[1];
}

/* The buffer of the used entry number `index`. */
static uint32_t used_id(const struct virtqueue *queue, uint16_t index)
{
	const volatile uint32_t *entries =
		(const volatile uint32_t *)(const volatile void *)(queue->used + 2);

	return entries[2 * (index % queue->size)];
}

/* It is the device's, also while it is done with it and that has not been seen. */
static bool mark_given(struct virtqueue *queue, uint32_t id)
{
	if (id >= queue->buffers.count || queue->given[id / 32] >> id % 32 & 1u)
		return false;
	queue->given[id / 32] |= 1u << id % 32;
	return true;
}

bool virtqueue_adopt(struct virtqueue *queue, unsigned size, void *ring,
	const struct virtqueue_buffers *buffers, uint16_t seen)
{
	uint8_t *bytes = ring;
	uint16_t index, used;

	*queue = (struct virtqueue){ .size = size, .buffers = *buffers, .seen = seen };
	queue->descriptors = ring;
	queue->available =
		(volatile uint16_t *)(void *)(bytes + size * sizeof(struct virtqueue_descriptor));
	queue->used = (volatile uint16_t *)(void *)(bytes + used_offset(size));
	used = queue->used[1];
	if ((uint16_t)(queue->available[1] - used) > buffers->count ||
		(uint16_t)(used - seen) > buffers->count)
		return false;
	for (index = seen; index != used; index++)
		if (!mark_given(queue, used_id(queue, index)))
			return false;
	for (index = used; index != queue->available[1]; index++)
		if (!mark_given(queue, queue->available[2 + index % size]))
			return false;
	for (unsigned id = buffers->count; id-- > 0;)
		if (!(queue->given[id / 32] >> id % 32 & 1u))
			buffers->free[queue->free_count++] = (uint16_t)id;
	return true;
}

uint8_t *virtqueue_peek(const struct virtqueue *queue)
{
	if (!queue->free_count)
		return NULL;
	return buffer_at(queue, queue->buffers.free[queue->free_count - 1]);
}

void virtqueue_give(struct virtqueue *queue, size_t length)
{
	uint16_t id = queue->buffers.free[--queue->free_count];
	uint16_t index = queue->available[1];

	queue->given[id / 32] |= 1u << id % 32;
	queue->descriptors[id].length = (uint32_t)length;
	queue->available[2 + index % queue->size] = id;
	/* The device reads the entry as soon as it sees the index. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	queue->available[1] = (uint16_t)(index + 1);
}

static bool is_given(const struct virtqueue *queue, uint32_t id)
{
	return id < queue->buffers.count && (queue->given[id / 32] >> id % 32 & 1u);
}

uint8_t *virtqueue_take(struct virtqueue *queue, size_t *length)
{
	while (queue->used[1] != queue->seen) {
		const volatile uint32_t *entry;
		uint32_t id;

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		entry = (const volatile uint32_t *)(const volatile void *)(queue->used + 2) +
			2 * (queue->seen % queue->size);
		id = entry[0];
		*length = entry[1];
		queue->seen++;
		if (!is_given(queue, id))
			continue;
		if (*length > queue->buffers.size)
			*length = queue->buffers.size;
		queue->given[id / 32] &= ~(1u << id % 32);
		queue->buffers.free[queue->free_count++] = (uint16_t)id;
		return buffer_at(queue, id);
	}
	return NULL;
}

void virtqueue_interrupts(struct virtqueue *queue, bool wanted)
{
	queue->available[0] = wanted ? 0 : AVAILABLE_NO_INTERRUPT;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool virtqueue_wants_notice(const struct virtqueue *queue)
{
	/* The index must be visible before the flag is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(queue->used[0] & USED_NO_NOTIFY);
}
