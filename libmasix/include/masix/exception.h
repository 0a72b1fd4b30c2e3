/* The kernel's exception request (exc.defs), which holds a send right to the thread and one to its task, and its answer: the
 * thread waits for it. For who serves it without the stub of MIG, on a port that has other messages too. */
#ifndef MASIX_EXCEPTION_H
#define MASIX_EXCEPTION_H

#include <mach/message.h>
#include <stdint.h>

#define MASIX_EXCEPTION_ID 2400

struct masix_exception {
	mach_msg_header_t header;
	mach_msg_type_t thread_type;
	mach_port_t thread;
	mach_msg_type_t task_type;
	mach_port_t task;
	mach_msg_type_t exception_type;
	int exception;
	mach_msg_type_t code_type;
	int code;
	mach_msg_type_t subcode_type;
	uint32_t subcode;
};

struct masix_exception_answer {
	mach_msg_header_t header;
	mach_msg_type_t type;
	kern_return_t result;
};

static inline struct masix_exception_answer masix_exception_answer_make(
	mach_port_t to, kern_return_t result)
{
	return (struct masix_exception_answer){
		.header = { .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
			.msgh_size = sizeof(struct masix_exception_answer),
			.msgh_remote_port = to,
			.msgh_id = MASIX_EXCEPTION_ID + 100 },
		.type = { .msgt_name = MACH_MSG_TYPE_INTEGER_32,
			.msgt_size = 32,
			.msgt_number = 1,
			.msgt_inline = 1 },
		.result = result,
	};
}

/* The kernel waits for it. */
static inline void masix_exception_reply(mach_port_t to, kern_return_t result)
{
	struct masix_exception_answer m = masix_exception_answer_make(to, result);

	(void)mach_msg(&m.header, MACH_SEND_MSG, sizeof(m), 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

#endif
