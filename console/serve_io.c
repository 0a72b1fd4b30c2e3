/* io.defs, for the channels of the host. */
#include <mach/mig_errors.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/foreign.h>
#include <masix/mach.h>
#include <masix/types.h>

#include "io_server.h"
#include "mach.h"
#include "state.h"

static void channel_destroy(struct masix_object *object)
{
	free(object);
}

static void channel_no_senders(struct masix_object *object)
{
	struct channel_object *opened = (struct channel_object *)object;
	struct host_link *link = &opened->console->link;

	pthread_mutex_lock(&link->lock);
	channels_forget(&link->channels, opened);
	opened->kept->port = MACH_PORT_NULL;
	pthread_mutex_unlock(&link->lock);
}

const struct masix_class channel_class = {
	.name = "channel",
	.destroy = channel_destroy,
	.no_senders = channel_no_senders,
};

/* A call on a channel from its checks to its answer. */
struct call {
	struct channel_object *opened; /* a reference */
	struct channels *channels;     /* under the link's lock */
	struct caller caller;
};

/* Checks that `port` is a channel that can do `direction` (0: any), and takes the lock.  A call
 * that may wait needs a send-once reply right: another kind could block us later. */
static kern_return_t call_begin(struct call *call, mach_port_t port, int direction,
	mach_port_t reply, mach_msg_type_name_t reply_type, uint32_t token)
{
	struct channel_object *opened =
		(struct channel_object *)masix_object_get(port, &channel_class);

	if (!opened)
		return KERN_INVALID_ARGUMENT;
	if (reply && reply_type != MACH_MSG_TYPE_PORT_SEND_ONCE) {
		masix_object_put(&opened->object);
		return KERN_INVALID_ARGUMENT;
	}
	if (direction && !(channels_directions(opened->channel) & direction)) {
		masix_object_put(&opened->object);
		return MASIX_E_ACCESS;
	}
	call->opened = opened;
	call->channels = &opened->console->link.channels;
	call->caller = (struct caller){
		.owner = opened, .token = token, .reply = reply, .reply_type = reply_type
	};
	pthread_mutex_lock(&opened->console->link.lock);
	return KERN_SUCCESS;
}

static kern_return_t call_end(struct call *call, int result)
{
	pthread_mutex_unlock(&call->opened->console->link.lock);
	masix_object_put(&call->opened->object);
	return result == CHANNELS_PARKED ? MIG_NO_REPLY : result;
}

kern_return_t S_io_read(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count)
{
	struct call call;
	kern_return_t kr;

	(void)data;
	*count = 0;
	if (offset != MASIX_STREAM)
		return MASIX_E_SEEK;
	kr = call_begin(&call, io, MASIX_POLL_IN, reply, reply_type, token);
	if (kr)
		return kr;
	return call_end(&call, channels_read(call.channels, call.opened->channel, &call.caller,
				       PARKED_READ, flags, amount));
}

kern_return_t S_io_read_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_bulk_t *data,
	mach_msg_type_number_t *count)
{
	struct call call;
	kern_return_t kr;

	*data = NULL;
	*count = 0;
	if (offset != MASIX_STREAM)
		return MASIX_E_SEEK;
	kr = call_begin(&call, io, MASIX_POLL_IN, reply, reply_type, token);
	if (kr)
		return kr;
	return call_end(&call, channels_read(call.channels, call.opened->channel, &call.caller,
				       PARKED_READ_LARGE, flags, amount));
}

/* Both writes.  The data stays the caller's. */
static kern_return_t write_channel(mach_port_t io, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, enum parked_kind kind, int flags,
	int64_t offset, const char *data, size_t count, uint32_t *written, int64_t *end)
{
	struct call call;
	kern_return_t kr;

	*written = 0;
	*end = 0;
	if (offset != MASIX_STREAM)
		return MASIX_E_SEEK;
	kr = call_begin(&call, io, MASIX_POLL_OUT, reply, reply_type, token);
	if (kr)
		return kr;
	return call_end(&call, channels_write(call.channels, call.opened->channel, &call.caller,
				       kind, flags, (const uint8_t *)data, count));
}

kern_return_t S_io_write(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, const masix_inline_t data,
	mach_msg_type_number_t count, uint32_t *written, int64_t *end)
{
	return write_channel(io, reply, reply_type, token, PARKED_WRITE, flags, offset, data, count,
		written, end);
}

kern_return_t S_io_write_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, masix_bulk_t data, mach_msg_type_number_t count,
	uint32_t *written, int64_t *end)
{
	static struct masix_foreign foreign = { .most = 1 };
	size_t part = count < CHANNELS_WRITE_MAX ? count : CHANNELS_WRITE_MAX;
	void *copy;
	kern_return_t kr;

	/* Before the lock: its pages may be slow, or fail. */
	kr = masix_foreign_copy(&foreign, data, part, &copy);
	if (kr)
		return kr;
	kr = write_channel(io, reply, reply_type, token, PARKED_WRITE_LARGE, flags, offset, copy,
		part, written, end);
	if (part)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)copy, part);
	/* On success the message's is ours too; a parked write has its own. */
	if ((!kr || kr == MIG_NO_REPLY) && count)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)data, count);
	return kr;
}

kern_return_t S_io_poll(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int events, int *ready)
{
	struct call call;
	kern_return_t kr = call_begin(&call, io, 0, reply, reply_type, token);

	if (kr)
		return kr;
	return call_end(&call, channels_poll(call.channels, call.opened->channel, &call.caller,
				       flags, events, ready));
}

kern_return_t S_io_cancel(mach_port_t io, uint32_t token)
{
	struct call call;
	kern_return_t kr = call_begin(&call, io, 0, MACH_PORT_NULL, 0, token);

	if (kr)
		return kr;
	return call_end(&call, channels_cancel(call.channels, call.opened, token));
}

kern_return_t S_io_stat(mach_port_t io, masix_stat_t *stat)
{
	struct channel_object *opened =
		(struct channel_object *)masix_object_get(io, &channel_class);

	if (!opened)
		return KERN_INVALID_ARGUMENT;
	*stat = (masix_stat_t){
		.mode = S_IFCHR | 0600,
		.ino = opened->channel + 1,
		.nlink = 1,
		.rdev = MASIX_HOST_MAJOR << 8 | opened->channel,
		.block_size = VIRTQUEUE_PAGE,
	};
	masix_object_put(&opened->object);
	return KERN_SUCCESS;
}

/* The rest of io.defs is for files.  A stream has nothing to map, cut, store or lock. */

static kern_return_t refuse(mach_port_t io, kern_return_t reason)
{
	struct masix_object *object = masix_object_get(io, &channel_class);

	if (!object)
		return KERN_INVALID_ARGUMENT;
	masix_object_put(object);
	return reason;
}

kern_return_t S_io_map(mach_port_t io, mach_port_t *object, int64_t *size)
{
	*object = MACH_PORT_NULL;
	*size = 0;
	return refuse(io, MASIX_E_NO_DEVICE);
}

kern_return_t S_io_set_size(mach_port_t io, int64_t size)
{
	(void)size;
	return refuse(io, MASIX_E_INVALID);
}

kern_return_t S_io_sync(mach_port_t io)
{
	return refuse(io, MASIX_E_INVALID); /* as fsync(2) on a stream */
}

kern_return_t S_io_set_mode(mach_port_t io, uint32_t mode)
{
	(void)mode;
	return refuse(io, MASIX_E_PERMISSION);
}

kern_return_t S_io_set_owner(mach_port_t io, uint32_t uid, uint32_t gid)
{
	(void)uid;
	(void)gid;
	return refuse(io, MASIX_E_PERMISSION);
}

kern_return_t S_io_set_times(
	mach_port_t io, int64_t atime, uint32_t atime_nsec, int64_t mtime, uint32_t mtime_nsec)
{
	(void)atime;
	(void)atime_nsec;
	(void)mtime;
	(void)mtime_nsec;
	return refuse(io, MASIX_E_PERMISSION);
}

kern_return_t S_io_lock(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int how)
{
	(void)reply;
	(void)reply_type;
	(void)token;
	(void)flags;
	(void)how;
	return refuse(io, MASIX_E_NOT_SUPPORTED);
}
