/* io.defs: finds the object, checks what the class leaves unchecked, calls its operation. */
#include "serve_io.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach/vm_param.h>
#include <string.h>

#include <io_server.h>
#include <masix/error.h>
#include <masix/foreign.h>
#include <masix/mach.h>

#include "answer.h"
#include "server.h"
#include "stuck.h"

/* The object behind an io port, with a reference, and its operations. */
static struct masix_object *enter(mach_port_t port, const struct io_operations **operations)
{
	struct masix_object *object = masix_object_get(port, NULL);

	if (object == NULL)
		return NULL;
	*operations = ((const struct unix_class *)object->class)->io;
	if (*operations != NULL)
		return object;
	masix_object_put(object);
	return NULL;
}

#define NO_OBJECT KERN_INVALID_ARGUMENT
#define CANNOT MASIX_E_NOT_SUPPORTED

kern_return_t S_io_read(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count)
{
	const struct io_call call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 };
	const struct io_operations *operations;
	kern_return_t kr = reply_check(reply, reply_type);
	struct masix_object *object = kr == KERN_SUCCESS ? enter(io, &operations) : NULL;

	*count = 0;
	if (object == NULL)
		return NO_OBJECT;
	if (amount > MASIX_INLINE_MAX)
		amount = MASIX_INLINE_MAX;
	kr = operations->read != NULL ? operations->read(object, &call, offset, amount, data, count)
				      : CANNOT;
	masix_object_put(object);
	return kr;
}

/* An object without a way of its own to read pages: read at once into fresh ones. */
static kern_return_t read_into_pages(struct masix_object *object,
	const struct io_operations *operations, const struct io_call *call, int64_t offset,
	uint32_t amount, char **data, uint32_t *count)
{
	vm_address_t pages = 0;

	if (operations->read == NULL)
		return CANNOT;
	if (amount == 0)
		return KERN_SUCCESS;
	kern_return_t kr = vm_allocate(mach_task_self(), &pages, amount, TRUE);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = operations->read(object, call, offset, amount, (char *)pages, count);
	/* The message takes the pages that hold data; the others stay ours. */
	uint32_t used = kr == KERN_SUCCESS ? round_page(*count) : 0;

	if (used < amount)
		vm_deallocate(mach_task_self(), pages + used, amount - used);
	if (used > 0)
		*data = (char *)pages;
	return kr;
}

kern_return_t S_io_read_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, uint32_t amount, masix_bulk_t *data,
	mach_msg_type_number_t *count)
{
	const struct io_call call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 };
	const struct io_operations *operations;
	kern_return_t kr = reply_check(reply, reply_type);
	struct masix_object *object = kr == KERN_SUCCESS ? enter(io, &operations) : NULL;

	*data = NULL;
	*count = 0;
	if (object == NULL)
		return NO_OBJECT;
	if (amount > MASIX_BULK_MAX)
		amount = MASIX_BULK_MAX;
	kr = operations->read_large != NULL
		     ? operations->read_large(object, &call, offset, amount, data, count)
		     : read_into_pages(object, operations, &call, offset, amount, data, count);
	masix_object_put(object);
	return kr;
}

kern_return_t S_io_write(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, const masix_inline_t data,
	mach_msg_type_number_t length, uint32_t *written, int64_t *end)
{
	const struct io_call call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 };
	const struct io_operations *operations;
	kern_return_t kr = reply_check(reply, reply_type);
	struct masix_object *object = kr == KERN_SUCCESS ? enter(io, &operations) : NULL;

	(void)offset; /* nothing here has positions to write at */
	*written = 0;
	*end = 0;
	if (object == NULL)
		return NO_OBJECT;
	kr = operations->write != NULL ? operations->write(object, &call, data, length, written)
				       : CANNOT;
	masix_object_put(object);
	return kr;
}

/* Whatever a class does with the bytes, under its locks too, or hands on to another process: they are ours by then. */
static kern_return_t write_copy(struct masix_object *object, const struct io_operations *operations,
	const struct io_call *call, const char *data, uint32_t length, uint32_t *written)
{
	static struct masix_foreign foreign = { .most = 3 };
	struct stuck_call stuck;
	void *copy = length > 0 ? kept_pages(length) : NULL;
	kern_return_t kr = KERN_SUCCESS;

	if (copy == NULL && length > 0)
		return KERN_RESOURCE_SHORTAGE;
	stuck_begin(&stuck, 0, 0, &workers);
	if (length > 0)
		kr = masix_foreign_copy_to(&foreign, data, length, copy);
	stuck_end(&stuck);
	if (kr == KERN_SUCCESS)
		kr = operations->write_large(object, call, copy, length, written);
	if (kr != KERN_SUCCESS && kr != MIG_NO_REPLY)
		kept_pages_release(copy, length);
	return kr;
}

kern_return_t S_io_write_large(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int64_t offset, masix_bulk_t data, mach_msg_type_number_t length,
	uint32_t *written, int64_t *end)
{
	const struct io_call call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 };
	const struct io_operations *operations;
	kern_return_t kr = reply_check(reply, reply_type);
	struct masix_object *object = kr == KERN_SUCCESS ? enter(io, &operations) : NULL;

	(void)offset;
	*written = 0;
	*end = 0;
	if (object == NULL)
		return NO_OBJECT;
	if (length > MASIX_BULK_MAX)
		kr = MASIX_E_TOO_BIG;
	else
		kr = operations->write_large != NULL
			     ? write_copy(object, operations, &call, data, length, written)
			     : CANNOT;
	masix_object_put(object);
	if ((kr == KERN_SUCCESS || kr == MIG_NO_REPLY) && length > 0)
		vm_deallocate(mach_task_self(), (vm_address_t)data, length);
	return kr;
}

kern_return_t S_io_poll(mach_port_t io, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int flags, int events, int *ready)
{
	const struct io_call call = { reply, token, (flags & MASIX_IO_NONBLOCK) != 0 };
	const struct io_operations *operations;
	kern_return_t kr = reply_check(reply, reply_type);
	struct masix_object *object = kr == KERN_SUCCESS ? enter(io, &operations) : NULL;

	*ready = 0;
	if (object == NULL)
		return NO_OBJECT;
	kr = operations->poll != NULL ? operations->poll(object, &call, events, ready) : CANNOT;
	masix_object_put(object);
	return kr;
}

kern_return_t S_io_cancel(mach_port_t io, uint32_t token)
{
	const struct io_operations *operations;
	struct masix_object *object = enter(io, &operations);

	if (object == NULL)
		return NO_OBJECT;
	kern_return_t kr =
		operations->cancel != NULL ? operations->cancel(object, token) : MASIX_E_NOT_FOUND;

	masix_object_put(object);
	return kr;
}

kern_return_t S_io_stat(mach_port_t io, masix_stat_t *stat)
{
	const struct io_operations *operations;
	struct masix_object *object = enter(io, &operations);

	if (object == NULL)
		return NO_OBJECT;
	memset(stat, 0, sizeof(*stat));
	kern_return_t kr = operations->stat != NULL ? operations->stat(object, stat) : CANNOT;

	masix_object_put(object);
	return kr;
}

/* --- What streams, terminals and /proc do not have --- */

static kern_return_t refuse(mach_port_t io, kern_return_t why)
{
	const struct io_operations *operations;
	struct masix_object *object = enter(io, &operations);

	if (object == NULL)
		return NO_OBJECT;
	masix_object_put(object);
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
	return refuse(io, CANNOT);
}
