/* io.defs for files (and, where it makes sense, for directories and other nodes). */
#include <mach/mig_errors.h>
#include <mach/vm_prot.h>
#include <masix/error.h>
#include <masix/mach.h>

#include "attributes.h"
#include "data.h"
#include "handle.h"
#include "incoming.h"
#include "io_server.h"
#include "mach.h"
#include "mach4.h"
#include "mach_port.h"
#include "reuse.h"
#include "scarcity.h"

/* The file behind a port that was opened with `right`, to move `amount` bytes of its contents.  handle_put on
 * success. */
static int begin(mach_port_t io, int right, size_t amount, struct handle **result)
{
	struct handle *handle = handle_get(io);
	int error = 0;

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	if (node_is_directory(handle->node))
		error = MASIX_E_IS_DIRECTORY;
	else if (!node_is_file(handle->node))
		error = MASIX_E_NO_DEVICE;
	else if (!(handle->rights & right))
		error = MASIX_E_ACCESS;
	if (error) {
		handle_put(handle);
		return error;
	}
	if (amount > 0)
		scarcity_wait((unsigned)(amount / PAGE_SIZE_) + 1);
	*result = handle;
	return 0;
}

kern_return_t S_io_read(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count)
{
	size_t length = amount < MASIX_INLINE_MAX ? amount : MASIX_INLINE_MAX;
	struct handle *handle;
	int error;

	(void)reply;
	(void)reply_type;
	(void)token;
	(void)flags;
	error = begin(io, MASIX_OPEN_READ | MASIX_OPEN_EXEC, length, &handle);
	if (error)
		return error;
	if (offset < 0)
		error = MASIX_E_INVALID;
	else
		error = data_read(handle->node, (uint64_t)offset, data, &length);
	if (!error)
		*count = (mach_msg_type_number_t)length;
	handle_put(handle);
	return error;
}

kern_return_t S_io_read_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_bulk_t *data,
	mach_msg_type_number_t *count)
{
	size_t length = amount < MASIX_BULK_MAX ? amount : MASIX_BULK_MAX;
	vm_address_t buffer = 0;
	struct handle *handle;
	vm_size_t size;
	int error;

	(void)reply;
	(void)reply_type;
	(void)token;
	(void)flags;
	error = begin(io, MASIX_OPEN_READ, length, &handle);
	if (error)
		return error;
	if (offset < 0)
		error = MASIX_E_INVALID;
	if (!error)
		length = data_available(handle->node, (uint64_t)offset, length);
	size = length;
	if (!error && size > 0 &&
		vm_allocate(mach_task_self(), &buffer, size, TRUE) != KERN_SUCCESS)
		error = MASIX_E_LIMIT;
	if (!error)
		error = data_read(handle->node, (uint64_t)offset, (void *)buffer, &length);
	if (!error && length < size) {
		/* The file shrank meanwhile: the reply gives away only the pages of `length`. */
		vm_size_t kept = (length + PAGE_SIZE_ - 1) / PAGE_SIZE_ * PAGE_SIZE_;

		(void)vm_deallocate(mach_task_self(), buffer + kept,
			(size + PAGE_SIZE_ - 1) / PAGE_SIZE_ * PAGE_SIZE_ - kept);
	}
	if (error && buffer)
		(void)vm_deallocate(mach_task_self(), buffer, size);
	if (!error) {
		*data = (masix_bulk_t)buffer;
		*count = (mach_msg_type_number_t)length;
	}
	handle_put(handle);
	return error;
}

static int write_to(mach_port_t io, int flags, int64_t offset, const char *data, uint32_t count,
	uint32_t *written, int64_t *end)
{
	bool append = (flags & MASIX_IO_APPEND) != 0;
	size_t amount = count;
	uint64_t position = 0;
	struct handle *handle;
	int error;

	error = begin(io, MASIX_OPEN_WRITE, count, &handle);
	if (error)
		return error;
	/* Positions that do not exist. */
	if (!append && (offset < 0 || offset > INT64_MAX - (int64_t)count))
		error = MASIX_E_INVALID;
	else
		error = data_write(&handle->context->who, handle->node, append, (uint64_t)offset,
			data, &amount, &position);
	if (!error) {
		*written = (uint32_t)amount;
		*end = (int64_t)position;
	}
	handle_put(handle);
	return error;
}

kern_return_t S_io_write(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, const masix_inline_t data,
	mach_msg_type_number_t count, uint32_t *written, int64_t *end)
{
	(void)reply;
	(void)reply_type;
	(void)token;
	if (count > MASIX_INLINE_MAX)
		return MIG_BAD_ARGUMENTS;
	return write_to(io, flags, offset, data, count, written, end);
}

kern_return_t S_io_write_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, masix_bulk_t data, mach_msg_type_number_t count,
	uint32_t *written, int64_t *end)
{
	struct incoming *bytes;
	int error;

	(void)reply;
	(void)reply_type;
	(void)token;
	if (count > MASIX_BULK_MAX)
		return MASIX_E_TOO_BIG;
	error = incoming_take(data, count, &bytes);
	if (error)
		return error;
	error = write_to(io, flags, offset, incoming_bytes(bytes), count, written, end);
	incoming_drop(bytes);
	if (!error && count > 0)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)data, count);
	return error;
}

/* Files are always ready. */
kern_return_t S_io_poll(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int events, int *ready)
{
	struct handle *handle = handle_get(io);

	(void)reply;
	(void)reply_type;
	(void)token;
	(void)flags;
	if (!handle)
		return KERN_INVALID_ARGUMENT;
	*ready = events & (MASIX_POLL_IN | MASIX_POLL_OUT);
	handle_put(handle);
	return KERN_SUCCESS;
}

kern_return_t S_io_cancel(mach_port_t io, uint32_t token)
{
	struct handle *handle = handle_get(io);
	struct flock_claim claim;
	struct volume *volume;
	bool waited;

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	volume = handle->node->volume;
	volume_lock(volume);
	waited = flock_cancel(volume->undo, &handle->node->flock, handle, token, &claim);
	volume_unlock(volume);
	if (waited) {
		(void)handle_answer_lock(&claim, MASIX_E_INTERRUPTED);
		handle_grant_locks(handle->node);
	}
	handle_put(handle);
	return waited ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

kern_return_t S_io_stat(mach_port_t io, masix_stat_t *stat)
{
	struct handle *handle = handle_get(io);

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	volume_lock(handle->node->volume);
	*stat = handle->node->stat;
	volume_unlock(handle->node->volume);
	handle_put(handle);
	return KERN_SUCCESS;
}

/* What a client gets is never the memory object itself, whose port takes the kernel's messages, but
 * a stand-in of the kernel's through which it can be mapped with this protection. */
static int make_proxy(mach_port_t object, vm_prot_t protection, mach_port_t *proxy)
{
	rpc_vm_offset_t offset = 0, start = 0;
	rpc_vm_size_t length = (rpc_vm_size_t)FILE_MAPPED_MAX;
	kern_return_t result;

	result = memory_object_create_proxy(mach_task_self(), protection, &object,
		MACH_MSG_TYPE_COPY_SEND, 1, &offset, 1, &start, 1, &length, 1, proxy);
	(void)mach_port_deallocate(mach_task_self(), object);
	return result == KERN_SUCCESS ? 0 : MASIX_E_LIMIT;
}

kern_return_t S_io_map(mach_port_t io, mach_port_t *object, int64_t *size)
{
	vm_prot_t protection = VM_PROT_READ | VM_PROT_EXECUTE;
	struct handle *handle;
	mach_port_t right;
	bool writable;
	int error;

	error = begin(io, MASIX_OPEN_READ | MASIX_OPEN_EXEC, 0, &handle);
	if (error)
		return error == MASIX_E_IS_DIRECTORY ? MASIX_E_NO_DEVICE : error;
	writable = (handle->rights & MASIX_OPEN_WRITE) != 0;
	if (writable)
		protection |= VM_PROT_WRITE;
	error = data_map(handle->node, writable, &right);
	if (!error)
		error = make_proxy(right, protection, object);
	if (!error)
		*size = (int64_t)data_size(handle->node);
	handle_put(handle);
	return error;
}

kern_return_t S_io_set_size(mach_port_t io, int64_t size)
{
	struct handle *handle;
	int error;

	error = begin(io, MASIX_OPEN_WRITE, 0, &handle);
	if (error)
		return error;
	if (size < 0)
		error = MASIX_E_INVALID;
	else
		error = data_resize(&handle->context->who, handle->node, (uint64_t)size);
	handle_put(handle);
	return error;
}

kern_return_t S_io_sync(mach_port_t io)
{
	struct handle *handle = handle_get(io);
	struct volume *volume;
	int error, flushed;

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	volume = handle->node->volume;
	error = data_sync(handle->node);
	volume_lock(volume);
	flushed = volume_flush(volume);
	volume_unlock(volume);
	handle_put(handle);
	return error ? error : flushed;
}

kern_return_t S_io_set_mode(mach_port_t io, uint32_t mode)
{
	struct handle *handle = handle_get(io);
	int error;

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	error = attributes_set_mode(&handle->context->who, handle->node, mode);
	handle_put(handle);
	return error;
}

kern_return_t S_io_set_owner(mach_port_t io, uint32_t uid, uint32_t gid)
{
	struct handle *handle = handle_get(io);
	int error;

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	error = attributes_set_owner(&handle->context->who, handle->node, uid, gid);
	handle_put(handle);
	return error;
}

kern_return_t S_io_set_times(
	mach_port_t io, int64_t atime, uint32_t atime_nsec, int64_t mtime, uint32_t mtime_nsec)
{
	const struct new_time access = { atime, atime_nsec }, modification = { mtime, mtime_nsec };
	struct handle *handle = handle_get(io);
	int error;

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	error = attributes_set_times(&handle->context->who,
		(handle->rights & MASIX_OPEN_WRITE) != 0, handle->node, access, modification);
	handle_put(handle);
	return error;
}

kern_return_t S_io_lock(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int how)
{
	struct handle *handle;
	struct volume *volume;
	struct flock *lock;
	int error;

	(void)reply_type;
	if (how != MASIX_LOCK_SHARED && how != MASIX_LOCK_EXCLUSIVE && how != MASIX_LOCK_NONE)
		return MASIX_E_INVALID;
	handle = handle_get(io);
	if (!handle)
		return KERN_INVALID_ARGUMENT;
	reuse_never(handle);
	lock = &handle->node->flock;
	volume = handle->node->volume;
	volume_lock(volume);
	error = flock_take(volume->undo, lock, handle, how);
	if (error == MASIX_E_WOULD_BLOCK && !(flags & MASIX_IO_NONBLOCK)) {
		error = flock_wait(volume->undo, lock, handle, how, token, reply);
		if (!error)
			error = MIG_NO_REPLY;
	}
	volume_unlock(volume);
	/* A lock may have been dropped or turned into a weaker one. */
	handle_grant_locks(handle->node);
	handle_put(handle);
	return error;
}
