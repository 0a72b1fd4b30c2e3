/* Messages of io_read and io_write (mig/io.defs) made by hand: the hottest calls. */
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/mig_support.h>
#include <mach/notify.h>

#include <masix/types.h>

#include "emul.h"
#include "message.h"

#define IO_BASE 500600
#define REPLY_ID(routine) (IO_BASE + 100 + (routine))
#define ROUTINE_READ 0
#define ROUTINE_WRITE 2

#define INTEGER(n, name, bits)                                                                     \
	{                                                                                          \
		.msgt_name = (name), .msgt_size = (bits), .msgt_number = (n), .msgt_inline = 1     \
	}
static const mach_msg_type_t word_type = INTEGER(1, MACH_MSG_TYPE_INTEGER_32, 32);
static const mach_msg_type_t long_type = INTEGER(1, MACH_MSG_TYPE_INTEGER_64, 64);
static const mach_msg_type_long_t data_type = {
	.msgtl_header = { .msgt_inline = 1, .msgt_longform = 1 },
	.msgtl_name = MACH_MSG_TYPE_CHAR,
	.msgtl_size = 8,
};

/* What both requests begin with. */
struct request {
	mach_msg_header_t head;
	mach_msg_type_t token_type;
	uint32_t token;
	mach_msg_type_t flags_type;
	int flags;
	mach_msg_type_t offset_type;
	int64_t offset;
};

struct read_request {
	struct request common;
	mach_msg_type_t amount_type;
	uint32_t amount;
};

struct data {
	mach_msg_type_long_t type;
	char bytes[MASIX_INLINE_MAX];
};

struct read_reply {
	mig_reply_header_t head;
	struct data data;
};

struct write_request {
	struct request common;
	struct data data;
};

struct write_reply {
	mig_reply_header_t head;
	mach_msg_type_t written_type;
	uint32_t written;
	mach_msg_type_t end_type;
	int64_t end;
};

_Static_assert(sizeof(struct read_request) == 60, "io_read's request");
_Static_assert(offsetof(struct read_reply, data.bytes) == 44, "io_read's reply");
_Static_assert(offsetof(struct write_request, data.bytes) == 64, "io_write's request");
_Static_assert(sizeof(struct write_reply) == 52, "io_write's reply");

static int same_type(mach_msg_type_t a, mach_msg_type_t b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static void fill_request(
	struct request *request, const struct message_target *target, int64_t offset, int routine)
{
	request->head.msgh_bits =
		MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	request->head.msgh_remote_port = target->port;
	request->head.msgh_local_port = mig_get_reply_port();
	request->head.msgh_seqno = 0;
	request->head.msgh_id = IO_BASE + routine;
	request->token_type = word_type;
	request->token = target->token;
	request->flags_type = word_type;
	request->flags = target->flags;
	request->offset_type = long_type;
	request->offset = offset;
}

/* Send the request and receive the reply over it.  On success the reply has at least `least` bytes and
 * says success itself. */
static kern_return_t call(mach_msg_header_t *message, mach_msg_size_t send_size,
	mach_msg_size_t receive_size, mach_msg_size_t least, int routine)
{
	mach_port_t reply_port = message->msgh_local_port;
	mig_reply_header_t *reply = (mig_reply_header_t *)message;
	mach_msg_return_t result;

	message->msgh_size = send_size;
	result = mach_msg(message, MACH_SEND_MSG | MACH_RCV_MSG, send_size, receive_size,
		reply_port, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);
	if (result != MACH_MSG_SUCCESS) {
		mig_dealloc_reply_port(reply_port);
		return result;
	}
	mig_put_reply_port(reply_port);
	if (message->msgh_id != REPLY_ID(routine)) {
		if (message->msgh_id == MACH_NOTIFY_SEND_ONCE)
			return MIG_SERVER_DIED;
		mig_dealloc_reply_port(reply_port);
		return MIG_REPLY_MISMATCH;
	}
	if ((message->msgh_bits & MACH_MSGH_BITS_COMPLEX) != 0 ||
		message->msgh_size < sizeof *reply || !same_type(reply->RetCodeType, word_type))
		return MIG_TYPE_ERROR;
	if (reply->RetCode != KERN_SUCCESS)
		return reply->RetCode;
	return message->msgh_size >= least ? KERN_SUCCESS : MIG_TYPE_ERROR;
}

kern_return_t message_read(const struct message_target *target, int64_t offset, uint32_t amount,
	struct cursor *to, uint32_t *got)
{
	union {
		struct read_request request;
		struct read_reply reply;
	} message;
	const struct data *data = &message.reply.data;
	kern_return_t kr;
	uint32_t n;

	*got = 0;
	if (amount > MASIX_INLINE_MAX)
		amount = MASIX_INLINE_MAX;
	fill_request(&message.request.common, target, offset, ROUTINE_READ);
	message.request.amount_type = word_type;
	message.request.amount = amount;
	kr = call(&message.request.common.head, sizeof message.request, sizeof message.reply,
		offsetof(struct read_reply, data.bytes), ROUTINE_READ);
	if (kr != KERN_SUCCESS)
		return kr;

	n = data->type.msgtl_number;
	if (!data->type.msgtl_header.msgt_inline || !data->type.msgtl_header.msgt_longform ||
		data->type.msgtl_name != MACH_MSG_TYPE_CHAR || data->type.msgtl_size != 8 ||
		n > amount ||
		message.reply.head.Head.msgh_size !=
			offsetof(struct read_reply, data.bytes) + ((n + 3) & ~3u))
		return MIG_TYPE_ERROR;
	*got = cursor_put(to, data->bytes, n);
	return *got == n ? KERN_SUCCESS : KERN_PROTECTION_FAILURE;
}

kern_return_t message_write(const struct message_target *target, int64_t offset, uint32_t amount,
	struct cursor *from, uint32_t *written, int64_t *end)
{
	union {
		struct write_request request;
		struct write_reply reply;
	} message;
	struct cursor ahead;
	kern_return_t kr;
	uint32_t n;

	*written = 0;
	if (amount > MASIX_INLINE_MAX)
		amount = MASIX_INLINE_MAX;
	cursor_copy(&ahead, from);
	fill_request(&message.request.common, target, offset, ROUTINE_WRITE);
	message.request.data.type = data_type;
	n = cursor_get(&ahead, message.request.data.bytes, amount);
	if (n == 0 && amount > 0)
		return KERN_PROTECTION_FAILURE;
	message.request.data.type.msgtl_number = n;
	kr = call(&message.request.common.head,
		offsetof(struct write_request, data.bytes) + ((n + 3) & ~3u), sizeof message.reply,
		sizeof message.reply, ROUTINE_WRITE);
	if (kr != KERN_SUCCESS)
		return kr;
	if (!same_type(message.reply.written_type, word_type) ||
		!same_type(message.reply.end_type, long_type) || message.reply.written > n)
		return MIG_TYPE_ERROR;
	*written = message.reply.written;
	*end = message.reply.end;
	cursor_skip(from, *written);
	return KERN_SUCCESS;
}
