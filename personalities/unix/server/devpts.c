#include "devpts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/server.h>

#include "pty.h"
#include "serve_dir.h"
#include "serve_io.h"
#include "server.h"

#define PTS_DEV 15
#define PTS_MAGIC 0x1cd1
#define ROOT_INO 1
#define FIRST_INO 3 /* of pseudo-terminal 0 */
#define TTY_GROUP 5

static kern_return_t stat_root(masix_stat_t *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->dev = PTS_DEV;
	stat->ino = ROOT_INO;
	stat->mode = S_IFDIR | 0755;
	stat->nlink = 2;
	stat->block_size = 1024;
	stat->atime = stat->mtime = stat->ctime = masix_realtime_ns() / 1000000000;
	return KERN_SUCCESS;
}

static kern_return_t pts_stat(struct masix_object *object, masix_stat_t *stat)
{
	(void)object;
	return stat_root(stat);
}

static const struct io_operations pts_io = { .stat = pts_stat };

/* The directory, or a node in it for process_open_device. */
struct pts_node {
	struct masix_object object;
	int number; /* of a node */
};

/* The number that a name without leading zeros is, or -1. */
static int number_of(const char *name, uint32_t length)
{
	int number = 0;

	if (length == 0 || length > 3 || (name[0] == '0' && length > 1))
		return -1;
	for (uint32_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		number = number * 10 + name[i] - '0';
	}
	return number;
}

static kern_return_t stat_terminal(int number, masix_stat_t *stat)
{
	memset(stat, 0, sizeof(*stat));
	if (number < 0 || pty_next(number, &stat->uid, &stat->gid) != number)
		return MASIX_E_NOT_FOUND;
	stat->dev = PTS_DEV;
	stat->ino = FIRST_INO + number;
	stat->mode = S_IFCHR | 0620;
	stat->nlink = 1;
	stat->gid = TTY_GROUP;
	stat->rdev = PTY_MAJOR << 8 | number;
	stat->block_size = 1024;
	stat->atime = stat->mtime = stat->ctime = masix_realtime_ns() / 1000000000;
	return KERN_SUCCESS;
}

static kern_return_t node_stat(struct masix_object *object, masix_stat_t *stat)
{
	return stat_terminal(((struct pts_node *)object)->number, stat);
}

static const struct io_operations node_io = { .stat = node_stat };

static const struct unix_class node_class = {
	.base = { .name = "terminal node", .destroy = (void (*)(struct masix_object *))free },
	.io = &node_io,
};

/* The right to a new object of the class, whose only reference is the right; `number` is a node's. */
static kern_return_t give_out(const struct masix_class *class, int number, mach_port_t *right)
{
	struct pts_node *node = kept_object(sizeof(*node));
	kern_return_t kr;

	if (node == NULL)
		return KERN_RESOURCE_SHORTAGE;
	node->number = number;
	kr = masix_object_init(&node->object, class);
	if (kr != KERN_SUCCESS) {
		free(node);
		return kr;
	}
	kr = masix_object_send_right(&node->object, right);
	if (kr != KERN_SUCCESS)
		masix_object_kill(&node->object);
	masix_object_put(&node->object);
	return kr;
}

/* Cut leading slashes and "." components off the path. */
static void skip_nothing(const char **path, uint32_t *length)
{
	while (*length > 0 &&
		(**path == '/' || (**path == '.' && (*length == 1 || (*path)[1] == '/')))) {
		(*path)++;
		(*length)--;
	}
}

static kern_return_t pts_find(struct masix_object *object, const char *path, uint32_t length,
	int flags, struct dir_found *found, mach_port_t *right)
{
	skip_nothing(&path, &length);
	if (length == 0) {
		found->kind = MASIX_KIND_DIRECTORY;
		kern_return_t kr = stat_root(&found->stat);

		if (kr == KERN_SUCCESS && right != NULL)
			kr = dir_check_open(found->kind, flags);
		if (kr == KERN_SUCCESS && right != NULL)
			kr = masix_object_send_right(object, right);
		return kr;
	}

	const char *slash = memchr(path, '/', length);
	uint32_t name = slash != NULL ? (uint32_t)(slash - path) : length;

	if (name == 2 && path[0] == '.' && path[1] == '.') {
		path += name;
		length -= name;
		skip_nothing(&path, &length);
		found->kind = MASIX_CROSS_PARENT;
		found->rest_length = length;
		memcpy(found->rest, path, length);
		return KERN_SUCCESS;
	}
	int number = number_of(path, name);
	kern_return_t kr = stat_terminal(number, &found->stat);

	if (kr == KERN_SUCCESS && slash != NULL)
		kr = MASIX_E_NOT_DIRECTORY;
	found->kind = MASIX_KIND_CHAR;
	if (kr == KERN_SUCCESS && right != NULL)
		kr = dir_check_open(found->kind, flags);
	if (kr == KERN_SUCCESS && right != NULL)
		kr = give_out(&node_class.base, number, right);
	return kr;
}

static kern_return_t pts_readlink(struct masix_object *object, const char *path, uint32_t length,
	char *target, uint32_t *target_length)
{
	struct dir_found found = { .kind = 0 };
	kern_return_t kr = pts_find(object, path, length, 0, &found, NULL);

	(void)target;
	(void)target_length;
	return kr != KERN_SUCCESS		  ? kr
	       : found.kind == MASIX_CROSS_PARENT ? MASIX_E_CROSS
						  : MASIX_E_INVALID;
}

/* Cookies: 0 ".", 1 "..", 2 + number of the terminal. */
static uint32_t pts_entries(
	struct masix_object *object, int64_t cookie, char *to, uint32_t room, int64_t *next)
{
	uint32_t used = 0, uid, gid;

	(void)object;
	*next = cookie;
	while (*next >= 0 && *next < 2 + PTY_MAX) {
		int number = *next < 2 ? 0 : pty_next(*next - 2, &uid, &gid);
		char name[12] = ".";

		if (number < 0)
			break;
		if (*next == 1)
			strcpy(name, "..");
		else if (*next > 1)
			snprintf(name, sizeof(name), "%d", number);
		uint32_t length = strlen(name);
		uint32_t size = (sizeof(struct masix_dirent) + length + 7) & ~7u;
		struct masix_dirent entry = {
			.ino = *next < 2 ? ROOT_INO : FIRST_INO + number,
			.next = *next < 2 ? *next + 1 : 2 + number + 1,
			.length = size,
			.type = *next < 2 ? DT_DIR : DT_CHR,
			.name_length = length,
		};

		if (room - used < size)
			break;
		memset(to + used, 0, size);
		memcpy(to + used, &entry, sizeof(entry));
		memcpy(to + used + sizeof(entry), name, length);
		used += size;
		*next = entry.next;
	}
	return used;
}

static uint32_t pts_path(struct masix_object *object, char *to, uint32_t room)
{
	(void)object;
	(void)room;
	to[0] = '/';
	return 1;
}

static const struct dir_operations pts_dir = {
	.find = pts_find,
	.readlink = pts_readlink,
	.entries = pts_entries,
	.path = pts_path,
	.magic = PTS_MAGIC,
};

static const struct unix_class pts_class = {
	.base = { .name = "devpts", .destroy = (void (*)(struct masix_object *))free },
	.io = &pts_io,
	.dir = &pts_dir,
};

kern_return_t devpts_root(mach_port_t *dir)
{
	return give_out(&pts_class.base, 0, dir);
}
