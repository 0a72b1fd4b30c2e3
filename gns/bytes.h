/* Bounded readers and writers of the bytes that travel between nodes; little endian.  Both go on after an error
 * without touching anything, so that it is looked at once, at the end. */
#ifndef GNS_BYTES_H
#define GNS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *next;
	size_t left;
	bool failed;
};

struct writer {
	uint8_t *start;
	size_t used, size;
	bool failed;
};

static inline struct reader reader_of(const void *bytes, size_t size)
{
	return (struct reader){ .next = bytes, .left = size };
}

/* The next `size` bytes where they are, or NULL. */
static inline const uint8_t *read_bytes(struct reader *reader, size_t size)
{
	const uint8_t *bytes = reader->next;

	if (reader->failed || size > reader->left) {
		reader->failed = true;
		return NULL;
	}
	reader->next += size;
	reader->left -= size;
	return bytes;
}

static inline void read_copy(struct reader *reader, void *to, size_t size)
{
	const uint8_t *bytes = read_bytes(reader, size);

	if (bytes != NULL)
		memcpy(to, bytes, size);
	else
		memset(to, 0, size);
}

static inline uint64_t read_number(struct reader *reader, unsigned size)
{
	const uint8_t *bytes = read_bytes(reader, size);
	uint64_t number = 0;

	while (bytes != NULL && size > 0)
		number = number << 8 | bytes[--size];
	return number;
}

static inline uint8_t read_u8(struct reader *reader)
{
	return (uint8_t)read_number(reader, 1);
}

static inline uint16_t read_u16(struct reader *reader)
{
	return (uint16_t)read_number(reader, 2);
}

static inline uint32_t read_u32(struct reader *reader)
{
	return (uint32_t)read_number(reader, 4);
}

static inline uint64_t read_u64(struct reader *reader)
{
	return read_number(reader, 8);
}

/* All was there, and nothing follows. */
static inline bool read_all(const struct reader *reader)
{
	return !reader->failed && reader->left == 0;
}

static inline struct writer writer_to(void *bytes, size_t size)
{
	return (struct writer){ .start = bytes, .size = size };
}

/* Room for the next `size` bytes, or NULL. */
static inline uint8_t *write_room(struct writer *writer, size_t size)
{
	uint8_t *room = writer->start + writer->used;

	if (writer->failed || size > writer->size - writer->used) {
		writer->failed = true;
		return NULL;
	}
	writer->used += size;
	return room;
}

static inline void write_bytes(struct writer *writer, const void *bytes, size_t size)
{
	uint8_t *room = write_room(writer, size);

	if (room != NULL && size > 0)
		memcpy(room, bytes, size);
}

static inline void write_number(struct writer *writer, uint64_t number, unsigned size)
{
	uint8_t *room = write_room(writer, size);
	unsigned i;

	for (i = 0; room != NULL && i < size; i++)
		room[i] = (uint8_t)(number >> 8 * i);
}

static inline void write_u8(struct writer *writer, uint8_t number)
{
	write_number(writer, number, 1);
}

static inline void write_u16(struct writer *writer, uint16_t number)
{
	write_number(writer, number, 2);
}

static inline void write_u32(struct writer *writer, uint32_t number)
{
	write_number(writer, number, 4);
}

static inline void write_u64(struct writer *writer, uint64_t number)
{
	write_number(writer, number, 8);
}

#endif
