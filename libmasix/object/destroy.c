/* masix_msg_destroy: the walk with the kernel's own deallocators. */
#include <mach/message.h>
#include <masix/mach.h>
#include <masix/object.h>

#include "mach.h"
#include "mach_port.h"
#include "object/walk.h"

static void drop_right(void *context, uint32_t name, unsigned disposition)
{
	(void)context;
	switch (disposition) {
	case MACH_MSG_TYPE_PORT_RECEIVE:
		(void)mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
		break;
	case MACH_MSG_TYPE_PORT_SEND:
	case MACH_MSG_TYPE_PORT_SEND_ONCE:
		/* Also right for a name that died under us. */
		(void)mach_port_deallocate(mach_task_self(), name);
		break;
	default:
		break; /* not moved into the message: COPY_SEND, MAKE_SEND, MAKE_SEND_ONCE */
	}
}

static const uint32_t *array_names(void *context, uint32_t address, uint32_t count)
{
	(void)context;
	(void)count;
	return (const uint32_t *)address; /* the kernel allocated all of it */
}

static void drop_memory(void *context, uint32_t address, uint32_t size)
{
	(void)context;
	(void)vm_deallocate(mach_task_self(), address, size);
}

void masix_msg_destroy(mach_msg_header_t *message, int keep_reply)
{
	static const struct message_sink sink = {
		.right = drop_right,
		.array = array_names,
		.memory = drop_memory,
	};

	message_walk((const uint32_t *)message, message->msgh_size, keep_reply, &sink);
	if (!keep_reply)
		message->msgh_remote_port = MACH_PORT_NULL;
}
