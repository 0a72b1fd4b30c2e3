/* The objects of /proc: directories, and files whose text is made when they are read. */
#include "procfs.h"

#include <dir_server.h>
#include <mach.h>
#include <mach_port.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/server.h>

#include "procfs_text.h"
#include "procfs_tree.h"
#include "serve_io.h"
#include "server.h"

#define PROC_DEV 5
#define PROC_MAGIC 0x9fa0

struct proc_object {
	struct masix_object object;
	struct proc_node node;
	int self;
	pthread_mutex_t lock;	/* of `text` */
	struct text text;	/* of a file, as it was when offset 0 was read last */
};

static const struct unix_class proc_class;

/* --- What the tree asks --- */

static bool process_exists(int pid)
{
	table_lock();
	bool exists = process_find(&unix_server.table, pid) != NULL;

	table_unlock();
	return exists;
}

static int next_process(int from)
{
	int pid = 0;

	table_lock();
	for (const struct process *p = unix_server.table.first; p != NULL; p = p->next)
		if (p->pid >= from && (pid == 0 || p->pid < pid))
			pid = p->pid;
	table_unlock();
	return pid;
}

static struct proc_view view_of(const struct proc_object *o)
{
	return (struct proc_view){o->self, process_exists, next_process, proc_process_link};
}

/* --- Objects --- */

static void proc_destroy(struct masix_object *object)
{
	struct proc_object *o = (struct proc_object *)object;

	text_free(&o->text);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

static kern_return_t create(struct proc_node node, int self, mach_port_t *right)
{
	struct proc_object *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return KERN_RESOURCE_SHORTAGE;
	o->node = node;
	o->self = self;
	pthread_mutex_init(&o->lock, NULL);
	kern_return_t kr = masix_object_init(&o->object, &proc_class.base);

	if (kr != KERN_SUCCESS) {
		proc_destroy(&o->object);
		return kr;
	}
	kr = masix_object_send_right(&o->object, right);
	if (kr != KERN_SUCCESS)
		masix_object_kill(&o->object);
	masix_object_put(&o->object);
	return kr;
}

kern_return_t procfs_root(int pid, mach_port_t *dir)
{
	return create((struct proc_node){PROC_ROOT, 0}, pid, dir);
}

static struct proc_object *enter(mach_port_t port)
{
	return (struct proc_object *)masix_object_get(port, &proc_class.base);
}

static void leave(struct proc_object *o)
{
	masix_object_put(&o->object);
}

/* The directory behind the port, with a reference; NULL: none. */
static struct proc_object *enter_directory(mach_port_t port)
{
	struct proc_object *o = enter(port);

	if (o != NULL && !proc_is_directory(o->node)) {
		leave(o);
		o = NULL;
	}
	return o;
}

static int kind_of(struct proc_node node)
{
	return proc_is_directory(node) ? MASIX_KIND_DIRECTORY
		: proc_is_link(node)   ? MASIX_KIND_SYMLINK
				       : MASIX_KIND_FILE;
}

/* False: it belongs to a process that is gone. */
static bool stat_node(struct proc_node node, masix_stat_t *stat)
{
	uint64_t started_ns = masix_monotonic_ns();
	uint32_t type = proc_is_directory(node) ? S_IFDIR | 0555
		: proc_is_link(node)		? S_IFLNK | 0777
						: S_IFREG | 0444;

	memset(stat, 0, sizeof(*stat));
	if (node.pid != 0 && !proc_process_owner(node.pid, &stat->uid, &stat->gid, &started_ns))
		return false;
	stat->dev = PROC_DEV;
	stat->ino = proc_ino(node);
	stat->mode = type;
	stat->nlink = proc_is_directory(node) ? 2 : 1;
	stat->block_size = 1024;
	stat->atime = stat->mtime = stat->ctime =
		(masix_realtime_ns() - (int64_t)masix_monotonic_ns() + (int64_t)started_ns) /
		1000000000;
	return true;
}

/* --- io --- */

static bool make_text(struct proc_node node, struct text *text)
{
	return node.pid != 0 ? proc_process_text(node, text) : proc_system_text(node.kind, text);
}

static kern_return_t proc_read(struct masix_object *object, const struct io_call *call,
	int64_t offset, uint32_t amount, char *data, uint32_t *count)
{
	struct proc_object *o = (struct proc_object *)object;
	kern_return_t kr = KERN_SUCCESS;

	(void)call;
	if (proc_is_directory(o->node))
		return MASIX_E_IS_DIRECTORY;
	if (offset < 0)
		return MASIX_E_INVALID;
	pthread_mutex_lock(&o->lock);
	if (offset == 0 || o->text.data == NULL) {
		struct text fresh = {0};

		if (!make_text(o->node, &fresh))
			kr = MASIX_E_NO_PROCESS;
		else if (fresh.failed)
			kr = KERN_RESOURCE_SHORTAGE;
		text_free(&o->text);
		o->text = fresh;
	}
	*count = 0;
	if (kr == KERN_SUCCESS && offset < o->text.length) {
		uint32_t rest = o->text.length - (uint32_t)offset;

		*count = amount < rest ? amount : rest;
		memcpy(data, o->text.data + offset, *count);
	}
	pthread_mutex_unlock(&o->lock);
	return kr;
}

static kern_return_t proc_write(struct masix_object *object, const struct io_call *call,
	const char *data, uint32_t length, uint32_t *written)
{
	(void)object;
	(void)call;
	(void)data;
	(void)length;
	(void)written;
	return MASIX_E_ACCESS;
}

static kern_return_t proc_poll(struct masix_object *object, const struct io_call *call, int events,
	int *ready)
{
	(void)object;
	(void)call;
	*ready = events & MASIX_POLL_IN;
	return KERN_SUCCESS;
}

static kern_return_t proc_stat(struct masix_object *object, masix_stat_t *stat)
{
	return stat_node(((struct proc_object *)object)->node, stat) ? KERN_SUCCESS
								     : MASIX_E_NO_PROCESS;
}

static const struct io_operations proc_io = {
	.read = proc_read,
	.write = proc_write,
	.poll = proc_poll,
	.stat = proc_stat,
};

static const struct unix_class proc_class = {
	.base = {.name = "proc", .destroy = proc_destroy},
	.io = &proc_io,
};

/* --- dir --- */

/* Walk and describe: what dir_open and dir_stat have in common. */
static kern_return_t resolve(const struct proc_object *dir, const char *path, uint32_t length,
	int flags, struct proc_walk *walk, int *kind, masix_stat_t *stat)
{
	struct proc_view view = view_of(dir);

	memset(stat, 0, sizeof(*stat));
	if (memchr(path, '\0', length) != NULL)
		return MASIX_E_INVALID;
	int error = proc_walk(&view, dir->node, path, length, (flags & MASIX_OPEN_NOFOLLOW) == 0,
		walk);

	if (error != 0)
		return error;
	*kind = walk->cross != 0 ? walk->cross : kind_of(walk->found);
	if (walk->cross != 0)
		return KERN_SUCCESS;
	walk->rest_length = 0;
	return stat_node(walk->found, stat) ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

static kern_return_t check_open(int kind, int flags)
{
	if ((flags & MASIX_OPEN_EXCLUSIVE) != 0 && (flags & MASIX_OPEN_CREATE) != 0)
		return MASIX_E_EXISTS;
	if ((flags & (MASIX_OPEN_WRITE | MASIX_OPEN_TRUNCATE)) != 0)
		return kind == MASIX_KIND_DIRECTORY ? MASIX_E_IS_DIRECTORY : MASIX_E_ACCESS;
	if ((flags & MASIX_OPEN_DIRECTORY) != 0 && kind != MASIX_KIND_DIRECTORY)
		return MASIX_E_NOT_DIRECTORY;
	if ((flags & MASIX_OPEN_EXEC) != 0 && kind == MASIX_KIND_FILE)
		return MASIX_E_ACCESS;
	if (kind == MASIX_KIND_SYMLINK && (flags & MASIX_OPEN_PATH) == 0)
		return MASIX_E_LOOP;
	return KERN_SUCCESS;
}

kern_return_t S_dir_open(mach_port_t port, const masix_path_t path, mach_msg_type_number_t length,
	int flags, uint32_t mode, int *kind, mach_port_t *object, masix_stat_t *stat,
	masix_path_t rest, mach_msg_type_number_t *rest_length)
{
	struct proc_object *dir = enter_directory(port);
	struct proc_walk walk;

	(void)mode;
	*object = MACH_PORT_NULL;
	*rest_length = 0;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	kern_return_t kr = resolve(dir, path, length, flags, &walk, kind, stat);

	if (kr == MASIX_E_NOT_FOUND && (flags & MASIX_OPEN_CREATE) != 0)
		kr = MASIX_E_ACCESS;
	if (kr == KERN_SUCCESS && walk.cross == 0) {
		kr = check_open(*kind, flags);
		if (kr == KERN_SUCCESS)
			kr = create(walk.found, dir->self, object);
	}
	leave(dir);
	if (kr == KERN_SUCCESS) {
		*rest_length = walk.rest_length;
		memcpy(rest, walk.rest, walk.rest_length);
	}
	return kr;
}

kern_return_t S_dir_stat(mach_port_t port, const masix_path_t path, mach_msg_type_number_t length,
	int flags, int *kind, masix_stat_t *stat, masix_path_t rest,
	mach_msg_type_number_t *rest_length)
{
	struct proc_object *dir = enter_directory(port);
	struct proc_walk walk;

	*rest_length = 0;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	kern_return_t kr = resolve(dir, path, length, flags, &walk, kind, stat);

	leave(dir);
	if (kr == KERN_SUCCESS) {
		*rest_length = walk.rest_length;
		memcpy(rest, walk.rest, walk.rest_length);
	}
	return kr;
}

kern_return_t S_dir_readlink(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, masix_path_t target, mach_msg_type_number_t *target_length)
{
	struct proc_object *dir = enter_directory(port);
	struct proc_walk walk;
	masix_stat_t stat;
	int kind;

	*target_length = 0;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	struct proc_view view = view_of(dir);
	kern_return_t kr = resolve(dir, path, length, MASIX_OPEN_NOFOLLOW, &walk, &kind, &stat);

	if (kr == KERN_SUCCESS && walk.cross != 0)
		kr = MASIX_E_CROSS;
	else if (kr == KERN_SUCCESS && kind != MASIX_KIND_SYMLINK)
		kr = MASIX_E_INVALID;
	if (kr == KERN_SUCCESS) {
		*target_length = proc_readlink(&view, walk.found, target, sizeof(masix_path_t));
		if (*target_length == 0)
			kr = MASIX_E_NOT_FOUND;
	}
	leave(dir);
	return kr;
}

kern_return_t S_dir_entries(mach_port_t port, int64_t cookie, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count, int64_t *next)
{
	struct proc_object *dir = enter_directory(port);

	*count = 0;
	*next = cookie;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	struct proc_view view = view_of(dir);

	*count = proc_entries(&view, dir->node, cookie, data,
		amount < MASIX_INLINE_MAX ? amount : MASIX_INLINE_MAX, next);
	leave(dir);
	return KERN_SUCCESS;
}

kern_return_t S_dir_path(mach_port_t port, masix_path_t path, mach_msg_type_number_t *length)
{
	struct proc_object *dir = enter_directory(port);

	*length = 0;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	*length = proc_path(dir->node, path, sizeof(masix_path_t));
	leave(dir);
	return KERN_SUCCESS;
}

kern_return_t S_dir_statfs(mach_port_t port, masix_statfs_t *info)
{
	struct proc_object *dir = enter_directory(port);

	memset(info, 0, sizeof(*info));
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	leave(dir);
	info->type = PROC_MAGIC;
	info->block_size = 4096;
	info->name_max = MASIX_NAME_MAX;
	return KERN_SUCCESS;
}

/* --- Nothing can be changed here --- */

static kern_return_t refuse_change(mach_port_t port)
{
	struct proc_object *dir = enter_directory(port);

	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	leave(dir);
	return MASIX_E_PERMISSION;
}

kern_return_t S_dir_make_directory(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, uint32_t mode)
{
	(void)path;
	(void)length;
	(void)mode;
	return refuse_change(port);
}

kern_return_t S_dir_make_node(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, uint32_t mode, uint32_t rdev)
{
	(void)path;
	(void)length;
	(void)mode;
	(void)rdev;
	return refuse_change(port);
}

kern_return_t S_dir_symlink(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, const masix_path_t target,
	mach_msg_type_number_t target_length)
{
	(void)path;
	(void)length;
	(void)target;
	(void)target_length;
	return refuse_change(port);
}

kern_return_t S_dir_link(mach_port_t port, const masix_path_t path, mach_msg_type_number_t length,
	mach_port_t file)
{
	(void)path;
	(void)length;
	(void)file;
	return refuse_change(port);
}

kern_return_t S_dir_unlink(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, int flags)
{
	(void)path;
	(void)length;
	(void)flags;
	return refuse_change(port);
}

kern_return_t S_dir_rename(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, mach_port_t to, const masix_path_t to_path,
	mach_msg_type_number_t to_length, int flags)
{
	(void)path;
	(void)length;
	(void)to;
	(void)to_path;
	(void)to_length;
	(void)flags;
	return refuse_change(port);
}
