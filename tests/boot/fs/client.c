#include "client.h"

#include <masix/mach.h>
#include <string.h>

#include "dir.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"

void want(int wanted, int result, const char *file, int line, const char *text)
{
	if (wanted == result)
		return;
	failures++;
	masix_log("%s:%d: %s: %s instead of %s", file, line, text, masix_strerror(result),
		masix_strerror(wanted));
}

void drop(mach_port_t port)
{
	if (MACH_PORT_VALID(port))
		(void)mach_port_deallocate(mach_task_self(), port);
}

int open_full(mach_port_t dir, const char *path, int flags, uint32_t mode, struct opened *opened)
{
	mach_msg_type_number_t count = MASIX_PATH_MAX;
	int error;

	error = dir_open(dir, path, strlen(path), flags, mode, &opened->kind, &opened->object,
		&opened->stat, opened->rest, &count);
	if (!error)
		opened->rest[count] = '\0';
	return error;
}

int open_path(mach_port_t dir, const char *path, int flags, uint32_t mode, mach_port_t *object)
{
	struct opened opened;
	int error = open_full(dir, path, flags, mode, &opened);

	*object = error ? MACH_PORT_NULL : opened.object;
	return error;
}

int stat_path(mach_port_t dir, const char *path, int flags, masix_stat_t *stat)
{
	masix_path_t rest;
	mach_msg_type_number_t count = MASIX_PATH_MAX;
	int kind;

	return dir_stat(dir, path, strlen(path), flags, &kind, stat, rest, &count);
}

int make_directory(mach_port_t dir, const char *path, uint32_t mode)
{
	return dir_make_directory(dir, path, strlen(path), mode);
}

int remove_path(mach_port_t dir, const char *path, int flags)
{
	return dir_unlink(dir, path, strlen(path), flags);
}

int make_link(mach_port_t dir, const char *path, const char *target)
{
	return dir_symlink(dir, path, strlen(path), target, strlen(target));
}

int move(mach_port_t dir, const char *from, const char *to, int flags)
{
	return dir_rename(dir, from, strlen(from), dir, to, strlen(to), flags);
}

int write_at(mach_port_t file, int64_t offset, const void *data, size_t size, size_t *written)
{
	int flags = offset < 0 ? MASIX_IO_APPEND : 0;
	uint32_t amount = 0;
	int64_t end;
	int error;

	if (size <= MASIX_INLINE_MAX)
		error = io_write(file, 0, flags, offset, data, size, &amount, &end);
	else
		error = io_write_large(
			file, 0, flags, offset, (masix_bulk_t)data, size, &amount, &end);
	if (written)
		*written = amount;
	else if (!error && amount != size)
		error = MASIX_E_NO_SPACE;
	return error;
}

int read_at(mach_port_t file, int64_t offset, void *data, size_t size, size_t *got)
{
	mach_msg_type_number_t count = 0;
	masix_bulk_t bytes = NULL;
	int error = io_read_large(file, 0, 0, offset, size, &bytes, &count);

	if (error)
		return error;
	memcpy(data, bytes, count);
	if (count)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)bytes, count);
	*got = count;
	return 0;
}

int put_file(mach_port_t dir, const char *path, const void *data, size_t size)
{
	mach_port_t file;
	int error = open_path(
		dir, path, MASIX_OPEN_WRITE | MASIX_OPEN_CREATE | MASIX_OPEN_TRUNCATE, 0644, &file);

	if (error)
		return error;
	error = write_at(file, 0, data, size, NULL);
	drop(file);
	return error;
}
