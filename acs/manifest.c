/* The signed form of a manifest: reading, writing, and the questions that ACS asks of it. */
#include <masix/error.h>
#include <masix/types.h>
#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "manifest.h"

#define MAGIC "MASIXMAN"
#define VERSION 1
#define LABEL "MASIX-MANIFEST-v1"

enum tag {
	TAG_NAME = 1,
	TAG_GENERATION,
	TAG_IMAGE,
	TAG_KEY,
	TAG_RESTART,
	TAG_PROVIDE,
	TAG_RESOLVE,
	TAG_RIGHT,
	TAG_NEED,
	TAG_ARGUMENT,
	TAG_POOL,
	TAG_HAND_OVER,
	TAG_INHERITS,
	TAG_FORMAT,
};

bool manifest_name_valid(const char *name, size_t length)
{
	size_t i;

	if (length == 0 || length >= MANIFEST_NAME_SIZE || name[0] < 'a' || name[0] > 'z')
		return false;
	for (i = 0; i < length; i++) {
		char c = name[i];

		if (c == '/') {
			if (i + 1 == length || name[i + 1] == '/')
				return false;
		} else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
			   c != '_' && c != '-') {
			return false;
		}
	}
	return true;
}

/* A name, or one followed by a part that is a star. */
static bool pattern_valid(const char *pattern, size_t length)
{
	if (length > 2 && pattern[length - 1] == '*' && pattern[length - 2] == '/')
		length -= 2;
	return manifest_name_valid(pattern, length);
}

static bool pattern_matches(const char *pattern, const char *name, size_t length)
{
	size_t size = strlen(pattern);

	if (size > 2 && pattern[size - 1] == '*')
		return length > size - 1 && memcmp(pattern, name, size - 1) == 0;
	return length == size && memcmp(pattern, name, size) == 0;
}

/* Its own name, or below it. */
static bool belongs_to(const char *pattern, const char *server)
{
	size_t length = strlen(server);

	return strncmp(pattern, server, length) == 0 &&
	       (pattern[length] == '\0' || pattern[length] == '/');
}

static bool copy_pattern(char *to, const uint8_t *from, size_t length)
{
	if (!pattern_valid((const char *)from, length))
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

static const char *parse_provide(struct manifest *manifest, struct bytes_reader record)
{
	struct manifest_provide *provide = &manifest->provides[manifest->provide_count];
	const uint8_t *head = bytes_take(&record, 3), *name;

	if (manifest->provide_count == MANIFEST_PROVIDES)
		return "too many names";
	if (head == NULL || (name = bytes_take(&record, head[2])) == NULL)
		return "short name record";
	provide->role = head[0];
	provide->required = head[1] != 0;
	if (head[0] < MASIX_ROLE_SERVER || head[0] > MASIX_ROLE_ADMIN || head[1] > 1)
		return "bad name record";
	if (!copy_pattern(provide->name, name, head[2]) ||
		!belongs_to(provide->name, manifest->name) ||
		(provide->required && provide->name[head[2] - 1] == '*'))
		return "bad provided name";
	if (record.left % 8 != 0 || record.left == 0 || record.left / 8 > MANIFEST_INTERFACES)
		return "bad interface list";
	while (record.left != 0) {
		const uint8_t *pair = bytes_take(&record, 8);
		struct manifest_interface *interface =
			&provide->interfaces[provide->interface_count++];

		interface->id = bytes_get32(pair);
		interface->version = bytes_get32(pair + 4);
	}
	manifest->provide_count++;
	return NULL;
}

static const char *parse_right(struct manifest *manifest, const uint8_t *bytes, size_t length)
{
	struct manifest_right *right = &manifest->rights[manifest->right_count];

	if (manifest->right_count == MANIFEST_RIGHTS)
		return "too many rights";
	if (length != 9)
		return "bad right record";
	right->which = bytes[0];
	right->from = bytes_get32(bytes + 1);
	right->to = bytes_get32(bytes + 5);
	if (right->which < MASIX_RIGHT_HOST || right->which > MASIX_RIGHT_MEMORY)
		return "unknown right";
	if (right->from > right->to || right->to > 0xffff)
		return "bad range of a right";
	manifest->right_count++;
	return NULL;
}

static const char *parse_pattern(char (*table)[MANIFEST_NAME_SIZE], unsigned *count, unsigned limit,
	const uint8_t *bytes, size_t length)
{
	if (*count == limit)
		return "too many names";
	if (!copy_pattern(table[*count], bytes, length))
		return "bad name";
	(*count)++;
	return NULL;
}

static const char *parse_argument(struct manifest *manifest, const uint8_t *bytes, size_t length)
{
	char *argument;

	if (manifest->argument_count == MANIFEST_ARGUMENTS)
		return "too many arguments";
	argument = manifest->arguments[manifest->argument_count];
	if (length >= MANIFEST_ARGUMENT_SIZE || memchr(bytes, '\0', length) != NULL)
		return "bad argument";
	memcpy(argument, bytes, length);
	argument[length] = '\0';
	manifest->argument_count++;
	return NULL;
}

static const char *parse_format(struct manifest *manifest, struct bytes_reader record)
{
	if (manifest->format_count == MANIFEST_FORMATS)
		return "too many formats";
	return format_parse(&manifest->formats[manifest->format_count++], record);
}

/* A number that is given at most once, and not when it is the default. */
static const char *parse_number(
	unsigned *number, unsigned least, unsigned most, const uint8_t *bytes, size_t length)
{
	if (*number != 0 || length != 4 || bytes_get32(bytes) < least || bytes_get32(bytes) > most)
		return "bad number";
	*number = bytes_get32(bytes);
	return NULL;
}

static const char *parse_record(
	struct manifest *manifest, enum tag tag, const uint8_t *bytes, size_t length)
{
	switch (tag) {
	case TAG_NAME:
		if (!manifest_name_valid((const char *)bytes, length))
			return "bad server name";
		memcpy(manifest->name, bytes, length);
		return NULL;
	case TAG_GENERATION:
		if (length != 4 || bytes_get32(bytes) == 0)
			return "bad generation";
		manifest->generation = bytes_get32(bytes);
		return NULL;
	case TAG_IMAGE:
		if (length != MASIX_HASH_SIZE)
			return "bad image hash";
		memcpy(manifest->image_hash, bytes, length);
		return NULL;
	case TAG_KEY:
		if (length != MASIX_PUBLIC_KEY_SIZE)
			return "bad public key";
		memcpy(manifest->public_key, bytes, length);
		return NULL;
	case TAG_RESTART:
		if (length != 1 || bytes[0] > MANIFEST_RESTART_ALWAYS)
			return "bad restart policy";
		manifest->restart = bytes[0];
		return NULL;
	case TAG_PROVIDE:
		return parse_provide(manifest, (struct bytes_reader){ bytes, length });
	case TAG_RESOLVE:
		return parse_pattern(manifest->resolves, &manifest->resolve_count,
			MANIFEST_RESOLVES, bytes, length);
	case TAG_RIGHT:
		return parse_right(manifest, bytes, length);
	case TAG_NEED:
		if (!manifest_name_valid((const char *)bytes, length))
			return "bad needed name";
		return parse_pattern(
			manifest->needs, &manifest->need_count, MANIFEST_NEEDS, bytes, length);
	case TAG_ARGUMENT:
		return parse_argument(manifest, bytes, length);
	case TAG_POOL:
		return parse_number(&manifest->pool, 2, MANIFEST_POOL_MAX, bytes, length);
	case TAG_HAND_OVER:
		return parse_number(&manifest->hand_over, 1, MANIFEST_HAND_OVER_MAX, bytes, length);
	case TAG_INHERITS:
		if (length != 0 || manifest->inherits)
			return "bad record of inheritance";
		manifest->inherits = true;
		return NULL;
	case TAG_FORMAT:
		return parse_format(manifest, (struct bytes_reader){ bytes, length });
	}
	return "unknown record";
}

static const char *parse_body(struct manifest *manifest, struct bytes_reader body)
{
	unsigned last = 0;

	while (body.left != 0) {
		const uint8_t *head = bytes_take(&body, 3), *contents;
		size_t length;
		const char *why;

		if (head == NULL)
			return "cut off";
		length = head[1] | head[2] << 8;
		contents = bytes_take(&body, length);
		if (contents == NULL)
			return "cut off";
		/* The five records that every manifest has come first and once each. */
		if (head[0] <= TAG_RESTART ? head[0] != last + 1
					   : head[0] < last || last < TAG_RESTART)
			return "records out of order";
		why = parse_record(manifest, head[0], contents, length);
		if (why != NULL)
			return why;
		last = head[0];
	}
	return last < TAG_RESTART ? "records missing" : NULL;
}

const char *manifest_contradiction(const struct manifest *manifest)
{
	const bool again = manifest->restart == MANIFEST_RESTART_ALWAYS ||
			   manifest->restart == MANIFEST_RESTART_BACKOFF;

	if (manifest->inherits && !again)
		return "inherits needs restart always or backoff";
	if (manifest->inherits && manifest->pool > 1)
		return "the members of a pool inherit nothing";
	return NULL;
}

int manifest_parse(const uint8_t *body, size_t size, struct manifest *manifest, const char **why)
{
	memset(manifest, 0, sizeof *manifest);
	*why = size > MANIFEST_BODY_MAX ? "too long"
					: parse_body(manifest, (struct bytes_reader){ body, size });
	if (manifest->pool == 0)
		manifest->pool = 1;
	if (*why == NULL)
		*why = manifest_contradiction(manifest);
	if (*why != NULL)
		return MASIX_E_BAD_FORMAT;
	crypto_generichash(manifest->hash, sizeof manifest->hash, body, size, NULL, 0);
	return 0;
}

/* What the site key signs. */
static void signed_bytes(
	const uint8_t hash[MASIX_HASH_SIZE], uint8_t message[sizeof LABEL + MASIX_HASH_SIZE])
{
	memcpy(message, LABEL, sizeof LABEL);
	memcpy(message + sizeof LABEL, hash, MASIX_HASH_SIZE);
}

int manifest_open(const uint8_t *bytes, size_t size, const uint8_t site[MASIX_PUBLIC_KEY_SIZE],
	struct manifest *manifest, const char **why)
{
	uint8_t message[sizeof LABEL + MASIX_HASH_SIZE], hash[MASIX_HASH_SIZE];
	const uint8_t *body = bytes + MANIFEST_HEADER_SIZE;

	if (size < MANIFEST_HEADER_SIZE || size > MANIFEST_MAX || memcmp(bytes, MAGIC, 8) != 0 ||
		bytes_get32(bytes + 8) != VERSION ||
		bytes_get32(bytes + 12) != size - MANIFEST_HEADER_SIZE) {
		*why = "not a signed manifest";
		return MASIX_E_BAD_FORMAT;
	}
	crypto_generichash(hash, sizeof hash, body, size - MANIFEST_HEADER_SIZE, NULL, 0);
	signed_bytes(hash, message);
	if (crypto_sign_verify_detached(bytes + 16, message, sizeof message, site) != 0) {
		*why = "its manifest is not signed by this site";
		return MASIX_E_DENIED;
	}
	return manifest_parse(body, size - MANIFEST_HEADER_SIZE, manifest, why);
}

static void put_record(struct bytes_writer *writer, enum tag tag, const void *contents, size_t size)
{
	uint8_t head[3] = { tag, size, size >> 8 };

	bytes_append(writer, head, sizeof head);
	bytes_append(writer, contents, size);
}

static void put_number(struct bytes_writer *writer, enum tag tag, uint32_t number)
{
	uint8_t bytes[4];

	bytes_put32(bytes, number);
	put_record(writer, tag, bytes, sizeof bytes);
}

static void put_provide(struct bytes_writer *writer, const struct manifest_provide *provide)
{
	uint8_t record[3 + MANIFEST_NAME_SIZE + 8 * MANIFEST_INTERFACES];
	struct bytes_writer fields = { record, sizeof record, false };
	size_t length = strlen(provide->name);
	uint8_t head[3] = { provide->role, provide->required, length };
	unsigned i;

	bytes_append(&fields, head, sizeof head);
	bytes_append(&fields, provide->name, length);
	for (i = 0; i < provide->interface_count; i++) {
		bytes_append32(&fields, provide->interfaces[i].id);
		bytes_append32(&fields, provide->interfaces[i].version);
	}
	put_record(writer, TAG_PROVIDE, record, sizeof record - fields.left);
}

static void put_format(struct bytes_writer *writer, const struct format *format)
{
	uint8_t record[FORMAT_RECORD_MAX];
	struct bytes_writer fields = { record, sizeof record, false };

	format_build(format, &fields);
	put_record(writer, TAG_FORMAT, record, sizeof record - fields.left);
}

size_t manifest_build(const struct manifest *manifest, uint8_t *body, size_t room)
{
	struct bytes_writer writer = { body, room, false };
	uint8_t generation[4], restart = manifest->restart;
	unsigned i;

	bytes_put32(generation, manifest->generation);
	put_record(&writer, TAG_NAME, manifest->name, strlen(manifest->name));
	put_record(&writer, TAG_GENERATION, generation, sizeof generation);
	put_record(&writer, TAG_IMAGE, manifest->image_hash, sizeof manifest->image_hash);
	put_record(&writer, TAG_KEY, manifest->public_key, sizeof manifest->public_key);
	put_record(&writer, TAG_RESTART, &restart, 1);
	for (i = 0; i < manifest->provide_count; i++)
		put_provide(&writer, &manifest->provides[i]);
	for (i = 0; i < manifest->resolve_count; i++)
		put_record(
			&writer, TAG_RESOLVE, manifest->resolves[i], strlen(manifest->resolves[i]));
	for (i = 0; i < manifest->right_count; i++) {
		uint8_t record[9] = { manifest->rights[i].which };

		bytes_put32(record + 1, manifest->rights[i].from);
		bytes_put32(record + 5, manifest->rights[i].to);
		put_record(&writer, TAG_RIGHT, record, sizeof record);
	}
	for (i = 0; i < manifest->need_count; i++)
		put_record(&writer, TAG_NEED, manifest->needs[i], strlen(manifest->needs[i]));
	for (i = 0; i < manifest->argument_count; i++)
		put_record(&writer, TAG_ARGUMENT, manifest->arguments[i],
			strlen(manifest->arguments[i]));
	if (manifest->pool > 1)
		put_number(&writer, TAG_POOL, manifest->pool);
	if (manifest->hand_over != 0)
		put_number(&writer, TAG_HAND_OVER, manifest->hand_over);
	if (manifest->inherits)
		put_record(&writer, TAG_INHERITS, "", 0);
	for (i = 0; i < manifest->format_count; i++)
		put_format(&writer, &manifest->formats[i]);
	return writer.full ? 0 : room - writer.left;
}

size_t manifest_sign(
	const struct manifest *manifest, const uint8_t *site_secret, uint8_t *bytes, size_t room)
{
	uint8_t message[sizeof LABEL + MASIX_HASH_SIZE], hash[MASIX_HASH_SIZE];
	size_t size;

	if (room < MANIFEST_HEADER_SIZE)
		return 0;
	size = manifest_build(manifest, bytes + MANIFEST_HEADER_SIZE, room - MANIFEST_HEADER_SIZE);
	if (size == 0 || size > MANIFEST_BODY_MAX)
		return 0;
	memcpy(bytes, MAGIC, 8);
	bytes_put32(bytes + 8, VERSION);
	bytes_put32(bytes + 12, size);
	crypto_generichash(hash, sizeof hash, bytes + MANIFEST_HEADER_SIZE, size, NULL, 0);
	signed_bytes(hash, message);
	crypto_sign_detached(bytes + 16, NULL, message, sizeof message, site_secret);
	return MANIFEST_HEADER_SIZE + size;
}

const struct manifest_provide *manifest_find_provide(
	const struct manifest *manifest, const char *name, size_t length, int role)
{
	unsigned i;

	if (!manifest_name_valid(name, length))
		return NULL;
	for (i = 0; i < manifest->provide_count; i++)
		if (manifest->provides[i].role == role &&
			pattern_matches(manifest->provides[i].name, name, length))
			return &manifest->provides[i];
	return NULL;
}

bool manifest_requires(const struct manifest *manifest, const char *name)
{
	unsigned i;

	for (i = 0; i < manifest->provide_count; i++)
		if (manifest->provides[i].required && strcmp(manifest->provides[i].name, name) == 0)
			return true;
	return false;
}

bool manifest_offers(const struct manifest_provide *provide, uint32_t id, uint32_t version)
{
	unsigned i;

	for (i = 0; i < provide->interface_count; i++)
		if (provide->interfaces[i].id == id && provide->interfaces[i].version == version)
			return true;
	return false;
}

bool manifest_resolves(const struct manifest *manifest, const char *name, size_t length)
{
	unsigned i;

	for (i = 0; i < manifest->resolve_count; i++)
		if (pattern_matches(manifest->resolves[i], name, length))
			return true;
	return false;
}

bool manifest_grants(const struct manifest *manifest, int which, uint32_t arg)
{
	uint32_t from = 0, to = 0;
	unsigned i;

	if (which == MASIX_RIGHT_IRQ) {
		from = to = arg;
	} else if (which == MASIX_RIGHT_IO_PORTS || which == MASIX_RIGHT_MEMORY) {
		from = arg >> 16;
		to = arg & 0xffff;
	}
	if (from > to)
		return false;
	for (i = 0; i < manifest->right_count; i++) {
		const struct manifest_right *right = &manifest->rights[i];

		if (right->which == which && right->from <= from && to <= right->to)
			return true;
	}
	return false;
}
