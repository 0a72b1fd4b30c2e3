/* Record locks upon whole-file locks. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include <masix/error.h>

#include "calls.h"
#include "fd.h"
#include "io.h"
#include "lock_ranges.h"
#include "locks.h"

#define FILES_MAX 16

/* The record locks in one inode. */
struct locked {
	struct emul_file *file;		/* whose object holds the lock; with a use.  NULL: free */
	enum lock_type held;		/* at the server */
	struct lock_ranges ranges;
};

static struct {
	struct emul_lock lock;
	volatile uint32_t count;	/* of files with locks, for a quick look without the lock */
	struct locked files[FILES_MAX];
} locks;

static const int how[] = {
	[LOCK_TYPE_NONE] = MASIX_LOCK_NONE,
	[LOCK_TYPE_READ] = MASIX_LOCK_SHARED,
	[LOCK_TYPE_WRITE] = MASIX_LOCK_EXCLUSIVE,
};

/* Ask the server; may block, so no lock is held. */
static kern_return_t lock_object(struct emul_file *file, int lock, int wait)
{
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (!emul_signal_arrived())
		kr = io_lock(file->port, token, wait ? 0 : MASIX_IO_NONBLOCK, lock);
	emul_wait_end();
	return kr;
}

/* flock(fd, operation) */
long sys_flock(const uint32_t *a)
{
	struct emul_file *file = fd_hold(a[0]);
	uint32_t operation = a[1] & ~(uint32_t)LOCK_NB;
	long result;

	if (file == NULL)
		return -EBADF;
	if (operation != MASIX_LOCK_SHARED && operation != MASIX_LOCK_EXCLUSIVE
		&& operation != MASIX_LOCK_NONE)
		result = -EINVAL;
	else if (file_flags(file) & O_PATH)
		result = -EBADF;
	else if (file->port == MACH_PORT_NULL)
		result = -EOPNOTSUPP;
	else
		result = emul_result(lock_object(file, (int)operation, !(a[1] & LOCK_NB)));
	file_release(file);
	return result;
}

static int same_inode(const struct emul_file *a, const struct emul_file *b)
{
	return a->stat.dev == b->stat.dev && a->stat.ino == b->stat.ino;
}

/* Lock held: the entry of the inode, or a free one (file NULL) if `make`; NULL: none. */
static struct locked *find(const struct emul_file *file, int make)
{
	struct locked *free = NULL;

	for (unsigned i = 0; i < FILES_MAX; i++) {
		struct locked *locked = &locks.files[i];

		if (locked->file == NULL)
			free = locked;
		else if (same_inode(locked->file, file))
			return locked;
	}
	return make ? free : NULL;
}

struct change {
	enum lock_type type;
	int64_t start, end;
	int wait;
};

/* The lock that the server must hold for us after the change, and the object that holds it (with
 * a use). */
static long plan(struct emul_file *file, const struct change *change, enum lock_type *needed,
	enum lock_type *held, struct emul_file **holder)
{
	struct locked *locked;
	struct lock_ranges ranges = {.count = 0};
	long error = -ENOLCK;

	emul_lock(&locks.lock);
	locked = find(file, change->type != LOCK_TYPE_NONE);
	*holder = NULL;
	if (locked != NULL) {
		if (locked->file != NULL)
			ranges = locked->ranges;
		error = lock_ranges_set(&ranges, change->start, change->end, change->type);
		*held = locked->file != NULL ? locked->held : LOCK_TYPE_NONE;
		*needed = lock_ranges_strongest(&ranges);
		*holder = locked->file != NULL ? locked->file : file;
		file_use(*holder);
	} else if (change->type == LOCK_TYPE_NONE) {
		error = 0;	/* nothing was locked */
	}
	emul_unlock(&locks.lock);
	return error;
}

/* The server has agreed.  `holder`'s use becomes the entry's or is dropped. */
static long commit(struct emul_file *holder, const struct change *change, enum lock_type held)
{
	struct emul_file *drop = holder;
	struct locked *locked;
	long error = -ENOLCK;

	emul_lock(&locks.lock);
	locked = find(holder, 1);
	if (locked != NULL) {
		if (locked->file == NULL) {
			locked->file = holder;
			locked->ranges.count = 0;
			locks.count++;
			drop = NULL;
		}
		locked->held = held;
		error = lock_ranges_set(&locked->ranges, change->start, change->end, change->type);
		if (locked->ranges.count == 0) {
			if (drop == NULL)
				drop = holder;
			else
				file_drop(locked->file);
			locked->file = NULL;
			locks.count--;
		}
	}
	emul_unlock(&locks.lock);
	if (drop != NULL)
		file_drop(drop);
	return error;
}

static long apply(struct emul_file *file, const struct change *change)
{
	enum lock_type needed = LOCK_TYPE_NONE, held = LOCK_TYPE_NONE;
	struct emul_file *holder;
	kern_return_t kr = KERN_SUCCESS;
	long error = plan(file, change, &needed, &held, &holder);

	if (holder == NULL)
		return error;
	if (error == 0 && needed != held)
		kr = lock_object(holder, how[needed], change->wait);
	if (error != 0 || kr != KERN_SUCCESS) {
		file_drop(holder);
		return error != 0 ? error : emul_result(kr);
	}
	return commit(holder, change, needed);
}

/* Would anyone be in the way?  Only an attempt can tell. */
static long test(struct emul_file *file, const struct change *change, int *conflict)
{
	struct locked *locked;
	enum lock_type held = LOCK_TYPE_NONE;
	kern_return_t kr;

	*conflict = 0;
	emul_lock(&locks.lock);
	locked = find(file, 0);
	if (locked != NULL)
		held = locked->held;
	emul_unlock(&locks.lock);
	if (held >= change->type)
		return 0;
	if (held != LOCK_TYPE_NONE) {
		/* An attempt could lose what is held; readers may be there beside us. */
		*conflict = 1;
		return 0;
	}
	kr = io_lock(file->port, 0, MASIX_IO_NONBLOCK, how[change->type]);
	if (kr == KERN_SUCCESS)
		kr = io_lock(file->port, 0, MASIX_IO_NONBLOCK, MASIX_LOCK_NONE);
	else if (kr == MASIX_E_WOULD_BLOCK) {
		*conflict = 1;
		kr = KERN_SUCCESS;
	}
	return emul_result(kr);
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

		*request = (struct request){in->l_type, in->l_whence, in->l_start, in->l_len, 0};
	} else {
		const struct flock *in = (const struct flock *)address;

		*request = (struct request){in->l_type, in->l_whence, in->l_start, in->l_len, 0};
	}
	return 0;
}

static void write_request(uint32_t address, int wide, const struct request *request)
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

		out->l_type = request->type;
		out->l_whence = request->whence;
		out->l_start = (__kernel_off_t)request->start;
		out->l_len = (__kernel_off_t)request->length;
		out->l_pid = request->pid;
	}
}

static long understand(struct emul_file *file, const struct request *request, struct change *change)
{
	struct masix_stat stat;
	int64_t base = 0, start;
	long error = 0;

	switch (request->whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = file_offset(file);
		break;
	case SEEK_END:
		error = emul_result(io_stat(file->port, &stat));
		base = (int64_t)stat.size;
		break;
	default:
		error = -EINVAL;
		break;
	}
	if (error != 0)
		return error;
	if (__builtin_add_overflow(base, request->start, &start))
		return -EOVERFLOW;
	if (request->length < 0) {
		change->end = start - 1;
		start += request->length;
	} else if (request->length == 0) {
		change->end = INT64_MAX;
	} else if (__builtin_add_overflow(start, request->length - 1, &change->end)) {
		return -EOVERFLOW;
	}
	if (start < 0)
		return -EINVAL;
	change->start = start;
	switch (request->type) {
	case F_RDLCK:
		change->type = LOCK_TYPE_READ;
		return file_readable(file) ? 0 : -EBADF;
	case F_WRLCK:
		change->type = LOCK_TYPE_WRITE;
		return file_writable(file) ? 0 : -EBADF;
	case F_UNLCK:
		change->type = LOCK_TYPE_NONE;
		return 0;
	default:
		return -EINVAL;
	}
}

long locks_fcntl(struct emul_file *file, uint32_t command, uint32_t lock)
{
	int wide = command == F_GETLK64 || command == F_SETLK64 || command == F_SETLKW64;
	int get = command == F_GETLK || command == F_GETLK64;
	struct request request;
	struct change change;
	int conflict;
	long error;

	if (file->kind != EMUL_FILE_REGULAR)
		return file_flags(file) & O_PATH ? -EBADF : -EINVAL;
	error = read_request(lock, wide, &request);
	if (error == 0)
		error = understand(file, &request, &change);
	if (error != 0)
		return error;
	if (!get) {
		change.wait = command == F_SETLKW || command == F_SETLKW64;
		return apply(file, &change);
	}
	if (change.type == LOCK_TYPE_NONE)
		return -EINVAL;
	error = test(file, &change, &conflict);
	if (error != 0)
		return error;
	if (conflict)
		request = (struct request){F_WRLCK, SEEK_SET, 0, 0, -1};
	else
		request.type = F_UNLCK;
	write_request(lock, wide, &request);
	return 0;
}

/* Take the entry out of the table; its file with the use, or NULL. */
static struct emul_file *take_out(struct locked *locked)
{
	struct emul_file *file = locked->file;

	if (file != NULL) {
		locked->file = NULL;
		locks.count--;
	}
	return file;
}

static void unlock_object(struct emul_file *file)
{
	(void)io_lock(file->port, 0, MASIX_IO_NONBLOCK, MASIX_LOCK_NONE);
	file_drop(file);
}

void locks_closed(struct emul_file *file)
{
	struct emul_file *holder = NULL;
	struct locked *locked;

	if (locks.count == 0)
		return;
	emul_lock(&locks.lock);
	locked = find(file, 0);
	if (locked != NULL)
		holder = take_out(locked);
	emul_unlock(&locks.lock);
	if (holder != NULL)
		unlock_object(holder);
}

void locks_exit(void)
{
	for (unsigned i = 0; i < FILES_MAX && locks.count > 0; i++) {
		struct emul_file *holder;

		emul_lock(&locks.lock);
		holder = take_out(&locks.files[i]);
		emul_unlock(&locks.lock);
		if (holder != NULL)
			unlock_object(holder);
	}
}

void locks_fork_child(void)
{
	locks.lock.word = 0;
	if (locks.count == 0)
		return;
	locks.count = 0;
	for (unsigned i = 0; i < FILES_MAX; i++)
		locks.files[i].file = NULL;
}
