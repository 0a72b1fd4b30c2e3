/* Little-endian numbers in byte arrays, and a reader that cannot leave its array. */
#ifndef ACS_BYTES_H
#define ACS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bytes_get32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline void bytes_put32(uint8_t *bytes, uint32_t value)
{
	bytes[0] = value;
	bytes[1] = value >> 8;
	bytes[2] = value >> 16;
	bytes[3] = value >> 24;
}

static inline void bytes_put64(uint8_t *bytes, uint64_t value)
{
	bytes_put32(bytes, value);
	bytes_put32(bytes + 4, value >> 32);
}

struct bytes_reader {
	const uint8_t *next;
	size_t left;
};

/* The next `size` bytes, or NULL (and nothing is consumed) if there are not so many. */
static inline const uint8_t *bytes_take(struct bytes_reader *reader, size_t size)
{
	const uint8_t *taken = reader->next;

	if (reader->left < size)
		return NULL;
	reader->next += size;
	reader->left -= size;
	return taken;
}

struct bytes_writer {
	uint8_t *next;
	size_t left;
	bool full; /* something did not fit */
};

static inline void bytes_append(struct bytes_writer *writer, const void *bytes, size_t size)
{
	if (writer->left < size) {
		writer->full = true;
		return;
	}
	memcpy(writer->next, bytes, size);
	writer->next += size;
	writer->left -= size;
}

static inline void bytes_append32(struct bytes_writer *writer, uint32_t value)
{
	uint8_t bytes[4];

	bytes_put32(bytes, value);
	bytes_append(writer, bytes, sizeof bytes);
}

#endif
