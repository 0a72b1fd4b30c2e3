#include <mach/mig_support.h>

#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <masix/error.h>
#include <masix/exception.h>
#include <masix/mach.h>
#include <string.h>

#include "foreign_program_reply.h"
#include "foreign_program_server.h"
#include "mach.h"
#include "mach_port.h"
#include "machine.h"

#define KEYS 1024u

union message {
	mach_msg_header_t header;
	struct masix_exception exception;
	struct masix_exception_answer answer;
	mig_reply_header_t reply;
	char bytes[MASIX_INLINE_MAX + 1024];
};

struct exception exception;
mach_port_t events_exceptions;
static mach_port_t set;
static mach_port_t exception_reply; /* of the exception that the program waits for; or null */
static bool exception_is_new;
static bool answer_is_due; /* the program may go on: the next receive says so, in one trap */

/* The caller. */
static mach_port_t step_reply; /* of the step that it waits for; or null */
static int step_result;
static void *step_input; /* where what it read goes, while a call waits for it */
static uint32_t step_room, step_size;

static char keys[KEYS];
static uint32_t key_first, key_count;
bool keys_end;

/* The two buffers of the receive loop, which is never entered twice. */
static union message request, reply;

/* MIG makes servers of all routines of a contract. */
kern_return_t S_program_start(mach_port_t personality, masix_rights_t directories,
	mach_msg_type_number_t directory_count, const masix_ids_t mounts,
	mach_msg_type_number_t mount_count, const masix_ids_t numbers,
	mach_msg_type_number_t number_count, const masix_inline_t strings,
	mach_msg_type_number_t size, mach_port_t *program)
{
	(void)personality;
	(void)directories;
	(void)directory_count;
	(void)mounts;
	(void)mount_count;
	(void)numbers;
	(void)number_count;
	(void)strings;
	(void)size;
	(void)program;
	return MIG_BAD_ID; /* that is the server's */
}

kern_return_t S_program_step(mach_port_t program, mach_port_t reply_to,
	mach_msg_type_name_t reply_type, int result, const masix_inline_t input,
	mach_msg_type_number_t size, int *event, int *stream, uint32_t *amount, masix_inline_t data,
	mach_msg_type_number_t *data_size)
{
	(void)program;
	(void)reply_type;
	(void)event;
	(void)stream;
	(void)amount;
	(void)data;
	(void)data_size;
	if (step_reply != MACH_PORT_NULL)
		return MASIX_E_BUSY;
	step_reply = reply_to;
	step_result = result;
	step_size = size < step_room ? size : step_room;
	if (step_size > 0)
		memcpy(step_input, input, step_size);
	return MIG_NO_REPLY;
}

kern_return_t S_program_keys(
	mach_port_t program, const masix_inline_t typed, mach_msg_type_number_t size)
{
	(void)program;
	if (size > KEYS - key_count)
		return MASIX_E_LIMIT;
	window_doubt();
	keys_end = size == 0;
	for (mach_msg_type_number_t i = 0; i < size; i++)
		keys[(key_first + key_count++) % KEYS] = typed[i];
	return KERN_SUCCESS;
}

int events_key(void)
{
	int c;

	if (key_count == 0)
		return -1;
	c = (uint8_t)keys[key_first];
	key_first = (key_first + 1) % KEYS;
	key_count--;
	return c;
}

void events_init(void)
{
	mach_port_t previous;
	kern_return_t kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set);

	if (kr == KERN_SUCCESS)
		kr = mach_port_allocate(
			mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &events_exceptions);
	if (kr == KERN_SUCCESS)
		kr = mach_port_insert_right(mach_task_self(), events_exceptions, events_exceptions,
			MACH_MSG_TYPE_MAKE_SEND);
	if (kr == KERN_SUCCESS)
		kr = mach_port_move_member(mach_task_self(), events_exceptions, set);
	if (kr == KERN_SUCCESS)
		kr = mach_port_move_member(mach_task_self(), MACHINE_PORT_CONTROL, set);
	if (kr == KERN_SUCCESS)
		kr = mach_port_request_notification(mach_task_self(), MACHINE_PORT_CONTROL,
			MACH_NOTIFY_NO_SENDERS, 0, MACHINE_PORT_CONTROL,
			MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
	if (kr != KERN_SUCCESS) {
		machine_say("cannot begin: no port set");
		machine_end();
	}
}

static void serve_caller(void)
{
	mig_routine_t routine = foreign_program_server_routine(&request.header);

	/* The kernel's notifications come over a send-once right, which no caller can make. */
	if (request.header.msgh_id == MACH_NOTIFY_NO_SENDERS &&
		MACH_MSGH_BITS_LOCAL(request.header.msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE)
		machine_end();
	reply.header.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request.header.msgh_bits), 0);
	reply.header.msgh_size = sizeof(mig_reply_header_t);
	reply.header.msgh_remote_port = request.header.msgh_remote_port;
	reply.header.msgh_local_port = MACH_PORT_NULL;
	reply.header.msgh_seqno = 0;
	reply.header.msgh_id = request.header.msgh_id + 100;
	reply.reply.RetCodeType = (mach_msg_type_t){
		.msgt_name = MACH_MSG_TYPE_INTEGER_32,
		.msgt_size = 32,
		.msgt_number = 1,
		.msgt_inline = 1,
	};
	if (routine != NULL)
		routine(&request.header, &reply.header);
	else
		reply.reply.RetCode = MIG_BAD_ID; /* what it carries goes with the task */
	if (reply.reply.RetCode == MIG_NO_REPLY || reply.header.msgh_remote_port == MACH_PORT_NULL)
		return;
	/* Who does not take his answer gets none; a right that is no send-once right could block us. */
	if (MACH_MSGH_BITS_REMOTE(request.header.msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE)
		(void)mach_msg(&reply.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
			reply.header.msgh_size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static void note_exception(void)
{
	const struct masix_exception *m = &request.exception;

	exception = (struct exception){ m->exception, m->code, m->subcode };
	exception_reply = m->header.msgh_remote_port;
	exception_is_new = true;
}

/* The answer that is due, as `request`. */
static mach_msg_size_t take_answer(void)
{
	request.answer = masix_exception_answer_make(exception_reply, KERN_SUCCESS);
	exception_reply = MACH_PORT_NULL;
	answer_is_due = false;
	return sizeof(request.answer);
}

/* One message, if it comes in time. */
static bool receive_one(uint32_t timeout_ms)
{
	mach_msg_option_t option = MACH_RCV_MSG | (timeout_ms != ~0u ? MACH_RCV_TIMEOUT : 0);
	mach_msg_size_t size = 0;

	if (answer_is_due) {
		option |= MACH_SEND_MSG;
		size = take_answer();
	}
	if (mach_msg(&request.header, option, size, sizeof(request), set, timeout_ms,
		    MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		return false;
	if (request.header.msgh_local_port == events_exceptions) {
		if (request.header.msgh_id == MASIX_EXCEPTION_ID)
			note_exception();
	} else {
		serve_caller();
	}
	return true;
}

bool events_receive(uint32_t timeout_ms)
{
	/* Each message may bring the wait to its end early: who asks looks at the clock. */
	if (!exception_is_new)
		(void)receive_one(timeout_ms);
	if (!exception_is_new)
		return false;
	exception_is_new = false;
	return true;
}

void events_resume_program(void)
{
	answer_is_due = true;
}

void events_settle(void)
{
	/* The kernel waits for it. */
	if (answer_is_due)
		(void)mach_msg(&request.header, MACH_SEND_MSG, take_answer(), 0, MACH_PORT_NULL, 0,
			MACH_PORT_NULL);
}

void events_forget_exception(void)
{
	while (!exception_is_new && receive_one(0))
		continue;
	if (!exception_is_new)
		return;
	exception_is_new = false;
	(void)mach_port_deallocate(mach_task_self(), exception_reply);
	exception_reply = MACH_PORT_NULL;
}

void events_wait(uint32_t timeout_ms)
{
	if (key_count == 0 && !keys_end)
		(void)receive_one(timeout_ms);
}

static void tell(int event, int stream, uint32_t amount, const void *data, uint32_t size)
{
	mach_port_t to;

	window_doubt();
	while (step_reply == MACH_PORT_NULL)
		(void)receive_one(~0u);
	to = step_reply;
	step_reply = MACH_PORT_NULL;
	/* If the caller is gone, the kernel tells us so. */
	(void)program_step_reply(
		to, MACH_MSG_TYPE_MOVE_SEND_ONCE, KERN_SUCCESS, event, stream, amount, data, size);
}

int events_call(int event, int stream, uint32_t amount, const void *data, uint32_t size,
	void *input, uint32_t room)
{
	tell(event, stream, amount, data, size);
	step_input = input;
	step_room = room;
	while (step_reply == MACH_PORT_NULL)
		(void)receive_one(~0u);
	step_room = 0;
	if (step_result > 0 && room > 0 && (uint32_t)step_result > step_size)
		step_result = (int)step_size;
	return step_result;
}

void events_exit(uint32_t status, const char *why)
{
	tell(MASIX_PROGRAM_EXIT, 0, status, why, (uint32_t)strlen(why));
}
