/* The canonical bytes of a registration. */
#include <masix/identity.h>

#include "fields.h"

size_t masix_registration_bytes(
	const struct masix_registration *registration, uint8_t *out, size_t size)
{
	static const char label[] = "MASIX-ACS-REG-v1";
	struct fields fields = { .out = out, .size = size };
	size_t i;

	if (registration->name_length == 0 || registration->name_length > 255 ||
		registration->interface_words > 2 * MASIX_INTERFACES_MAX ||
		registration->interface_words % 2 != 0)
		return 0;
	fields_bytes(&fields, label, sizeof label - 1);
	fields_bytes(&fields, registration->cluster, MASIX_PUBLIC_KEY_SIZE);
	fields_bytes(&fields, registration->node, MASIX_NODE_SIZE);
	fields_number(&fields, registration->incarnation, 8);
	fields_bytes(&fields, registration->challenge, MASIX_CHALLENGE_SIZE);
	fields_number(&fields, registration->session, 8);
	fields_bytes(&fields, registration->name, registration->name_length);
	fields_put_number(&fields, registration->interface_words * 4, 4);
	for (i = 0; i < registration->interface_words; i++)
		fields_put_number(&fields, registration->interfaces[i], 4);
	fields_number(&fields, registration->role, 4);
	fields_bytes(&fields, registration->image_hash, MASIX_HASH_SIZE);
	fields_bytes(&fields, registration->manifest_hash, MASIX_HASH_SIZE);
	fields_bytes(&fields, registration->public_key, MASIX_PUBLIC_KEY_SIZE);
	fields_number(&fields, registration->generation, 4);
	return fields.overflow ? 0 : fields.used;
}
