/* Copying between descriptors: sendfile, copy_file_range. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "fd.h"
#include "transfer.h"

#define PART 8192u
#define MOST 0x7ffff000u

/* A side of a copy: its own position, or one that the program keeps. */
struct side {
	struct emul_file *file;
	int64_t offset; /* AT_POSITION or where */
};

static void advance(struct side *side, uint32_t n)
{
	if (side->offset != AT_POSITION)
		side->offset += n;
}

/* Read what `out` could not take again: only possible where there are positions. */
static void return_to_input(struct side *in, uint32_t n)
{
	if (in->offset == AT_POSITION && in->file->kind == EMUL_FILE_REGULAR)
		file_set_offset(in->file, file_offset(in->file) - n);
}

static long copy(struct side *in, struct side *out, uint32_t n)
{
	uint32_t done = 0;
	long result = 0;

	while (done < n) {
		char data[PART];
		uint32_t part = n - done < PART ? n - done : PART;
		struct cursor cursor;
		long got, put;

		cursor_of_library(&cursor, data, part);
		got = result = transfer_read(in->file, &cursor, part, in->offset);
		if (got <= 0)
			break;
		cursor_of_library(&cursor, data, (uint32_t)got);
		put = result = transfer_write(out->file, &cursor, (uint32_t)got, out->offset);
		if (put < 0)
			put = 0;
		done += (uint32_t)put;
		advance(in, (uint32_t)put);
		advance(out, (uint32_t)put);
		if (put < got) {
			return_to_input(in, (uint32_t)(got - put));
			break;
		}
	}
	return done > 0 ? (long)done : result;
}

static long send(uint32_t out_fd, uint32_t in_fd, int64_t *offset, uint32_t n)
{
	struct side in = { fd_hold(in_fd), offset != NULL ? *offset : AT_POSITION };
	struct side out = { fd_hold(out_fd), AT_POSITION };
	long result;

	if (in.file == NULL || out.file == NULL)
		result = -EBADF;
	else if (file_flags(out.file) & O_APPEND)
		result = -EINVAL;
	else if (in.file->kind != EMUL_FILE_REGULAR || (offset != NULL && *offset < 0))
		result = -EINVAL;
	else
		result = copy(&in, &out, n < MOST ? n : MOST);
	if (offset != NULL)
		*offset = in.offset;
	if (in.file != NULL)
		file_release(in.file);
	if (out.file != NULL)
		file_release(out.file);
	return result;
}

/* sendfile(out, in, offset, count) */
long sys_sendfile(const uint32_t *a)
{
	int64_t offset = 0;
	long result;

	if (a[2] == 0)
		return send(a[0], a[1], NULL, a[3]);
	if (!emul_user_range(a[2], 4))
		return -EFAULT;
	offset = *(int32_t *)a[2];
	result = send(a[0], a[1], &offset, a[3]);
	*(int32_t *)a[2] = (int32_t)offset;
	return result;
}

long sys_sendfile64(const uint32_t *a)
{
	int64_t offset;
	long result;

	if (a[2] == 0)
		return send(a[0], a[1], NULL, a[3]);
	if (!emul_user_range(a[2], 8))
		return -EFAULT;
	offset = *(int64_t *)a[2];
	result = send(a[0], a[1], &offset, a[3]);
	*(int64_t *)a[2] = offset;
	return result;
}

/* copy_file_range(in, in_offset, out, out_offset, length, flags) */
long sys_copy_file_range(const uint32_t *a)
{
	struct side in = { NULL, AT_POSITION }, out = { NULL, AT_POSITION };
	long result;

	if (a[5] != 0)
		return -EINVAL;
	if ((a[1] && !emul_user_range(a[1], 8)) || (a[3] && !emul_user_range(a[3], 8)))
		return -EFAULT;
	if (a[1])
		in.offset = *(int64_t *)a[1];
	if (a[3])
		out.offset = *(int64_t *)a[3];
	if (in.offset < AT_POSITION + (a[1] != 0) || out.offset < AT_POSITION + (a[3] != 0))
		return -EINVAL;
	in.file = fd_hold(a[0]);
	out.file = fd_hold(a[2]);
	if (in.file == NULL || out.file == NULL || (file_flags(out.file) & O_APPEND))
		result = -EBADF;
	else if (in.file->kind == EMUL_FILE_DIRECTORY || out.file->kind == EMUL_FILE_DIRECTORY)
		result = -EISDIR;
	else if (in.file->kind != EMUL_FILE_REGULAR || out.file->kind != EMUL_FILE_REGULAR)
		result = -EINVAL;
	else
		result = copy(&in, &out, a[4] < MOST ? a[4] : MOST);
	if (in.file != NULL)
		file_release(in.file);
	if (out.file != NULL)
		file_release(out.file);
	if (result > 0 && a[1])
		*(int64_t *)a[1] = in.offset;
	if (result > 0 && a[3])
		*(int64_t *)a[3] = out.offset;
	return result;
}
