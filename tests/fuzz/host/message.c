/* Requests, from their bytes to their answers. The kernel has looked at what is complex: descriptors lie inside the
 * message, and the rights and memory that they speak of are the receiver's. */
#include "message.h"

#include <mach/mig_errors.h>

#include "../routines.h"
#include "acs_client_server.h"
#include "acs_session_server.h"
#include "acs_world.h"
#include "mach.h"

#define MESSAGE_MAX (128u << 10)
#define EXCEPTION_RAISE 2400

static union {
	mach_msg_header_t header;
	mig_reply_header_t reply;
	uint32_t words[MESSAGE_MAX / 4];
	char bytes[MESSAGE_MAX];
} in, out;
static size_t used;
static bool too_long; /* an array, for its contract: the stub must refuse it */
static bool has_more; /* than bytes: rights or memory */

/* --- The worker: libmasix/object/pool.c --- */

static masix_routine_t find_routine(void)
{
	masix_routine_t routine = (masix_routine_t)acs_session_server_routine(&in.header);

	if (routine == NULL)
		routine = (masix_routine_t)acs_client_server_routine(&in.header);
	return routine != NULL ? routine : session_exception_routine(&in.header);
}

static void serve(void)
{
	static const mach_msg_type_t code = { .msgt_name = MACH_MSG_TYPE_INTEGER_32,
		.msgt_size = 32,
		.msgt_number = 1,
		.msgt_inline = TRUE };
	const mach_port_t reply = in.header.msgh_remote_port;
	masix_routine_t routine;

	memset(&out.reply, 0, sizeof out.reply);
	out.header.msgh_bits = MACH_MSGH_BITS_REMOTE(in.header.msgh_bits);
	out.header.msgh_size = sizeof out.reply;
	out.header.msgh_remote_port = reply;
	out.header.msgh_id = (int)((unsigned)in.header.msgh_id + 100);
	out.reply.RetCodeType = code;
	out.reply.RetCode = MIG_BAD_ID;
	routine = find_routine();
	if (routine != NULL)
		routine(&in.header, &out.header);
	REQUIRE(!too_long || out.reply.RetCode == MIG_BAD_ARGUMENTS ||
		out.reply.RetCode == MIG_BAD_ID);
	if (out.reply.RetCode == MIG_NO_REPLY)
		return;
	if (out.reply.RetCode != KERN_SUCCESS) {
		masix_msg_destroy(&in.header, 1);
		out.header.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
	}
	/* The answer goes with all that it carries. */
	REQUIRE(out.header.msgh_size <= sizeof out);
	masix_msg_destroy(&out.header, 1);
	kernel_move(reply);
}

static void deliver(struct input *input, int id, mach_msg_bits_t complex)
{
	const bool replies = take_below(input, 4) != 0;
	mach_port_t port = world_port(take8(input));

	in.header.msgh_bits = MACH_MSGH_BITS(replies ? MACH_MSG_TYPE_PORT_SEND_ONCE : 0,
				      MACH_MSG_TYPE_PORT_SEND) |
			      complex;
	in.header.msgh_size = used;
	in.header.msgh_local_port = port;
	in.header.msgh_remote_port = replies ? kernel_right(true) : MACH_PORT_NULL;
	in.header.msgh_seqno = 0;
	in.header.msgh_id = id;
	serve();
}

/* --- Their making --- */

static int take_id(struct input *input)
{
	switch (take_below(input, 8)) {
	case 0:
		return EXCEPTION_RAISE;
	case 1:
		return (int)take32(input);
	case 2:
	case 3:
	case 4:
		return 500000 + (int)take_below(input, 16);
	default:
		return 500400 + (int)take_below(input, 16);
	}
}

void message_raw(struct input *input)
{
	int id = take_id(input);

	used = sizeof in.header + take_bytes(input, in.bytes + sizeof in.header, 255);
	/* The kernel's sizes are of whole words. */
	used &= ~(size_t)3;
	too_long = false;
	deliver(input, id, 0);
}

static void put(const void *bytes, size_t size)
{
	const size_t padded = (size + 3) & ~(size_t)3;

	REQUIRE(used + padded <= sizeof in);
	memset(in.bytes + used, 0, padded);
	memcpy(in.bytes + used, bytes, size);
	used += padded;
}

struct shape {
	unsigned name, bits, number;
	bool is_inline, is_long;
};

static bool is_right(const struct shape *shape)
{
	return shape->name >= MACH_MSG_TYPE_PORT_RECEIVE &&
	       shape->name <= MACH_MSG_TYPE_PORT_SEND_ONCE;
}

static struct shape shape_of(const struct argument *argument, unsigned count)
{
	switch (argument->kind) {
	case ARGUMENT_WIDE:
		return (struct shape){ MACH_MSG_TYPE_INTEGER_64, 64, 1, true, false };
	case ARGUMENT_BYTES:
		return (struct shape){ MACH_MSG_TYPE_CHAR, 8, count, true, argument->size > 4095 };
	case ARGUMENT_WORDS:
		return (struct shape){ MACH_MSG_TYPE_INTEGER_32, 32, count, true,
			argument->size > 4095 };
	case ARGUMENT_STRUCT:
		return (struct shape){ MACH_MSG_TYPE_INTEGER_32, 32, argument->size, true, false };
	case ARGUMENT_MEMORY:
		return (struct shape){ MACH_MSG_TYPE_CHAR, 8, count, false, true };
	case ARGUMENT_RIGHT:
		return (struct shape){ MACH_MSG_TYPE_PORT_SEND, 32, 1, true, false };
	default:
		return (struct shape){ MACH_MSG_TYPE_INTEGER_32, 32, 1, true, false };
	}
}

/* Another type, size, count, place. */
static void spoil(struct input *input, struct shape *shape)
{
	static const uint8_t names[] = { MACH_MSG_TYPE_INTEGER_32, MACH_MSG_TYPE_CHAR,
		MACH_MSG_TYPE_INTEGER_64, MACH_MSG_TYPE_PORT_SEND, MACH_MSG_TYPE_PORT_SEND_ONCE,
		MACH_MSG_TYPE_PORT_RECEIVE };
	static const uint8_t sizes[] = { 8, 16, 32, 64, 1, 0 };

	switch (take_below(input, 5)) {
	case 0:
		shape->name = names[take_below(input, sizeof names)];
		break;
	case 1:
		shape->bits = sizes[take_below(input, sizeof sizes)];
		break;
	case 2:
		shape->number = take8(input) * (take_below(input, 2) ? 1 : 4);
		break;
	case 3:
		shape->is_long = !shape->is_long;
		break;
	default:
		shape->is_inline = !shape->is_inline;
	}
	/* What the kernel takes for a right is one. */
	if (is_right(shape))
		shape->bits = 32;
}

static void put_type(const struct shape *shape)
{
	/* Memory is the receiver's, as the kernel says in each message that has some. */
	mach_msg_type_t plain = { .msgt_inline = shape->is_inline,
		.msgt_longform = shape->is_long,
		.msgt_deallocate = !shape->is_inline };
	mach_msg_type_long_t wide = {
		.msgtl_name = shape->name, .msgtl_size = shape->bits, .msgtl_number = shape->number
	};

	if (shape->is_long) {
		wide.msgtl_header = plain;
		put(&wide, sizeof wide);
		return;
	}
	plain.msgt_name = shape->name;
	plain.msgt_size = shape->bits;
	plain.msgt_number = shape->number;
	put(&plain, sizeof plain);
}

/* The bytes of a value: rights are rights, the rest is the input's. */
static void fill(struct input *input, const struct shape *shape, char *bytes, size_t size)
{
	if (is_right(shape)) {
		for (size_t at = 0; at + 4 <= size; at += 4) {
			const mach_port_t right =
				take_below(input, 8) == 7
					? MACH_PORT_NULL
					: kernel_right(shape->name == MACH_MSG_TYPE_PORT_SEND_ONCE);

			memcpy(bytes + at, &right, 4);
		}
		return;
	}
	memset(bytes, take_below(input, 2) ? (int)take8(input) : 0, size);
	(void)take_bytes(input, bytes, size);
}

static void put_argument(struct input *input, const struct argument *argument)
{
	static const char *const names[] = { "lamp", "bell", "nest", "nest/egg", "herd", "heir",
		"lamp#1", "herd#2", "" };
	static char bytes[16384];
	const char *name = argument->kind == ARGUMENT_BYTES && take_below(input, 4) != 3
				   ? names[take_below(input, sizeof names / sizeof names[0])]
				   : NULL;
	unsigned count = name != NULL ? (unsigned)strlen(name) : take8(input);
	struct shape shape;
	size_t size;

	if (argument->kind == ARGUMENT_WORDS && count > argument->size)
		count = 2;
	/* Sometimes more than the contract has room for. */
	if (name == NULL && argument->size < 8192 && take_below(input, 8) == 7)
		count += argument->size;
	shape = shape_of(argument, count);
	if (take_below(input, 16) == 15)
		spoil(input, &shape);
	too_long |= argument->kind == ARGUMENT_BYTES && shape.number > argument->size;
	size = ((size_t)shape.number * shape.bits + 7) / 8;
	if (name == NULL || shape.name != MACH_MSG_TYPE_CHAR)
		fill(input, &shape, bytes, size);
	else
		memcpy(bytes, name, strlen(name));
	has_more |= !shape.is_inline || is_right(&shape);
	put_type(&shape);
	if (shape.is_inline) {
		put(bytes, size);
	} else {
		const uint32_t chances = kernel_chances;
		vm_address_t memory = 0;

		kernel_chances = 0; /* it has come with the message */
		if (size != 0) {
			REQUIRE(vm_allocate(mach_task_self(), &memory, size, TRUE) == KERN_SUCCESS);
			memcpy((void *)memory, bytes, size);
		}
		kernel_chances = chances;
		put(&memory, sizeof memory);
	}
}

static void put_exception(struct input *input)
{
	const struct shape right = { MACH_MSG_TYPE_PORT_SEND, 32, 1, true, false };
	mach_port_t thread = kernel_right(false), task = kernel_task(take8(input));

	if (task == MACH_PORT_NULL)
		task = kernel_right(false);
	else
		kernel_make(task);
	put_type(&right);
	put(&thread, sizeof thread);
	put_type(&right);
	put(&task, sizeof task);
}

void message_shaped(struct input *input)
{
	const int id = take_id(input);
	const struct routine *routine = NULL;

	used = sizeof in.header;
	has_more = id == EXCEPTION_RAISE;
	too_long = false;
	for (unsigned i = 0; i < routine_count; i++)
		if (routines[i].id == id)
			routine = &routines[i];
	if (routine != NULL)
		for (unsigned i = 0; i < routine->argument_count; i++)
			put_argument(input, &routine->arguments[i]);
	else if (id == EXCEPTION_RAISE)
		put_exception(input);
	if (take_below(input, 32) == 31)
		used += 4;
	if (take_below(input, 16) == 15)
		has_more = true;
	deliver(input, id, has_more ? MACH_MSGH_BITS_COMPLEX : 0);
	world_run();
}
