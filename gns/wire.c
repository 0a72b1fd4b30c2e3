#include "wire.h"

#define FORMAT 1
#define FLAG_COMPLEX 1u
#define HOW_LONG 1u
#define HOW_OUT_OF_LINE 2u

/* <mach/message.h>, which the host does not have. */
#define HEADER_SIZE 24u
#define BITS_COMPLEX 0x80000000u
#define TYPE_RECEIVE 16u
#define TYPE_SEND 17u
#define TYPE_SEND_ONCE 18u
#define TYPE_LAST_RIGHT 21u
#define PORT_DEAD 0xffffffffu

enum { BITS, SIZE, REMOTE, LOCAL, SEQUENCE, ID, BODY }; /* words of a message */

/* One descriptor and what belongs to it. */
struct item {
	uint32_t name, bits, number;
	bool is_long, out_of_line;
};

static bool is_right(const struct item *item)
{
	return item->name >= TYPE_RECEIVE && item->name <= TYPE_LAST_RIGHT;
}

/* Contents in bytes; less than 2^45. */
static uint64_t item_length(const struct item *item)
{
	return ((uint64_t)item->number * item->bits + 7) / 8;
}

/* Bytes in the message. */
static uint64_t item_space(const struct item *item)
{
	uint64_t content = item->out_of_line ? 4 : (item_length(item) + 3) & ~(uint64_t)3;

	return (item->is_long ? 12 : 4) + content;
}

/* What the kernel would accept of it. */
static bool is_sound(const struct item *item)
{
	if (item->name >= TYPE_RECEIVE && item->name <= TYPE_LAST_RIGHT &&
		(item->name > TYPE_SEND_ONCE || item->bits != 32))
		return false;
	return item->name <= 0xffff && item->bits <= 0xffff &&
	       (item->is_long ||
		       (item->name <= 0xff && item->bits <= 0xff && item->number <= 0xfff));
}

void wire_put_right(struct writer *writer, const struct wire_right *right)
{
	write_u8(writer, (uint8_t)right->kind);
	if (right->kind == WIRE_NULL || right->kind == WIRE_DEAD)
		return;
	write_bytes(writer, &right->identity, sizeof right->identity);
	write_u64(writer, right->credits);
	write_u64(writer, right->number);
	if (right->kind == WIRE_RECEIVE)
		write_bytes(writer, &right->was, sizeof right->was);
}

void wire_get_right(struct reader *reader, struct wire_right *right)
{
	*right = (struct wire_right){ .kind = (enum wire_right_kind)read_u8(reader) };
	if (right->kind == WIRE_NULL || right->kind == WIRE_DEAD)
		return;
	read_copy(reader, &right->identity, sizeof right->identity);
	right->credits = read_u64(reader);
	right->number = read_u64(reader);
	if (right->kind == WIRE_RECEIVE)
		read_copy(reader, &right->was, sizeof right->was);
	if (right->kind > WIRE_RECEIVE)
		reader->failed = true;
}

/* What a message may hold, so far. */
struct account {
	unsigned rights;
	struct wire_regions *regions;
};

static enum wire_result charge_right(struct account *account, enum wire_right_kind kind)
{
	if (kind == WIRE_NULL || kind == WIRE_DEAD)
		return WIRE_OK;
	return ++account->rights > WIRE_RIGHTS_MAX ? WIRE_LIMIT : WIRE_OK;
}

static enum wire_result charge_item(
	struct account *account, const struct item *item, uint32_t content_at)
{
	struct wire_regions *regions = account->regions;
	uint64_t length = item_length(item);

	if (is_right(item))
		return item->number > WIRE_RIGHTS_MAX ? WIRE_LIMIT : WIRE_OK;
	if (!item->out_of_line || length == 0)
		return WIRE_OK;
	if (regions->count == WIRE_REGIONS_MAX || length > WIRE_MEMORY_MAX - regions->total)
		return WIRE_LIMIT;
	regions->list[regions->count++] =
		(struct wire_region){ .at = content_at / 4, .size = (uint32_t)length };
	regions->total += length;
	return WIRE_OK;
}

/* --- From a message ------------------------------------------------------------------------------------------ */

static enum wire_right_kind kind_of(unsigned type)
{
	return type == TYPE_RECEIVE ? WIRE_RECEIVE : type == TYPE_SEND ? WIRE_SEND : WIRE_SEND_ONCE;
}

static enum wire_result tell_right(struct writer *writer, struct account *account,
	const struct wire_source *source, uint32_t name, unsigned type)
{
	struct wire_right right = { .kind = name == 0 ? WIRE_NULL : WIRE_DEAD };

	if (name != 0 && name != PORT_DEAD) {
		if (account->rights == WIRE_RIGHTS_MAX)
			return WIRE_LIMIT;
		if (!source->right(source->context, name, type, &right) ||
			(right.kind != kind_of(type) && right.kind != WIRE_DEAD))
			return WIRE_REFUSED;
	}
	wire_put_right(writer, &right);
	return charge_right(account, right.kind);
}

static bool decode(const uint32_t *word, size_t left, struct item *item)
{
	if (left < 4)
		return false;
	item->out_of_line = !(word[0] >> 28 & 1);
	item->is_long = word[0] >> 29 & 1;
	if (word[0] >> 31)
		return false;
	if (!item->is_long) {
		item->name = word[0] & 0xff;
		item->bits = word[0] >> 8 & 0xff;
		item->number = word[0] >> 16 & 0xfff;
		return true;
	}
	if (left < 12 || (word[0] & 0x0fffffff) != 0)
		return false;
	item->name = word[1] & 0xffff;
	item->bits = word[1] >> 16;
	item->number = word[2];
	return true;
}

static enum wire_result write_item(struct writer *writer, struct account *account,
	const struct wire_source *source, const struct item *item, const uint32_t *content)
{
	enum wire_result result = WIRE_OK;
	uint32_t i;

	write_u16(writer, (uint16_t)item->name);
	write_u16(writer, (uint16_t)item->bits);
	write_u32(writer, item->number);
	write_u8(writer, (uint8_t)((item->is_long ? HOW_LONG : 0) |
				   (item->out_of_line ? HOW_OUT_OF_LINE : 0)));
	if (is_right(item)) {
		const uint32_t *names = content;

		if (item->out_of_line && item->number > 0)
			names = source->array(source->context, content[0], item->number);
		if (names == NULL)
			return WIRE_REFUSED;
		for (i = 0; i < item->number && result == WIRE_OK; i++)
			result = tell_right(writer, account, source, names[i], item->name);
	} else if (!item->out_of_line) {
		write_bytes(writer, content, (size_t)item_length(item));
	}
	return result;
}

static enum wire_result write_items(struct writer *writer, struct account *account,
	const struct wire_source *source, const uint32_t *words, size_t end)
{
	enum wire_result result = WIRE_OK;
	size_t at = HEADER_SIZE;

	while (at < end && result == WIRE_OK) {
		struct item item;
		size_t content;

		if (!decode(&words[at / 4], end - at, &item) || !is_sound(&item) ||
			item_space(&item) > end - at)
			return WIRE_MALFORMED;
		content = at + (item.is_long ? 12 : 4);
		result = charge_item(account, &item, (uint32_t)content);
		if (result == WIRE_OK)
			result = write_item(writer, account, source, &item, &words[content / 4]);
		at += (size_t)item_space(&item);
	}
	return result;
}

enum wire_result wire_write(const uint32_t *words, size_t size, const struct wire_source *source,
	uint8_t *head, size_t room, size_t *head_size, struct wire_regions *regions)
{
	struct writer writer = writer_to(head, room), rights;
	struct account account = { .regions = regions };
	enum wire_result result = WIRE_OK;
	unsigned reply_type;
	size_t body;

	regions->count = 0;
	regions->total = 0;
	if (size < HEADER_SIZE || words[SIZE] < HEADER_SIZE || words[SIZE] > size ||
		words[SIZE] % 4 != 0)
		return WIRE_MALFORMED;
	body = words[SIZE] - HEADER_SIZE;
	reply_type = words[BITS] & 0xff;
	if (body > WIRE_BODY_MAX)
		return WIRE_LIMIT;
	if (reply_type != 0 && reply_type != TYPE_SEND && reply_type != TYPE_SEND_ONCE)
		return WIRE_MALFORMED;
	write_u8(&writer, FORMAT);
	write_u8(&writer, words[BITS] & BITS_COMPLEX ? FLAG_COMPLEX : 0);
	rights = writer;
	write_u16(&writer, 0);
	write_u32(&writer, words[ID]);
	write_u32(&writer, (uint32_t)body);
	write_u8(&writer, (uint8_t)reply_type);
	result = tell_right(
		&writer, &account, source, reply_type == 0 ? 0 : words[REMOTE], reply_type);
	if (result == WIRE_OK && words[BITS] & BITS_COMPLEX)
		result = write_items(&writer, &account, source, words, words[SIZE]);
	else
		write_bytes(&writer, &words[BODY], body);
	write_u16(&rights, (uint16_t)account.rights);
	*head_size = writer.used;
	if (result == WIRE_OK && writer.failed)
		result = WIRE_LIMIT;
	return result;
}

/* --- Back to a message ---------------------------------------------------------------------------------------- */

/* A head as it is read: by wire_check without `words`, by wire_read with a sink. */
struct reading {
	struct reader reader;
	struct account account;
	const struct wire_sink *sink;
	uint32_t *words; /* or NULL */
	size_t at;	 /* bytes of the message so far */
	bool refused;	 /* from here on all rights are null */
	void (*give)(void *context, const struct wire_right *right);
	void *give_context;
};

/* One right, for a descriptor of `type`, or 0 where there can be none. */
static enum wire_result read_right(struct reading *reading, unsigned type, uint32_t *name)
{
	struct wire_right right;
	enum wire_result result;

	wire_get_right(&reading->reader, &right);
	*name = right.kind == WIRE_DEAD ? PORT_DEAD : 0;
	if (reading->reader.failed || (type == 0 && right.kind != WIRE_NULL))
		return WIRE_MALFORMED;
	if (right.kind == WIRE_NULL || right.kind == WIRE_DEAD)
		return WIRE_OK;
	if (right.kind != kind_of(type))
		return WIRE_MALFORMED;
	result = charge_right(&reading->account, right.kind);
	if (result == WIRE_OK && reading->give != NULL)
		reading->give(reading->give_context, &right);
	if (result == WIRE_OK && reading->sink != NULL && !reading->refused &&
		!reading->sink->right(reading->sink->context, &right, name)) {
		*name = 0;
		reading->refused = true;
	}
	return result;
}

static enum wire_result read_rights(struct reading *reading, const struct item *item)
{
	uint32_t *names = NULL, address = 0, i, ignored;

	if (item->out_of_line && item->number > 0 && reading->sink != NULL && !reading->refused &&
		!reading->sink->array(reading->sink->context, item->number, &address, &names)) {
		reading->refused = true;
		address = 0;
		names = NULL;
	}
	if (item->out_of_line && reading->words != NULL)
		reading->words[reading->at / 4] = address;
	else if (!item->out_of_line && reading->words != NULL)
		names = &reading->words[reading->at / 4];
	for (i = 0; i < item->number; i++) {
		enum wire_result result =
			read_right(reading, item->name, names != NULL ? &names[i] : &ignored);

		if (result != WIRE_OK)
			return result;
	}
	return WIRE_OK;
}

static void encode(uint32_t *word, const struct item *item)
{
	word[0] = (item->out_of_line ? 1u << 30 : 1u << 28);
	if (item->is_long) {
		word[0] |= 1u << 29;
		word[1] = item->name | item->bits << 16;
		word[2] = item->number;
	} else {
		word[0] |= item->name | item->bits << 8 | item->number << 16;
	}
}

static enum wire_result read_content(struct reading *reading, const struct item *item)
{
	size_t length = (size_t)item_length(item);
	const uint8_t *bytes;

	if (is_right(item))
		return read_rights(reading, item);
	if (item->out_of_line) {
		if (reading->words != NULL)
			reading->words[reading->at / 4] = 0;
		return WIRE_OK;
	}
	bytes = read_bytes(&reading->reader, length);
	if (bytes == NULL)
		return WIRE_MALFORMED;
	if (reading->words != NULL && length > 0) {
		reading->words[(reading->at + length - 1) / 4] = 0; /* the padding */
		memcpy((uint8_t *)reading->words + reading->at, bytes, length);
	}
	return WIRE_OK;
}

static enum wire_result read_item(struct reading *reading, size_t end)
{
	struct item item;
	enum wire_result result;
	size_t start = reading->at;
	uint8_t how;

	item.name = read_u16(&reading->reader);
	item.bits = read_u16(&reading->reader);
	item.number = read_u32(&reading->reader);
	how = read_u8(&reading->reader);
	item.is_long = how & HOW_LONG;
	item.out_of_line = how & HOW_OUT_OF_LINE;
	if (reading->reader.failed || how > (HOW_LONG | HOW_OUT_OF_LINE) || !is_sound(&item) ||
		item_space(&item) > end - start)
		return WIRE_MALFORMED;
	if (reading->words != NULL)
		encode(&reading->words[start / 4], &item);
	reading->at += item.is_long ? 12 : 4;
	result = charge_item(&reading->account, &item, (uint32_t)reading->at);
	if (result == WIRE_OK)
		result = read_content(reading, &item);
	reading->at = start + (size_t)item_space(&item);
	return result;
}

static enum wire_result read_body(struct reading *reading, bool complex, size_t body)
{
	const size_t end = HEADER_SIZE + body;
	enum wire_result result = WIRE_OK;
	const uint8_t *bytes;

	reading->at = HEADER_SIZE;
	while (complex && reading->at < end && result == WIRE_OK)
		result = read_item(reading, end);
	if (complex || body == 0)
		return result;
	bytes = read_bytes(&reading->reader, body);
	if (bytes == NULL)
		return WIRE_MALFORMED;
	if (reading->words != NULL)
		memcpy(&reading->words[BODY], bytes, body);
	return WIRE_OK;
}

static enum wire_result read_head(struct reading *reading, size_t *message_size)
{
	struct reader *reader = &reading->reader;
	uint8_t format = read_u8(reader), flags = read_u8(reader), type;
	uint16_t rights = read_u16(reader);
	uint32_t id = read_u32(reader), body = read_u32(reader), reply;
	enum wire_result result;

	type = read_u8(reader);
	if (reader->failed || format != FORMAT || flags > FLAG_COMPLEX || body % 4 != 0 ||
		(type != 0 && type != TYPE_SEND && type != TYPE_SEND_ONCE))
		return WIRE_MALFORMED;
	if (body > WIRE_BODY_MAX || rights > WIRE_RIGHTS_MAX)
		return WIRE_LIMIT;
	result = read_right(reading, type, &reply);
	if (result != WIRE_OK)
		return result;
	if (reading->words != NULL) {
		reading->words[BITS] = (flags & FLAG_COMPLEX ? BITS_COMPLEX : 0) | type << 8;
		reading->words[SIZE] = HEADER_SIZE + body;
		reading->words[REMOTE] = 0;
		reading->words[LOCAL] = reply;
		reading->words[SEQUENCE] = 0;
		reading->words[ID] = id;
	}
	*message_size = HEADER_SIZE + body;
	result = read_body(reading, flags & FLAG_COMPLEX, body);
	if (result == WIRE_OK && (!read_all(reader) || reading->account.rights != rights))
		result = WIRE_MALFORMED;
	return result;
}

enum wire_result wire_check(const uint8_t *head, size_t head_size, size_t *message_size,
	unsigned *rights, struct wire_regions *regions)
{
	struct reading reading = {
		.reader = reader_of(head, head_size),
		.account = { .regions = regions },
	};
	enum wire_result result;

	regions->count = 0;
	regions->total = 0;
	if (head_size > WIRE_HEAD_MAX)
		return WIRE_LIMIT;
	result = read_head(&reading, message_size);
	*rights = reading.account.rights;
	return result;
}

enum wire_result wire_read(const uint8_t *head, size_t head_size, const struct wire_sink *sink,
	uint32_t *words, size_t size)
{
	struct wire_regions regions = { .count = 0 };
	struct reading reading = {
		.reader = reader_of(head, head_size),
		.account = { .regions = &regions },
	};
	enum wire_result result;
	unsigned rights;
	size_t needed;

	/* Nothing is given away before all of it is known to be good. */
	result = wire_check(head, head_size, &needed, &rights, &regions);
	if (result != WIRE_OK || needed > size)
		return result != WIRE_OK ? result : WIRE_LIMIT;
	regions.count = 0;
	regions.total = 0;
	reading.sink = sink;
	reading.words = words;
	result = read_head(&reading, &needed);
	return result == WIRE_OK && reading.refused ? WIRE_REFUSED : result;
}

void wire_rights(const uint8_t *head, size_t head_size,
	void (*give)(void *context, const struct wire_right *right), void *context)
{
	struct wire_regions regions = { .count = 0 };
	struct reading reading = {
		.reader = reader_of(head, head_size),
		.account = { .regions = &regions },
		.give = give,
		.give_context = context,
	};
	size_t ignored;

	(void)read_head(&reading, &ignored);
}
