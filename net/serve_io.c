/* io.defs on sockets: checks, finds the socket, runs the call. */
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>
#include <sys/stat.h>

#include "core.h"
#include "io_server.h"
#include "mach.h"
#include "sockets.h"

#define NO_OBJECT KERN_INVALID_ARGUMENT
#define SOCKET_DEV 8 /* as those of the Unix server */
#define PAGE 4096u

kern_return_t S_io_read(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count)
{
	struct call call = call_make(CALL_READ, reply, token, flags);
	kern_return_t kr;

	(void)offset;
	call.amount = call.room = amount < MASIX_INLINE_MAX ? amount : MASIX_INLINE_MAX;
	call.buffer = data;
	kr = call_serve(io, &call, reply_type);
	*count = call.count;
	return kr;
}

kern_return_t S_io_read_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_bulk_t *data,
	mach_msg_type_number_t *count)
{
	struct call call = call_make(CALL_READ_LARGE, reply, token, flags);
	kern_return_t kr;

	(void)offset;
	call.amount = call.room = amount < MASIX_BULK_MAX ? amount : MASIX_BULK_MAX;
	kr = call_serve(io, &call, reply_type);
	*data = call.buffer;
	*count = call.count;
	return kr;
}

kern_return_t S_io_write(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, const masix_inline_t data,
	mach_msg_type_number_t length, uint32_t *written, int64_t *end)
{
	struct call call = call_make(CALL_WRITE, reply, token, flags);
	kern_return_t kr;

	(void)offset;
	*end = 0;
	call.data = data;
	call.length = length;
	kr = call_serve(io, &call, reply_type);
	*written = call.count;
	return kr;
}

kern_return_t S_io_write_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, masix_bulk_t data, mach_msg_type_number_t length,
	uint32_t *written, int64_t *end)
{
	struct call call = call_make(CALL_WRITE_LARGE, reply, token, flags);
	kern_return_t kr;

	(void)offset;
	*written = 0;
	*end = 0;
	kr = call_foreign(&call, data, length);
	if (kr == KERN_SUCCESS)
		kr = call_serve(io, &call, reply_type);
	*written = call.count;
	call_foreign_end(&call, data, length, kr);
	return kr;
}

kern_return_t S_io_poll(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int events, int *ready)
{
	struct call call = call_make(CALL_POLL, reply, token, flags);
	kern_return_t kr;

	call.events = events;
	kr = call_serve(io, &call, reply_type);
	*ready = call.ready;
	return kr;
}

kern_return_t S_io_cancel(mach_port_t io, uint32_t token)
{
	struct socket *socket = socket_get(io);
	bool found;

	if (socket == NULL)
		return NO_OBJECT;
	core_enter();
	found = calls_end(socket, &token, MASIX_E_INTERRUPTED);
	core_leave();
	socket_put(socket);
	return found ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

void socket_stat(const struct socket *s, masix_stat_t *stat)
{
	*stat = (masix_stat_t){
		.dev = SOCKET_DEV,
		/* Above those of the Unix server. */
		.ino = (uint64_t)s->inode | 1ull << 31,
		.mode = S_IFSOCK | 0777,
		.nlink = 1,
		.uid = s->owner,
		.block_size = PAGE,
		.atime = s->created,
		.mtime = s->created,
		.ctime = s->created,
		.socket_type = (uint32_t)s->protocol->type | (uint32_t)s->family << 8 |
			       (uint32_t)s->ip_protocol << 16,
	};
	/* FIONREAD: of datagrams the next one. */
	if (s->protocol->type == SOCKET_STREAM)
		stat->size = s->queue.bytes;
	else if (s->queue.first != NULL)
		stat->size = s->queue.first->length;
}

kern_return_t S_io_stat(mach_port_t io, masix_stat_t *stat)
{
	struct socket *socket = socket_get(io);

	if (socket == NULL)
		return NO_OBJECT;
	core_enter();
	socket_stat(socket, stat);
	core_leave();
	socket_put(socket);
	return KERN_SUCCESS;
}

/* --- What sockets do not have --- */

static kern_return_t refuse(mach_port_t io, kern_return_t why)
{
	struct socket *socket = socket_get(io);

	if (socket == NULL)
		return NO_OBJECT;
	socket_put(socket);
	return why;
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
	return refuse(io, MASIX_E_INVALID);
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
