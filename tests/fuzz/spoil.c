/* What can be wrong with a request. */
#include <masix/mach.h>

#include "mach.h"
#include "mach_port.h"
#include "message.h"
#include "random.h"

static struct part *any_part(struct request *r)
{
	return r->part_count > 0 ? &r->parts[any(r->part_count)] : NULL;
}

static void spoil_size(struct request *r)
{
	static const int changes[] = { -4, 4, -8, 8, -64, 64, -4096, 1, 2, 4096 };

	r->size_change = changes[any(sizeof changes / sizeof changes[0])];
}

static void spoil_type(struct request *r)
{
	struct part *part = any_part(r);

	/* Rights only where there is one already: numbers would be taken for names of ours. */
	if (part != NULL && part->type < MACH_MSG_TYPE_MOVE_RECEIVE)
		part->type = any(2) == 0 ? any(16) : MACH_MSG_TYPE_INTEGER_64;
	else if (part != NULL)
		part->type = any(MACH_MSG_TYPE_MAKE_SEND_ONCE + 1);
	/* What moves must not be the sender's only one. */
	if (part != NULL && part->type == MACH_MSG_TYPE_MOVE_SEND && part->is_inline &&
		part->size == 4)
		(void)mach_port_mod_refs(mach_task_self(), *(const mach_port_t *)part->data,
			MACH_PORT_RIGHT_SEND, 1);
}

static void spoil_bits(struct request *r)
{
	static const unsigned bits[] = { 0, 1, 7, 8, 16, 32, 64, 128, 255 };
	struct part *part = any_part(r);

	if (part != NULL)
		part->bits = bits[any(sizeof bits / sizeof bits[0])];
}

/* The bytes stay as many as they were. */
static void spoil_number(struct request *r)
{
	struct part *part = any_part(r);

	if (part != NULL)
		part->number = any(4) == 0   ? part->number + 1
			       : any(2) == 0 ? 0xffffffff - any(4)
					     : any_number();
}

static void spoil_place(struct request *r)
{
	static const uint32_t nothing;
	static const uint32_t addresses[] = { 0, 1, 0x10, 0xfff, 0xbffffff0, 0xc0000000, 0xfffff000,
		0xffffffff };
	struct part *part = any_part(r);

	if (part == NULL)
		return;
	if (part->is_inline) {
		/* The value is the address now, or one of something. */
		part->is_inline = 0;
		part->frees = 0;
		if (any(2) == 0)
			part->data = (const void *)
				addresses[any(sizeof addresses / sizeof addresses[0])];
		r->is_complex = 1;
	} else {
		part->is_inline = 1;
		part->size = sizeof nothing;
		part->data = &nothing;
	}
}

static void spoil_bit(struct request *r)
{
	struct part *part = any_part(r);

	if (part == NULL)
		return;
	if (any(2) == 0)
		part->is_long ^= 1;
	else if (part->is_inline)
		part->frees ^= 1;
}

static void spoil_complexity(struct request *r)
{
	r->is_complex ^= 1;
}

static void spoil_order(struct request *r)
{
	if (r->part_count == 0)
		return;

	unsigned a = any(r->part_count), b = any(r->part_count);
	struct part kept = r->parts[a];

	switch (any(3)) {
	case 0: /* one is missing */
		r->parts[a] = r->parts[--r->part_count];
		break;
	case 1: /* one is there twice */
		if (r->part_count < PARTS_MAX)
			r->parts[r->part_count++] = kept;
		break;
	default:
		r->parts[a] = r->parts[b];
		r->parts[b] = kept;
	}
}

static void add_part(struct request *r, const struct part *part)
{
	if (r->part_count == PARTS_MAX)
		return;
	if (part->type >= MACH_MSG_TYPE_MOVE_RECEIVE || !part->is_inline)
		r->is_complex = 1;
	if (any(2) == 0) {
		r->parts[r->part_count++] = *part;
	} else {
		r->parts[r->part_count++] = r->parts[0];
		r->parts[0] = *part;
	}
}

static void spoil_with_rights(struct request *r)
{
	static const unsigned types[] = { MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND,
		MACH_MSG_TYPE_MAKE_SEND_ONCE, MACH_MSG_TYPE_MOVE_RECEIVE, MACH_MSG_TYPE_MOVE_SEND };
	static uint32_t names[64];
	vm_address_t page = 0;
	uint32_t *list = names;
	struct part part = {
		.type = types[any(sizeof types / sizeof types[0])],
		.bits = 32,
		.number = any(2) == 0 ? 1 : any(32) + 1,
		.is_inline = any(2) != 0,
		.is_long = any(2) != 0,
	};

	if (!part.is_inline) {
		if (vm_allocate(mach_task_self(), &page, 4096, TRUE) != KERN_SUCCESS)
			return;
		list = (uint32_t *)page;
		part.frees = any(2) != 0;
	}
	for (unsigned i = 0; i < part.number; i++)
		list[i] = any_right(part.type);
	part.data = list;
	part.size = 4 * part.number;
	add_part(r, &part);
}

static void spoil_with_memory(struct request *r)
{
	size_t size = any(2) == 0 ? any(20000) : any(1 << 22);
	vm_address_t address = 0;
	struct part part = { .type = MACH_MSG_TYPE_CHAR, .bits = 8, .number = size, .is_long = 1 };

	if (vm_allocate(mach_task_self(), &address, size + 4096, TRUE) != KERN_SUCCESS)
		return;
	part.data = (void *)(address + any(4096));
	part.frees = any(2) != 0;
	add_part(r, &part);
}

/* More than the servers receive. */
static void spoil_with_bytes(struct request *r)
{
	static char bytes[MESSAGE_MAX];
	const struct part part = { .type = MACH_MSG_TYPE_CHAR,
		.bits = 8,
		.is_long = 1,
		.is_inline = 1,
		.number = 30000,
		.size = 30000,
		.data = bytes };

	add_part(r, &part);
}

static void spoil_id(struct request *r)
{
	static const int changes[] = { 1, -1, 100, -100, 200, -200, 1000 };

	r->id = any(4) == 0   ? (int)any_number()
		: any(2) == 0 ? (int)(500000 + any(2200))
			      : r->id + changes[any(sizeof changes / sizeof changes[0])];
}

static void spoil_reply(struct request *r)
{
	switch (any(5)) {
	case 0:
		r->reply_type = 0;
		break;
	case 1:
		r->reply_type = MACH_MSG_TYPE_MAKE_SEND;
		break;
	case 2:
		r->reply_type = MACH_MSG_TYPE_COPY_SEND;
		r->reply = surroundings.ports[any(surroundings.port_count)];
		break;
	case 3:
		r->reply_type =
			any(2) == 0 ? MACH_MSG_TYPE_COPY_SEND : MACH_MSG_TYPE_MAKE_SEND_ONCE;
		r->reply = any_right(r->reply_type);
		break;
	default:
		r->hangs_up = 1;
	}
}

static void spoil_word(struct request *r)
{
	r->garbled_at = sizeof(mach_msg_header_t) + any(24) * 4;
}

void request_spoil(struct request *r)
{
	static void (*const ways[])(struct request *) = { spoil_size, spoil_type, spoil_bits,
		spoil_number, spoil_place, spoil_bit, spoil_complexity, spoil_order,
		spoil_with_rights, spoil_with_memory, spoil_with_bytes, spoil_id, spoil_reply,
		spoil_reply, spoil_word };

	for (unsigned count = any(3) == 0 ? 2 : 1; count > 0; count--)
		ways[any(sizeof ways / sizeof ways[0])](r);
}
