#include "object/walk.h"

#define HEADER_SIZE 24u
#define BITS_COMPLEX 0x80000000u
#define BITS_REMOTE 0xffu
#define TYPE_FIRST_RIGHT 16u /* MACH_MSG_TYPE_MOVE_RECEIVE */
#define TYPE_LAST_MOVED 18u  /* MACH_MSG_TYPE_MOVE_SEND_ONCE */
#define TYPE_LAST_RIGHT 21u  /* MACH_MSG_TYPE_MAKE_SEND_ONCE */

struct descriptor {
	unsigned name;
	uint32_t item_bits;
	uint32_t number;
	int is_inline, deallocate;
	size_t header_size;
};

static struct descriptor decode(const uint32_t *word, int longform)
{
	struct descriptor d = {
		.name = word[0] & 0xff,
		.item_bits = word[0] >> 8 & 0xff,
		.number = word[0] >> 16 & 0xfff,
		.is_inline = word[0] >> 28 & 1,
		.deallocate = word[0] >> 30 & 1,
		.header_size = 4,
	};

	if (longform) {
		d.name = word[1] & 0xffff;
		d.item_bits = word[1] >> 16;
		d.number = word[2];
		d.header_size = 12;
	}
	return d;
}

static int is_right(const struct descriptor *d)
{
	return d->name >= TYPE_FIRST_RIGHT && d->name <= TYPE_LAST_RIGHT && d->item_bits == 32;
}

static void give_rights(const uint32_t *names, uint32_t count, unsigned disposition,
	const struct message_sink *sink)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (names[i] != 0 && names[i] != 0xffffffffu)
			sink->right(sink->context, names[i], disposition);
}

static void give_out_of_line(const struct descriptor *d, uint32_t address, uint64_t length,
	const struct message_sink *sink)
{
	/* A copy-out that failed leaves size 0 or address 0 behind; the rights of an array are
	 * gone with it. */
	if (address == 0 || length == 0 || length > UINT32_MAX)
		return;
	if (is_right(d)) {
		const uint32_t *names = sink->array(sink->context, address, d->number);

		if (names != NULL)
			give_rights(names, d->number, d->name, sink);
	}
	if (d->deallocate)
		sink->memory(sink->context, address, (uint32_t)length);
}

void message_walk(
	const uint32_t *words, size_t size, int keep_reply, const struct message_sink *sink)
{
	const unsigned char *bytes = (const unsigned char *)words;
	size_t at = HEADER_SIZE, end;

	if (size < HEADER_SIZE)
		return;
	if (!keep_reply)
		give_rights(&words[2], 1, words[0] & BITS_REMOTE, sink);
	if (!(words[0] & BITS_COMPLEX))
		return;
	end = words[1] < size ? words[1] : size;

	while (at < end && end - at >= 4) {
		const uint32_t *word = (const uint32_t *)(bytes + at);
		int longform = word[0] >> 29 & 1;
		struct descriptor d;
		uint64_t length;

		if (end - at < (longform ? 12u : 4u))
			return;
		d = decode(word, longform);
		at += d.header_size;
		length = ((uint64_t)d.number * d.item_bits + 7) / 8;
		if (d.is_inline) {
			uint64_t padded = (length + 3) & ~(uint64_t)3;

			if (is_right(&d)) {
				uint32_t fit = (uint32_t)((end - at) / 4);

				give_rights((const uint32_t *)(bytes + at),
					d.number < fit ? d.number : fit, d.name, sink);
			}
			if (padded > end - at)
				return;
			at += (size_t)padded;
		} else {
			if (end - at < 4)
				return;
			give_out_of_line(&d, *(const uint32_t *)(bytes + at), length, sink);
			at += 4;
		}
	}
}

static void see_right(void *context, uint32_t name, unsigned disposition)
{
	int *moves = context;

	(void)name;
	if (disposition <= TYPE_LAST_MOVED)
		*moves = 1;
}

/* Its names may be gone with the memory: not looked at. */
static const uint32_t *see_array(void *context, uint32_t address, uint32_t count)
{
	int *moves = context;

	(void)address;
	(void)count;
	*moves = 1;
	return NULL;
}

static void see_memory(void *context, uint32_t address, uint32_t size)
{
	int *moves = context;

	(void)address;
	(void)size;
	*moves = 1;
}

int message_moves(const uint32_t *words, size_t size)
{
	int moves = 0;
	const struct message_sink sink = {
		.right = see_right,
		.array = see_array,
		.memory = see_memory,
		.context = &moves,
	};

	message_walk(words, size, 0, &sink);
	return moves;
}
