#include "log_ring.h"

#include <stdio.h>

#define TEXT_MAX 256

void log_ring_init(struct log_ring *log)
{
	byte_ring_init(&log->ring, log->memory, sizeof log->memory);
	log->end = 0;
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
	make_room(log, used);
	byte_ring_put(&log->ring, line, used);
	log->end += used;
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
