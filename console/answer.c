#include "answer.h"

#include <mach/mach_types.h>
#include <string.h>

#include <masix/mach.h>

#include "console_reply.h"
#include "io_reply.h"
#include "mach.h"
#include "mach_port.h"

static kern_return_t answer_read_large(
	const struct parked *call, const struct channels_answer *answer)
{
	vm_address_t region = 0;
	vm_size_t size = answer->count;
	kern_return_t kr;

	if (size) {
		kr = vm_allocate(mach_task_self(), &region, size, TRUE);
		if (kr)
			return kr;
		memcpy((void *)region, answer->data, size);
	}
	kr = io_read_large_reply(
		call->caller.reply, call->caller.reply_type, answer->error, (char *)region, size);
	if (kr && size)
		(void)vm_deallocate(mach_task_self(), region, size);
	return kr;
}

bool answer_call(const struct parked *call, const struct channels_answer *answer)
{
	mach_port_t reply = call->caller.reply;
	mach_msg_type_name_t type = call->caller.reply_type;
	kern_return_t kr = KERN_FAILURE;

	switch (call->kind) {
	case PARKED_READ:
		kr = io_read_reply(
			reply, type, answer->error, (const char *)answer->data, answer->count);
		break;
	case PARKED_READ_LARGE:
		kr = answer_read_large(call, answer);
		break;
	case PARKED_WRITE:
		kr = io_write_reply(reply, type, answer->error, answer->count, 0);
		break;
	case PARKED_WRITE_LARGE:
		kr = io_write_large_reply(reply, type, answer->error, answer->count, 0);
		break;
	case PARKED_POLL:
		kr = io_poll_reply(reply, type, answer->error, (int)answer->count);
		break;
	case PARKED_WINDOW:
		kr = console_window_reply(
			reply, type, answer->error, answer->serial, answer->rows, answer->columns);
		break;
	}
	if (kr)
		(void)mach_port_deallocate(mach_task_self(), reply);
	return !kr;
}

bool answer_is_wanted(const struct parked *call)
{
	mach_port_type_t type;

	return !mach_port_type(mach_task_self(), call->caller.reply, &type) &&
	       type & MACH_PORT_TYPE_SEND_ONCE;
}
