#include "letter.h"

enum {
	IDENTITY = 1,
	NODE = 2,
	NUMBER = 4,
	CREDITS = 8,
	STATUS = 16,
	RIGHT = 32,
	NAME = 64,
	GENERATION = 128
};

/* Which fields a letter has, in this order. */
static const uint8_t fields[LETTER_LAST + 1] = {
	[LETTER_RETURN] = IDENTITY | CREDITS,
	[LETTER_GAVE] = IDENTITY | NODE | NUMBER | CREDITS,
	[LETTER_CLAIM] = IDENTITY | NODE | NUMBER | CREDITS,
	[LETTER_WANT] = IDENTITY,
	[LETTER_GRANT] = IDENTITY | CREDITS,
	[LETTER_DEAD] = IDENTITY,
	[LETTER_CUT] = NODE,
	[LETTER_LOOKUP] = NUMBER | NAME,
	[LETTER_FOUND] = NUMBER | STATUS | RIGHT,
	[LETTER_PING] = NUMBER,
	[LETTER_PONG] = NUMBER,
	[LETTER_MOVED] = IDENTITY | RIGHT,
	[LETTER_FLUSH] = IDENTITY,
	[LETTER_FLUSHED] = IDENTITY,
	[LETTER_WATCH] = NUMBER | NAME,
	[LETTER_STATE] = NUMBER | STATUS | GENERATION,
	[LETTER_UNWATCH] = NUMBER,
};

size_t letter_write(const struct letter *letter, uint8_t *bytes, size_t room)
{
	struct writer writer = writer_to(bytes, room);
	const unsigned has = fields[letter->type];

	write_u8(&writer, (uint8_t)letter->type);
	if (has & IDENTITY)
		write_bytes(&writer, &letter->identity, sizeof letter->identity);
	if (has & NODE) {
		write_bytes(&writer, letter->node.id, sizeof letter->node.id);
		write_u64(&writer, letter->node.incarnation);
	}
	if (has & NUMBER)
		write_u64(&writer, letter->number);
	if (has & CREDITS)
		write_u64(&writer, letter->credits);
	if (has & STATUS)
		write_u32(&writer, (uint32_t)letter->status);
	if (has & GENERATION)
		write_u32(&writer, letter->generation);
	if (has & RIGHT)
		wire_put_right(&writer, &letter->right);
	if (has & NAME) {
		write_u8(&writer, letter->name_length);
		write_bytes(&writer, letter->name, letter->name_length);
	}
	return writer.failed ? 0 : writer.used;
}

bool letter_read(const uint8_t *bytes, size_t size, struct letter *letter)
{
	struct reader reader = reader_of(bytes, size);
	uint8_t type = read_u8(&reader);
	unsigned has;

	memset(letter, 0, sizeof *letter);
	if (reader.failed || type < LETTER_RETURN || type > LETTER_LAST)
		return false;
	letter->type = (enum letter_type)type;
	has = fields[type];
	if (has & IDENTITY)
		read_copy(&reader, &letter->identity, sizeof letter->identity);
	if (has & NODE) {
		read_copy(&reader, letter->node.id, sizeof letter->node.id);
		letter->node.incarnation = read_u64(&reader);
	}
	if (has & NUMBER)
		letter->number = read_u64(&reader);
	if (has & CREDITS)
		letter->credits = read_u64(&reader);
	if (has & STATUS)
		letter->status = (int32_t)read_u32(&reader);
	if (has & GENERATION)
		letter->generation = read_u32(&reader);
	if (has & RIGHT)
		wire_get_right(&reader, &letter->right);
	if (has & NAME) {
		letter->name_length = read_u8(&reader);
		read_copy(&reader, letter->name, letter->name_length);
	}
	return read_all(&reader);
}
