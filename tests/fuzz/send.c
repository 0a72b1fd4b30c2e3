/* Requests as bytes, to a port; and their answers. */
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <masix/mach.h>
#include <signal.h>
#include <string.h>

#include "mach.h"
#include "mach_port.h"
#include "message.h"
#include "random.h"

#define SEND_MS 500
#define ANSWER_MAX 36864

static union {
	mach_msg_header_t header;
	uint32_t words[MESSAGE_MAX / 4];
	char bytes[MESSAGE_MAX];
} out;

static union {
	mach_msg_header_t header;
	mig_reply_header_t reply;
	char bytes[ANSWER_MAX];
} in;

static mach_port_t own_reply;

/* --- Bytes --- */

static size_t put(size_t at, const void *data, size_t size)
{
	size_t padded = (size + 3) & ~(size_t)3;

	if (padded > MESSAGE_MAX - 4096 - at)
		return at;
	memset(out.bytes + at + size, 0, padded - size);
	memcpy(out.bytes + at, data, size);
	return at + padded;
}

static size_t put_part(size_t at, const struct part *part)
{
	const mach_msg_type_t plain = {
		.msgt_name = part->is_long ? 0 : part->type & 0xff,
		.msgt_size = part->is_long ? 0 : part->bits & 0xff,
		.msgt_number = part->is_long ? 0 : part->number & 0xfff,
		.msgt_inline = part->is_inline != 0,
		.msgt_longform = part->is_long != 0,
		.msgt_deallocate = part->frees != 0,
	};
	const mach_msg_type_long_t wide = {
		.msgtl_header = plain,
		.msgtl_name = (unsigned short)part->type,
		.msgtl_size = (unsigned short)part->bits,
		.msgtl_number = part->number,
	};

	at = part->is_long ? put(at, &wide, sizeof wide) : put(at, &plain, sizeof plain);
	return part->is_inline ? put(at, part->data, part->size)
			       : put(at, &part->data, sizeof part->data);
}

/* --- What the system would not survive: spoilt so that it is refused for its size --- */

/* Asked well, these end the system, the process, or what it may do. */
static int is_forbidden(int id)
{
	static const char *const names[] = { "acs_halt", "acs_kill", "fs_shutdown",
		"process_reboot", "process_exit", "process_stop", "store_crash" };

	for (unsigned i = 0; i < routine_count; i++)
		if (routines[i].id == id)
			for (unsigned j = 0; j < sizeof names / sizeof names[0]; j++)
				if (strcmp(routines[i].name, names[j]) == 0)
					return 1;
	return 0;
}

static int is_named(int id, const char *name)
{
	for (unsigned i = 0; i < routine_count; i++)
		if (routines[i].id == id)
			return strncmp(routines[i].name, name, strlen(name)) == 0;
	return 0;
}

#define FIRST_VALUE 7 /* words: behind the header and a type */
#define SECOND_VALUE 9
#define FIRST_NAME_BYTE 28
#define FIRST_PATH_BYTE 36

static void guard(mach_msg_header_t *header, const struct request *r)
{
	int id = header->msgh_id, refuse = is_forbidden(id);

	/* What root may change of the machine's own files, and of itself: the values are chosen for the routine. */
	if (surroundings.is_root && (id != r->routine->id || r->garbled_at != 0) &&
		(is_named(id, "dir_unlink") || is_named(id, "dir_rename") ||
			is_named(id, "dir_open")))
		refuse = 1;
	if (surroundings.is_root && !surroundings.target_is_own && is_named(id, "io_set_"))
		refuse = 1;
	if (surroundings.is_root && is_named(id, "process_set_ids") && any(8) != 0)
		refuse = 1;
	/* The log goes to a serial line. */
	if (surroundings.is_busy &&
		(is_named(id, "process_log") || is_named(id, "console_log") ||
			is_named(id, "acs_log")) &&
		any(16) != 0)
		refuse = 1;
	if (refuse) {
		/* No routine has this size: all are checked for theirs. */
		header->msgh_size = sizeof *header + 4;
		return;
	}
	if (is_named(id, "process_kill")) {
		out.words[FIRST_VALUE] = any(2) == 0 ? 0x7ffffff0u : (uint32_t)surroundings.pid;
		if ((int)out.words[FIRST_VALUE] == surroundings.pid &&
			out.words[SECOND_VALUE] <= 64)
			out.words[SECOND_VALUE] = any(2) == 0 ? 0 : SIGURG;
	}
	if (is_named(id, "process_nice"))
		out.words[FIRST_VALUE] = any(2) == 0 ? 0 : 0x7ffffff0u;
	/* Root may end servers, those that the machine needs too. */
	if (is_named(id, "acs_kill") || is_named(id, "acs_restart"))
		out.bytes[FIRST_NAME_BYTE] = '\1';
	/* What covers must not be uncovered. */
	if (is_named(id, "fs_cover"))
		out.bytes[FIRST_PATH_BYTE] = '\1';
}

/* Does the body, as the kernel reads it, hold rights out of line that it cannot fetch: at address 0, or of nearly all
 * memory? */
static int has_bad_rights(size_t words)
{
	size_t at = sizeof out.header / 4;

	while ((out.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) && at + 1 < words) {
		const mach_msg_type_t *type = (const mach_msg_type_t *)&out.words[at];
		const mach_msg_type_long_t *wide = (const mach_msg_type_long_t *)type;
		unsigned name = type->msgt_longform ? wide->msgtl_name : type->msgt_name;
		uint64_t number = type->msgt_longform ? wide->msgtl_number : type->msgt_number;
		unsigned bits = type->msgt_longform ? wide->msgtl_size : type->msgt_size;

		at += type->msgt_longform ? sizeof *wide / 4 : 1;
		if (!type->msgt_inline && name >= MACH_MSG_TYPE_MOVE_RECEIVE && at < words &&
			(out.words[at] == 0 || number * bits > 1 << 24))
			return 1;
		number = type->msgt_inline ? (number * bits + 31) / 32 : 1;
		if (number > words - at)
			return 0;
		at += (size_t)number;
	}
	return 0;
}

/* What this kernel itself panics on, wherever it is sent; and, at a port of its own, what it sends to pagers. */
static int is_for_kernel(const mach_msg_header_t *header)
{
	if (surroundings.target_is_kernel && header->msgh_id >= 2200 && header->msgh_id < 2300)
		return 1;
	return has_bad_rights(header->msgh_size / 4);
}

static mach_port_t reply_port(const struct request *r)
{
	if (r->reply_type == 0)
		return MACH_PORT_NULL;
	if (r->reply != MACH_PORT_NULL)
		return r->reply;
	if (own_reply == MACH_PORT_NULL)
		own_reply = mach_reply_port();
	return own_reply;
}

void drop_reply_port(void)
{
	if (own_reply != MACH_PORT_NULL)
		(void)mach_port_mod_refs(mach_task_self(), own_reply, MACH_PORT_RIGHT_RECEIVE, -1);
	own_reply = MACH_PORT_NULL;
}

/* --- Answers --- */

/* Give back what an answer brought, in the layout of MIG's: rights in line, memory out of line. */
static void give_back(void)
{
	const uint32_t *words = (const uint32_t *)&in;
	size_t at = sizeof in.header / 4, end = in.header.msgh_size / 4;

	while ((in.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) && at < end) {
		const mach_msg_type_t *type = (const mach_msg_type_t *)&words[at];
		const mach_msg_type_long_t *wide = (const mach_msg_type_long_t *)type;
		unsigned name = type->msgt_longform ? wide->msgtl_name : type->msgt_name;
		unsigned number = type->msgt_longform ? wide->msgtl_number : type->msgt_number;
		unsigned bits = type->msgt_longform ? wide->msgtl_size : type->msgt_size;
		size_t size = (size_t)number * bits / 8;

		at += type->msgt_longform ? sizeof *wide / 4 : 1;
		for (unsigned i = 0;
			!type->msgt_inline && name >= MACH_MSG_TYPE_MOVE_RECEIVE && i < number; i++)
			(void)mach_port_deallocate(
				mach_task_self(), ((const mach_port_t *)words[at])[i]);
		if (!type->msgt_inline && size > 0)
			(void)vm_deallocate(mach_task_self(), words[at], size);
		if (type->msgt_inline && name >= MACH_MSG_TYPE_MOVE_RECEIVE && number == 1)
			(void)mach_port_deallocate(mach_task_self(), words[at]);
		at += type->msgt_inline ? (size + 3) / 4 : 1;
	}
}

/* The code of the answer to `id`; others that come first are of calls that had to wait. */
static int take_answer(int id, unsigned wait_ms)
{
	for (;;) {
		mach_msg_return_t result = mach_msg(&in.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
			sizeof in, own_reply, wait_ms, MACH_PORT_NULL);

		if (result != MACH_MSG_SUCCESS)
			return NO_ANSWER;
		give_back();
		if (in.header.msgh_id == id + 100 && in.header.msgh_size >= sizeof in.reply)
			return in.reply.RetCode;
		/* The send-once right was lost: nobody will answer. */
		if (in.header.msgh_id == MACH_NOTIFY_SEND_ONCE && wait_ms > 0)
			return NO_ANSWER;
	}
}

int request_send(struct request *r, mach_port_t to, unsigned wait_ms)
{
	size_t size = sizeof out.header;
	int code = NO_ANSWER;

	for (unsigned i = 0; i < r->part_count; i++)
		size = put_part(size, &r->parts[i]);
	if (r->garbled_at != 0 && r->garbled_at < size)
		out.words[r->garbled_at / 4] = any_number();
	out.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, r->reply_type) |
			       (r->is_complex ? MACH_MSGH_BITS_COMPLEX : 0);
	out.header.msgh_remote_port = to;
	out.header.msgh_local_port = reply_port(r);
	out.header.msgh_seqno = 0;
	out.header.msgh_id = r->id;
	memset(out.bytes + size, 0, MESSAGE_MAX - size < 4096 ? MESSAGE_MAX - size : 4096);
	if (r->size_change >= 0 || size > sizeof out.header - (size_t)r->size_change)
		size += (size_t)r->size_change;
	out.header.msgh_size = size;
	guard(&out.header, r);
	if (is_for_kernel(&out.header))
		return NOT_SENT;
	size = out.header.msgh_size;
	if (mach_msg(&out.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, size, 0, MACH_PORT_NULL,
		    SEND_MS, MACH_PORT_NULL) != MACH_MSG_SUCCESS) {
		/* Its send-once right was made, and lost: the port may have heard of it. */
		drop_reply_port();
		return NOT_SENT;
	}
	if (r->hangs_up)
		drop_reply_port();
	if (r->reply_type != 0 && own_reply != MACH_PORT_NULL)
		code = take_answer(r->id, wait_ms);
	/* A late answer must not be taken for the next one's. */
	if (wait_ms > 0 && code == NO_ANSWER)
		drop_reply_port();
	return code;
}
