/* The canonical bytes of a registration. */
#include <masix/identity.h>

#include <string.h>

struct writer {
	uint8_t *out;
	size_t size, used;
	int overflow;
};

static void put_bytes(struct writer *writer, const void *bytes, size_t size)
{
	if (writer->overflow || size > writer->size - writer->used) {
		writer->overflow = 1;
		return;
	}
	if (size > 0)
		memcpy(writer->out + writer->used, bytes, size);
	writer->used += size;
}

static void put_number(struct writer *writer, uint64_t number, unsigned size)
{
	uint8_t bytes[8];
	unsigned i;

	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
	put_bytes(writer, bytes, size);
}

static void field(struct writer *writer, const void *bytes, size_t size)
{
	put_number(writer, size, 4);
	put_bytes(writer, bytes, size);
}

static void field_number(struct writer *writer, uint64_t number, unsigned size)
{
	put_number(writer, size, 4);
	put_number(writer, number, size);
}

size_t masix_registration_bytes(
	const struct masix_registration *registration, uint8_t *out, size_t size)
{
	static const char label[] = "MASIX-ACS-REG-v1";
	struct writer writer = { .out = out, .size = size };
	size_t i;

	if (registration->name_length == 0 || registration->name_length > 255 ||
		registration->interface_words > 2 * MASIX_INTERFACES_MAX ||
		registration->interface_words % 2 != 0)
		return 0;
	field(&writer, label, sizeof label - 1);
	field(&writer, registration->cluster, MASIX_PUBLIC_KEY_SIZE);
	field(&writer, registration->node, MASIX_NODE_SIZE);
	field_number(&writer, registration->incarnation, 8);
	field(&writer, registration->challenge, MASIX_CHALLENGE_SIZE);
	field_number(&writer, registration->session, 8);
	field(&writer, registration->name, registration->name_length);
	put_number(&writer, registration->interface_words * 4, 4);
	for (i = 0; i < registration->interface_words; i++)
		put_number(&writer, registration->interfaces[i], 4);
	field_number(&writer, registration->role, 4);
	field(&writer, registration->image_hash, MASIX_HASH_SIZE);
	field(&writer, registration->manifest_hash, MASIX_HASH_SIZE);
	field(&writer, registration->public_key, MASIX_PUBLIC_KEY_SIZE);
	field_number(&writer, registration->generation, 4);
	return writer.overflow ? 0 : writer.used;
}
