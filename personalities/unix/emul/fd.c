/* The descriptor table, and what fork, exec and exit do with it. */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "calls.h"
#include "epoll.h"
#include "fd.h"
#include "fd_table.h"
#include "files.h"
#include "kernel.h"
#include "locks.h"
#include "mounts.h"
#include "pass.h"
#include "rlimits.h"
#include "take.h"
#include "window.h"

static struct fd_table table; /* files lock to change it */

/* The fork that is under way. */
static struct {
	struct emul_lock lock; /* one at a time; taken before the files lock */
	uint32_t generation;
	uint32_t count;
	int error;			     /* 0 or -errno */
	struct emul_file *files[EMUL_FILES]; /* each with a use */
} child;

volatile uint32_t fd_cwd, fd_root;

static struct emul_file *slot_file(uint32_t word)
{
	return (struct emul_file *)(word & ~EMUL_SLOT_MASK);
}

struct emul_file *fd_hold(uint32_t fd)
{
	return fd < FD_TABLE_SIZE ? file_hold(&table.words[fd]) : NULL;
}

struct emul_file *fd_get(uint32_t fd)
{
	return fd < FD_TABLE_SIZE ? file_get(&table.words[fd]) : NULL;
}

static long install_from(struct emul_file *file, uint32_t from, int close_on_exec)
{
	int fd;

	emul_lock(&files_lock);
	fd = fd_table_find(&table, from, limits_open_files());
	if (fd >= 0)
		fd_table_set(&table, (uint32_t)fd,
			(uint32_t)file | (close_on_exec ? FD_WORD_CLOEXEC : 0));
	emul_unlock(&files_lock);
	if (fd < 0) {
		file_drop(file);
		return -EMFILE;
	}
	return fd;
}

long fd_install(struct emul_file *file, int close_on_exec)
{
	return install_from(file, 0, close_on_exec);
}

long fd_check_room(unsigned count)
{
	int fd = -1;

	emul_lock(&files_lock);
	while (count-- > 0) {
		fd = fd_table_find(&table, (uint32_t)(fd + 1), limits_open_files());
		if (fd < 0)
			break;
	}
	emul_unlock(&files_lock);
	return fd < 0 ? -EMFILE : 0;
}

/* A descriptor's use of its file ends. */
static void descriptor_gone(uint32_t word)
{
	struct emul_file *file = slot_file(word);

	locks_closed(file);
	file_drop(file);
}

long fd_close(uint32_t fd)
{
	uint32_t word = 0;

	if (fd >= FD_TABLE_SIZE)
		return -EBADF;
	emul_lock(&files_lock);
	if (table.words[fd] != 0)
		word = fd_table_set(&table, fd, 0);
	emul_unlock(&files_lock);
	if (word == 0)
		return -EBADF;
	descriptor_gone(word);
	return 0;
}

long sys_close(const uint32_t *a)
{
	return fd_close(a[0]);
}

#define CLOSE_RANGE_CLOEXEC 4u

/* CLOSE_RANGE_UNSHARE is refused: threads of a process always share the table here. */
long sys_close_range(const uint32_t *a)
{
	uint32_t first = a[0], last = a[1], flags = a[2];

	if (first > last || (flags & ~CLOSE_RANGE_CLOEXEC) != 0)
		return -EINVAL;
	if (flags == 0) {
		for (uint32_t fd = first; fd <= last && fd < table.high; fd++)
			(void)fd_close(fd);
		return 0;
	}
	emul_lock(&files_lock);
	for (uint32_t fd = first; fd <= last && fd < table.high; fd++)
		if (table.words[fd] != 0)
			table.words[fd] |= FD_WORD_CLOEXEC;
	emul_unlock(&files_lock);
	return 0;
}

static long duplicate(uint32_t fd, uint32_t from, int close_on_exec)
{
	struct emul_file *file = fd_get(fd);

	if (file == NULL)
		return -EBADF;
	return install_from(file, from, close_on_exec);
}

long sys_dup(const uint32_t *a)
{
	return duplicate(a[0], 0, 0);
}

static long duplicate_to(uint32_t fd, uint32_t to, int close_on_exec)
{
	struct emul_file *file;
	uint32_t old;

	if (to >= limits_open_files())
		return -EBADF;
	file = fd_get(fd);
	if (file == NULL)
		return -EBADF;
	emul_lock(&files_lock);
	old = fd_table_set(&table, to, (uint32_t)file | (close_on_exec ? FD_WORD_CLOEXEC : 0));
	emul_unlock(&files_lock);
	if (old != 0)
		descriptor_gone(old);
	return (long)to;
}

long sys_dup2(const uint32_t *a)
{
	if (a[0] == a[1]) {
		struct emul_file *file = fd_get(a[0]);

		if (file == NULL)
			return -EBADF;
		file_drop(file);
		return (long)a[1];
	}
	return duplicate_to(a[0], a[1], 0);
}

long sys_dup3(const uint32_t *a)
{
	if (a[0] == a[1] || (a[2] & ~(uint32_t)O_CLOEXEC) != 0)
		return -EINVAL;
	return duplicate_to(a[0], a[1], (a[2] & O_CLOEXEC) != 0);
}

long fd_set_close_on_exec(uint32_t fd, int on)
{
	long result = -EBADF;

	if (fd >= FD_TABLE_SIZE)
		return -EBADF;
	emul_lock(&files_lock);
	if (table.words[fd] != 0) {
		table.words[fd] = (table.words[fd] & ~FD_WORD_CLOEXEC) | (on ? FD_WORD_CLOEXEC : 0);
		result = 0;
	}
	emul_unlock(&files_lock);
	return result;
}

long fd_get_close_on_exec(uint32_t fd)
{
	uint32_t word = fd < FD_TABLE_SIZE ? table.words[fd] : 0;

	if (word == 0)
		return -EBADF;
	return (word & FD_WORD_CLOEXEC) != 0;
}

int fd_next(uint32_t fd)
{
	for (; fd < table.high; fd++)
		if (table.words[fd] != 0)
			return (int)fd;
	return -1;
}

long fd_duplicate_from(uint32_t fd, uint32_t from, int close_on_exec)
{
	if (from >= limits_open_files())
		return -EINVAL;
	return duplicate(fd, from, close_on_exec);
}

void fd_replace(volatile uint32_t *slot, struct emul_file *file)
{
	uint32_t old;

	emul_lock(&files_lock);
	old = *slot;
	*slot = (uint32_t)file;
	emul_unlock(&files_lock);
	if (old != 0)
		file_drop(slot_file(old));
}

/* Process 1: root and working directory are the rights that the Unix server entered. */
void emul_files_init(void)
{
	struct emul_file *root = file_create(EMUL_FILE_DIRECTORY, EMUL_PORT_ROOT, O_PATH, 0, NULL);
	struct emul_file *cwd = file_create(EMUL_FILE_DIRECTORY, EMUL_PORT_CWD, O_PATH, 0, NULL);

	fd_root = (uint32_t)root;
	fd_cwd = (uint32_t)cwd;
}

/* The child's copy of the descriptors is made with the lock held, its rights are entered after;
 * the files of the copy are kept until then. */
static void take_for_child(struct emul_file *file)
{
	if (file == NULL || file->mark == child.generation || child.error != 0)
		return;
	child.error = file_share(file);
	if (child.error != 0)
		return;
	file->mark = child.generation;
	file_use(file);
	child.files[child.count++] = file;
}

struct emul_file *fd_next_directory(uint32_t *fd)
{
	for (; *fd < table.high; ++*fd) {
		struct emul_file *file = fd_get(*fd);

		if (file != NULL && file->kind == EMUL_FILE_DIRECTORY)
			return file;
		if (file != NULL)
			file_drop(file);
	}
	return NULL;
}

void emul_files_fork_prepare(void)
{
	emul_lock(&child.lock);
	epoll_fork_prepare();
	emul_lock(&files_lock);
	child.generation++;
	child.count = 0;
	child.error = 0;
	take_for_child(slot_file(fd_root));
	take_for_child(slot_file(fd_cwd));
	for (uint32_t fd = 0; fd < table.high; fd++)
		take_for_child(slot_file(table.words[fd]));
}

void emul_files_fork_parent(void)
{
	emul_unlock(&files_lock);
	epoll_fork_parent();
}

int emul_files_fork_rights(mach_port_t task)
{
	for (uint32_t i = 0; i < child.count && child.error == 0; i++) {
		mach_port_t port = child.files[i]->port;
		kern_return_t kr = KERN_SUCCESS;

		if (port != MACH_PORT_NULL)
			kr = trap_port_insert_right(task, port, port, MACH_MSG_TYPE_COPY_SEND);
		/* A server that is gone leaves a dead name: the child gets none, and the same EIO. */
		if (kr != KERN_SUCCESS && kr != KERN_INVALID_RIGHT && kr != KERN_INVALID_CAPABILITY)
			child.error = -emul_errno(kr);
	}
	return child.error;
}

void emul_files_fork_end(int success)
{
	for (uint32_t i = 0; i < child.count; i++) {
		if (!success)
			file_unshare(child.files[i]);
		file_drop(child.files[i]);
	}
	emul_unlock(&child.lock);
}

void emul_files_fork_child(void)
{
	uint16_t counts[EMUL_FILES];

	memset(counts, 0, file_count() * sizeof counts[0]);
	counts[file_index(slot_file(fd_root))]++;
	counts[file_index(slot_file(fd_cwd))]++;
	for (uint32_t fd = 0; fd < table.high; fd++)
		if (table.words[fd] != 0)
			counts[file_index(slot_file(table.words[fd]))]++;
	mounts_forget();
	window_forget();
	locks_fork_child();
	memset(emul_self()->held, 0, sizeof emul_self()->held);
	emul_self()->poll_port = MACH_PORT_NULL;
	emul_self()->listens = 0;
	file_fork_child(counts);
	epoll_fork_child();
	files_lock.word = 0;
	child.lock.word = 0;
}

void emul_files_exec(void)
{
	for (uint32_t fd = 0; fd < table.high; fd++)
		if (table.words[fd] & FD_WORD_CLOEXEC)
			(void)fd_close(fd);
}

void fd_restore(uint32_t fd, struct emul_file *file)
{
	uint32_t old;

	emul_lock(&files_lock);
	old = fd_table_set(&table, fd, (uint32_t)file);
	emul_unlock(&files_lock);
	if (old != 0)
		file_drop(slot_file(old));
}

void emul_files_pass(struct takeover *t, struct takeover_file *to,
	struct takeover_descriptor *descriptors, uint32_t *released)
{
	uint16_t places[EMUL_FILES]; /* in `to`, from 1 on */

	memset(places, 0, sizeof places);
	emul_lock(&files_lock);
	file_pass(slot_file(fd_cwd), &t->directory);
	for (uint32_t fd = 0; fd < table.high; fd++) {
		struct emul_file *file = slot_file(table.words[fd]);
		uint16_t *place;

		if (file == NULL || (table.words[fd] & FD_WORD_CLOEXEC))
			continue;
		place = &places[file_index(file)];
		if (*place == 0) {
			file_pass(file, &to[t->file_count]);
			*place = (uint16_t)++t->file_count;
		}
		descriptors[t->descriptor_count].fd = fd;
		descriptors[t->descriptor_count++].file = *place - 1u;
	}
	t->released_count = file_shared_others(places, released);
	emul_unlock(&files_lock);
}
