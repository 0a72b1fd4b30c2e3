#include "log_ring.h"

#include <stdatomic.h>
#include <stdio.h>

#define TEXT_MAX 256

/* What is in the log now counts. */
static void commit(struct log_ring *log)
{
	const uint32_t next = !(log->valid & 1);

	log->bounds[next] = (struct log_bounds){ log->ring.head, log->ring.count, log->end };
	atomic_signal_fence(memory_order_seq_cst);
	log->valid = next;
	atomic_signal_fence(memory_order_seq_cst);
}

void log_ring_init(struct log_ring *log)
{
	byte_ring_init(&log->ring, log->memory, sizeof log->memory);
	log->end = 0;
	commit(log);
}

bool log_ring_recover(struct log_ring *log)
{
	const struct log_bounds *bounds = &log->bounds[log->valid & 1];

	byte_ring_init(&log->ring, log->memory, sizeof log->memory);
	if (bounds->head >= sizeof log->memory || bounds->count > sizeof log->memory ||
		bounds->count > bounds->end)
		return false;
	log->ring.head = bounds->head;
	log->ring.count = bounds->count;
	log->end = bounds->end;
	return true;
}

/* Whole lines go, so that the log always starts at the start of one. */
static void make_room(struct log_ring *log, size_t count)
{
	uint8_t byte;

	while (log->ring.capacity - log->ring.count < count) {
		do {
			byte_ring_copy(&log->ring, 0, &byte, 1);
			byte_ring_drop(&log->ring, 1);
		} while (byte != '\n');
	}
}

void log_ring_append(struct log_ring *log, uint64_t nanoseconds, const char *text, size_t length)
{
	uint8_t line[LOG_LINE_MAX];
	uint64_t microseconds = nanoseconds / 1000;
	size_t used;

	while (length && text[length - 1] == '\n')
		length--;
	if (length > TEXT_MAX)
		length = TEXT_MAX;
	used = (size_t)snprintf((char *)line, sizeof line, "[%5u.%06u] ",
		(unsigned)(microseconds / 1000000 % 100000), (unsigned)(microseconds % 1000000));
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = (uint8_t)text[i];

		line[used++] = byte < ' ' || byte == 0x7f ? '?' : byte;
	}
	line[used++] = '\n';
	/* The bytes of old lines are used again only when they are no part of the log any more. */
	make_room(log, used);
	commit(log);
	byte_ring_put(&log->ring, line, used);
	log->end += used;
	commit(log);
}

size_t log_ring_read(
	const struct log_ring *log, uint64_t offset, uint64_t *start, uint8_t *data, size_t count)
{
	uint64_t oldest = log->end - log->ring.count;

	if (offset < oldest)
		offset = oldest;
	if (offset > log->end)
		offset = log->end;
	*start = offset;
	if (count > log->end - offset)
		count = (size_t)(log->end - offset);
	byte_ring_copy(&log->ring, (size_t)(offset - oldest), data, count);
	return count;
}
