/* Messages built and taken apart by hand, and ports. */
#include "boot.h"

#include <string.h>

#include "mach.h"
#include "mach_port.h"

void message_begin(struct message *message, mach_port_t to, mach_msg_type_name_t how, int id)
{
	message->header = (mach_msg_header_t){
		.msgh_bits = MACH_MSGH_BITS(how, 0),
		.msgh_size = sizeof message->header,
		.msgh_remote_port = to,
		.msgh_id = id,
	};
}

void message_reply(struct message *message, mach_port_t port, mach_msg_type_name_t how)
{
	message->header.msgh_bits |= MACH_MSGH_BITS(0, how);
	message->header.msgh_local_port = port;
}

static void add_type(
	struct message *message, unsigned name, unsigned bits, unsigned number, bool is_inline)
{
	uint32_t *word = &message->words[message->header.msgh_size / 4];

	*(mach_msg_type_long_t *)word = (mach_msg_type_long_t){
		.msgtl_header = { .msgt_inline = is_inline, .msgt_longform = TRUE },
		.msgtl_name = (unsigned short)name,
		.msgtl_size = (unsigned short)bits,
		.msgtl_number = number,
	};
	message->header.msgh_size += sizeof(mach_msg_type_long_t);
	message->header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
}

static void add_word(struct message *message, uint32_t word)
{
	message->words[message->header.msgh_size / 4] = word;
	message->header.msgh_size += 4;
}

void message_number(struct message *message, uint32_t number)
{
	uint32_t *word = &message->words[message->header.msgh_size / 4];

	*(mach_msg_type_t *)word = (mach_msg_type_t){ .msgt_name = MACH_MSG_TYPE_INTEGER_32,
		.msgt_size = 32,
		.msgt_number = 1,
		.msgt_inline = TRUE };
	message->header.msgh_size += 4;
	add_word(message, number);
}

void message_rights(
	struct message *message, mach_msg_type_name_t how, unsigned count, const mach_port_t *names)
{
	unsigned i;

	add_type(message, how, 32, count, true);
	for (i = 0; i < count; i++)
		add_word(message, names[i]);
}

static void add_far(struct message *message, const void *memory, bool deallocate)
{
	message->words[message->header.msgh_size / 4 - 3] |= deallocate ? 1u << 30 : 0;
	add_word(message, (uint32_t)memory);
}

void message_memory(struct message *message, const void *memory, uint32_t size, bool deallocate)
{
	add_type(message, MACH_MSG_TYPE_BYTE, 8, size, false);
	add_far(message, memory, deallocate);
}

void message_array(
	struct message *message, mach_msg_type_name_t how, unsigned count, const mach_port_t *names)
{
	add_type(message, how, 32, count, false);
	add_far(message, names, false);
}

mach_msg_return_t message_send(struct message *message, mach_msg_timeout_t timeout)
{
	mach_msg_return_t result = mach_msg(&message->header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
		message->header.msgh_size, 0, MACH_PORT_NULL, timeout, MACH_PORT_NULL);

	/* The kernel gives the copy of the right back. */
	if (result == MACH_SEND_TIMED_OUT)
		(void)mach_port_deallocate(mach_task_self(), message->header.msgh_remote_port);
	return result;
}

mach_msg_return_t message_receive_within(
	struct message *message, mach_port_t port, mach_msg_timeout_t timeout)
{
	return mach_msg(&message->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *message, port,
		timeout, MACH_PORT_NULL);
}

mach_msg_return_t message_receive(struct message *message, mach_port_t port)
{
	return message_receive_within(message, port, WAIT_MS);
}

mach_port_t port_make(void)
{
	mach_port_t port = MACH_PORT_NULL;

	CHECK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port) == KERN_SUCCESS);
	return port;
}

void port_destroy(mach_port_t port)
{
	(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}

unsigned port_sends(mach_port_t name)
{
	mach_port_urefs_t count = 0;

	(void)mach_port_get_refs(mach_task_self(), name, MACH_PORT_RIGHT_SEND, &count);
	return count;
}

bool port_is_dead(mach_port_t name)
{
	mach_port_type_t type = 0;

	return mach_port_type(mach_task_self(), name, &type) == KERN_SUCCESS &&
	       (type & MACH_PORT_TYPE_DEAD_NAME) != 0;
}

unsigned port_names(void)
{
	mach_port_t *names = NULL;
	mach_port_type_t *types = NULL;
	mach_msg_type_number_t count = 0, type_count = 0;

	if (mach_port_names(mach_task_self(), &names, &count, &types, &type_count) != KERN_SUCCESS)
		return 0;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)names, count * sizeof *names);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)types, type_count * sizeof *types);
	return count;
}
