/* The objects of /proc: directories, and files whose text is made when they are read. */
#include "procfs.h"

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
#include "serve_dir.h"
#include "serve_io.h"
#include "server.h"

#define PROC_DEV 5
#define PROC_MAGIC 0x9fa0

struct proc_object {
	struct masix_object object;
	struct proc_node node;
	int self;
	pthread_mutex_t lock; /* of `text`; held while that is made, so it makes no transaction */
	struct text text;     /* of a file, as it was when offset 0 was read last */
};

static const struct unix_class proc_file_class, proc_dir_class;

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

static uint32_t process_link(int self, struct proc_node node, char *to, uint32_t room)
{
	return proc_may_inspect(self, node.pid) ? proc_process_link(node, to, room) : 0;
}

static struct proc_view view_of(const struct proc_object *o)
{
	return (struct proc_view){ o->self, process_exists, next_process, proc_next_thread,
		process_link };
}

/* --- Objects --- */

static void proc_destroy(struct masix_object *object)
{
	struct proc_object *o = (struct proc_object *)object;

	text_free(&o->text);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* Its text is made again when somebody reads on. */
static void proc_recover(struct masix_object *object, enum recover_pass pass)
{
	struct proc_object *o = (struct proc_object *)object;

	if (pass == REFERENCES_FORGET)
		return;
	o->text = (struct text){ 0 };
	pthread_mutex_init(&o->lock, NULL);
}

static kern_return_t create(struct proc_node node, int self, mach_port_t *right)
{
	struct proc_object *o = kept_object(sizeof(*o));

	if (o == NULL)
		return KERN_RESOURCE_SHORTAGE;
	o->node = node;
	o->self = self;
	pthread_mutex_init(&o->lock, NULL);
	kern_return_t kr = masix_object_init(
		&o->object, proc_is_directory(node) ? &proc_dir_class.base : &proc_file_class.base);

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
	return create((struct proc_node){ .kind = PROC_ROOT }, pid, dir);
}

static int kind_of(struct proc_node node)
{
	return proc_is_directory(node) ? MASIX_KIND_DIRECTORY
	       : proc_is_link(node)    ? MASIX_KIND_SYMLINK
				       : MASIX_KIND_FILE;
}

/* False: it belongs to a process that is gone. */
static bool stat_node(struct proc_node node, masix_stat_t *stat)
{
	uint64_t started_ns = masix_monotonic_ns();
	uint32_t type = proc_is_directory(node)		? S_IFDIR | 0555
			: proc_is_link(node)		? S_IFLNK | 0777
			: node.kind == PROC_PID_ENVIRON ? S_IFREG | 0400
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

static bool make_text(const struct proc_object *o, struct text *text)
{
	return o->node.pid != 0 ? proc_process_text(o->node, o->self, text)
				: proc_system_text(o->node.kind, text) ||
					  proc_network_text(o->node.kind, text);
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
	if ((o->node.kind == PROC_PID_MAPS || o->node.kind == PROC_PID_ENVIRON) &&
		!proc_may_inspect(o->self, o->node.pid))
		return MASIX_E_ACCESS;
	pthread_mutex_lock(&o->lock);
	if (offset == 0 || o->text.data == NULL) {
		struct text fresh = { 0 };

		if (!make_text(o, &fresh))
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

static kern_return_t proc_poll(
	struct masix_object *object, const struct io_call *call, int events, int *ready)
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

static const struct unix_class proc_file_class = {
	.base = { .name = "proc file", .destroy = proc_destroy },
	.recover = proc_recover,
	.io = &proc_io,
};

/* --- dir --- */

static kern_return_t proc_find(struct masix_object *object, const char *path, uint32_t length,
	int flags, struct dir_found *found, mach_port_t *right)
{
	const struct proc_object *dir = (struct proc_object *)object;
	struct proc_view view = view_of(dir);
	struct proc_walk walk;
	kern_return_t kr = proc_walk(
		&view, dir->node, path, length, (flags & MASIX_OPEN_NOFOLLOW) == 0, &walk);

	if (kr != KERN_SUCCESS)
		return kr;
	if (walk.cross != 0) {
		found->kind = walk.cross;
		found->rest_length = walk.rest_length;
		memcpy(found->rest, walk.rest, walk.rest_length);
		return KERN_SUCCESS;
	}
	found->kind = kind_of(walk.found);
	if (!stat_node(walk.found, &found->stat))
		return MASIX_E_NOT_FOUND;
	if (right == NULL)
		return KERN_SUCCESS;
	kr = dir_check_open(found->kind, flags);
	return kr == KERN_SUCCESS ? create(walk.found, dir->self, right) : kr;
}

static kern_return_t proc_link_target(struct masix_object *object, const char *path,
	uint32_t length, char *target, uint32_t *target_length)
{
	const struct proc_object *dir = (struct proc_object *)object;
	struct proc_view view = view_of(dir);
	struct proc_walk walk;
	kern_return_t kr = proc_walk(&view, dir->node, path, length, false, &walk);

	if (kr != KERN_SUCCESS)
		return kr;
	if (walk.cross != 0)
		return MASIX_E_CROSS;
	if (!proc_is_link(walk.found))
		return MASIX_E_INVALID;
	if (walk.found.pid != 0 && !proc_may_inspect(dir->self, walk.found.pid))
		return MASIX_E_ACCESS;
	*target_length = proc_readlink(&view, walk.found, target, *target_length);
	return *target_length > 0 ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

static uint32_t proc_list(
	struct masix_object *object, int64_t cookie, char *to, uint32_t room, int64_t *next)
{
	const struct proc_object *dir = (struct proc_object *)object;
	struct proc_view view = view_of(dir);

	return proc_entries(&view, dir->node, cookie, to, room, next);
}

static uint32_t proc_own_path(struct masix_object *object, char *to, uint32_t room)
{
	return proc_path(((struct proc_object *)object)->node, to, room);
}

static const struct dir_operations proc_dir = {
	.find = proc_find,
	.readlink = proc_link_target,
	.entries = proc_list,
	.path = proc_own_path,
	.magic = PROC_MAGIC,
};

static const struct unix_class proc_dir_class = {
	.base = { .name = "proc directory", .destroy = proc_destroy },
	.recover = proc_recover,
	.io = &proc_io,
	.dir = &proc_dir,
};
