/* flock and record locks. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include <masix/error.h>

#include "calls.h"
#include "fd.h"
#include "io.h"
#include "locks.h"
#include "process.h"

#define INODES_MAX 64

/* The inodes in which this process may have record locks: closing one of them ends these. */
static struct {
	struct emul_lock lock;
	volatile uint32_t count; /* read without the lock, too */
	struct {
		uint32_t dev;
		uint64_t ino;
	} inodes[INODES_MAX];
} locked;

/* flock(fd, operation); LOCK_SH, LOCK_EX and LOCK_UN are the values of MASIX_LOCK_*. */
long sys_flock(const uint32_t *a)
{
	struct emul_file *file = fd_hold(a[0]);
	uint32_t operation = a[1] & ~(uint32_t)LOCK_NB, token;
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (file == NULL)
		return -EBADF;
	if (operation != MASIX_LOCK_SHARED && operation != MASIX_LOCK_EXCLUSIVE &&
		operation != MASIX_LOCK_NONE) {
		kr = MASIX_E_INVALID;
	} else if ((file_flags(file) & O_PATH) || file->port == MACH_PORT_NULL) {
		long error = file_flags(file) & O_PATH ? -EBADF : -EOPNOTSUPP;

		file_release(file);
		return error;
	} else {
		token = emul_wait_begin(EMUL_WAIT_IO, file->port);
		if (!emul_signal_arrived())
			kr = io_lock(file->port, token, a[1] & LOCK_NB ? MASIX_IO_NONBLOCK : 0,
				(int)operation);
		emul_wait_end();
		if (kr == KERN_SUCCESS)
			file_set_flags(file, FILE_LOCKED, operation != LOCK_UN ? FILE_LOCKED : 0);
	}
	file_release(file);
	return emul_result(kr);
}

/* Lock held: the entry of the inode, or -1. */
static int find(const struct emul_file *file)
{
	for (uint32_t i = 0; i < locked.count; i++)
		if (locked.inodes[i].ino == file->stat.ino &&
			locked.inodes[i].dev == file->stat.dev)
			return (int)i;
	return -1;
}

static int remember(const struct emul_file *file)
{
	int known;

	emul_lock(&locked.lock);
	known = find(file) >= 0;
	if (!known && locked.count < INODES_MAX) {
		locked.inodes[locked.count].dev = file->stat.dev;
		locked.inodes[locked.count].ino = file->stat.ino;
		locked.count++;
		known = 1;
	}
	emul_unlock(&locked.lock);
	return known;
}

/* Was it remembered? */
static int forget(const struct emul_file *file)
{
	int index;

	emul_lock(&locked.lock);
	index = find(file);
	if (index >= 0)
		locked.inodes[index] = locked.inodes[--locked.count];
	emul_unlock(&locked.lock);
	return index >= 0;
}

void locks_closed(struct emul_file *file)
{
	if (locked.count == 0 || file->kind != EMUL_FILE_REGULAR || !forget(file))
		return;
	(void)process_lock_records(EMUL_PORT_PROCESS, 0, MASIX_IO_NONBLOCK, file->mount, file->port,
		MASIX_LOCK_NONE, 0, INT64_MAX);
}

void locks_fork_child(void)
{
	locked.lock.word = 0;
	if (locked.count != 0)
		locked.count = 0;
}

/* struct flock or flock64 of the program, with 64-bit fields. */
struct request {
	int16_t type, whence;
	int64_t start, length;
	int32_t pid;
};

static long read_request(uint32_t address, int wide, struct request *request)
{
	if (!emul_user_range(address, wide ? sizeof(struct flock64) : sizeof(struct flock)))
		return -EFAULT;
	if (wide) {
		const struct flock64 *in = (const struct flock64 *)address;

		*request = (struct request){ in->l_type, in->l_whence, in->l_start, in->l_len, 0 };
	} else {
		const struct flock *in = (const struct flock *)address;

		*request = (struct request){ in->l_type, in->l_whence, in->l_start, in->l_len, 0 };
	}
	return 0;
}

static long write_request(uint32_t address, int wide, const struct request *request)
{
	if (wide) {
		struct flock64 *out = (struct flock64 *)address;

		out->l_type = request->type;
		out->l_whence = request->whence;
		out->l_start = request->start;
		out->l_len = request->length;
		out->l_pid = request->pid;
	} else {
		struct flock *out = (struct flock *)address;

		if (request->start > INT32_MAX || request->length > INT32_MAX)
			return -EOVERFLOW;
		out->l_type = request->type;
		out->l_whence = request->whence;
		out->l_start = (__kernel_off_t)request->start;
		out->l_len = (__kernel_off_t)request->length;
		out->l_pid = request->pid;
	}
	return 0;
}

struct range {
	int how;
	int64_t start, end; /* both included */
};

/* Where the request's offsets count from. */
static long base_of(struct emul_file *file, int16_t whence, int64_t *base)
{
	struct masix_stat stat;
	long error;

	switch (whence) {
	case SEEK_SET:
		*base = 0;
		return 0;
	case SEEK_CUR:
		*base = file_offset(file);
		return 0;
	case SEEK_END:
		error = emul_result(io_stat(file->port, &stat));
		*base = (int64_t)stat.size;
		return error;
	default:
		return -EINVAL;
	}
}

static long range_of(struct emul_file *file, const struct request *request, struct range *range)
{
	int64_t base, start;
	long error = base_of(file, request->whence, &base);

	if (error != 0)
		return error;
	if (__builtin_add_overflow(base, request->start, &start))
		return -EOVERFLOW;
	if (request->length < 0) {
		range->end = start - 1;
		start += request->length;
	} else if (request->length == 0) {
		range->end = INT64_MAX;
	} else if (__builtin_add_overflow(start, request->length - 1, &range->end)) {
		return -EOVERFLOW;
	}
	range->start = start;
	return start < 0 ? -EINVAL : 0;
}

static long how_of(int16_t type, int *how)
{
	switch (type) {
	case F_RDLCK:
		*how = MASIX_LOCK_SHARED;
		return 0;
	case F_WRLCK:
		*how = MASIX_LOCK_EXCLUSIVE;
		return 0;
	case F_UNLCK:
		*how = MASIX_LOCK_NONE;
		return 0;
	default:
		return -EINVAL;
	}
}

static int may_lock(struct emul_file *file, int how)
{
	return how == MASIX_LOCK_SHARED	     ? file_readable(file)
	       : how == MASIX_LOCK_EXCLUSIVE ? file_writable(file)
					     : 1;
}

static long set(struct emul_file *file, const struct range *range, int wait)
{
	uint32_t token;
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (range->how != MASIX_LOCK_NONE && !remember(file))
		return -ENOLCK;
	token = emul_wait_begin(EMUL_WAIT_PROCESS, EMUL_PORT_PROCESS);
	if (!emul_signal_arrived())
		kr = process_lock_records(EMUL_PORT_PROCESS, token, wait ? 0 : MASIX_IO_NONBLOCK,
			file->mount, file->port, range->how, range->start, range->end);
	emul_wait_end();
	return kr == MASIX_E_LIMIT ? -ENOLCK : emul_result(kr);
}

static long get(struct emul_file *file, const struct range *range, struct request *request)
{
	int64_t start, end;
	int how, pid;
	long error;

	if (range->how == MASIX_LOCK_NONE)
		return -EINVAL;
	error = emul_result(process_test_records(EMUL_PORT_PROCESS, file->mount, file->port,
		range->how, range->start, range->end, &how, &start, &end, &pid));
	if (error != 0)
		return error;
	request->type = F_UNLCK;
	if (how != MASIX_LOCK_NONE)
		*request = (struct request){ how == MASIX_LOCK_SHARED ? F_RDLCK : F_WRLCK, SEEK_SET,
			start, end == INT64_MAX ? 0 : end - start + 1, pid };
	return 0;
}

long locks_fcntl(struct emul_file *file, uint32_t command, uint32_t lock)
{
	int wide = command == F_GETLK64 || command == F_SETLK64 || command == F_SETLKW64;
	int is_question = command == F_GETLK || command == F_GETLK64;
	struct request request;
	struct range range;
	long error;

	if (file->kind != EMUL_FILE_REGULAR)
		return file_flags(file) & O_PATH ? -EBADF : -EINVAL;
	error = read_request(lock, wide, &request);
	if (error == 0)
		error = range_of(file, &request, &range);
	if (error == 0)
		error = how_of(request.type, &range.how);
	if (error == 0 && !is_question && !may_lock(file, range.how))
		error = -EBADF;
	if (error != 0)
		return error;
	if (!is_question)
		return set(file, &range, command == F_SETLKW || command == F_SETLKW64);
	error = get(file, &range, &request);
	return error != 0 ? error : write_request(lock, wide, &request);
}
