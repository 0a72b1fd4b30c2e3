/* Canonical bytes: fields, each with its length before it, numbers little endian. */
#ifndef MASIX_IDENTITY_FIELDS_H
#define MASIX_IDENTITY_FIELDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fields {
	uint8_t *out;
	size_t size, used;
	int overflow; /* something did not fit */
};

static inline void fields_put(struct fields *fields, const void *bytes, size_t size)
{
	if (fields->overflow || size > fields->size - fields->used) {
		fields->overflow = 1;
		return;
	}
	if (size > 0)
		memcpy(fields->out + fields->used, bytes, size);
	fields->used += size;
}

/* A number without a length before it. */
static inline void fields_put_number(struct fields *fields, uint64_t number, unsigned size)
{
	uint8_t bytes[8];
	unsigned i;

	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
	fields_put(fields, bytes, size);
}

static inline void fields_bytes(struct fields *fields, const void *bytes, size_t size)
{
	fields_put_number(fields, size, 4);
	fields_put(fields, bytes, size);
}

static inline void fields_number(struct fields *fields, uint64_t number, unsigned size)
{
	fields_put_number(fields, size, 4);
	fields_put_number(fields, number, size);
}

#endif
