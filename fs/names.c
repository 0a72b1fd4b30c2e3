/* Opening, looking at and making names. */
#include "names_private.h"

#include <sys/stat.h>

#include <masix/error.h>

#include "done.h"

int names_kind(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return MASIX_KIND_DIRECTORY;
	case S_IFLNK:
		return MASIX_KIND_SYMLINK;
	case S_IFCHR:
		return MASIX_KIND_CHAR;
	case S_IFBLK:
		return MASIX_KIND_BLOCK;
	case S_IFIFO:
		return MASIX_KIND_FIFO;
	case S_IFSOCK:
		return MASIX_KIND_SOCKET;
	default:
		return MASIX_KIND_FILE;
	}
}

void names_remember(struct node *directory, const struct name *name, uint64_t ino)
{
	dentries_enter(
		directory->volume->dentries, directory->stat.ino, name->text, name->length, ino);
}

int names_check_change(const struct context *context, const struct node *directory)
{
	if (directory->volume->read_only)
		return MASIX_E_READ_ONLY;
	if (directory->stat.nlink == 0)
		return MASIX_E_NOT_FOUND;
	return access_allowed(&context->who, &directory->stat, ACCESS_WRITE | ACCESS_EXEC)
		       ? 0
		       : MASIX_E_ACCESS;
}

/* The walk's last component does not exist: make it. */
static int make(const struct context *context, struct walk *walk, struct node_seed *seed,
	struct node **node)
{
	struct node *directory = walk->directory;
	uint64_t ino;
	int error;

	error = names_check_change(context, directory);
	if (error)
		return error;
	seed->uid = context->who.uid;
	seed->gid = context->who.gid;
	if (directory->stat.mode & S_ISGID) {
		seed->gid = directory->stat.gid;
		if (S_ISDIR(seed->mode))
			seed->mode |= S_ISGID;
		else if ((seed->mode & S_IXGRP) && context->who.uid != 0 &&
			 !identity_has_group(&context->who, seed->gid))
			seed->mode &= ~(uint32_t)S_ISGID; /* as in attributes_set_mode */
	}
	error = directory->volume->ops->create(directory, &walk->name, seed, &ino);
	if (error)
		return error;
	names_remember(directory, &walk->name, ino);
	return node_get(directory->volume, ino, node);
}

/* --- looking --- */

/* Not all of it at once: `rest` is large and seldom used. */
static void clear(struct found *found)
{
	found->kind = 0;
	found->node = NULL;
	found->created = false;
	found->rest_length = 0;
}

static void fill(struct found *found, struct walk *walk)
{
	if (walk->cross) {
		found->kind = walk->cross;
		found->stat = (struct masix_stat){ 0 };
		found->stat.rdev = walk->covered ? walk->covered->mount : 0;
		found->rest_length = path_rest(walk->path, found->rest);
		return;
	}
	found->kind = names_kind(walk->node->stat.mode);
	found->stat = walk->node->stat;
}

static int check_open(const struct context *context, const struct node *node, int flags)
{
	unsigned want = 0;

	if ((flags & MASIX_OPEN_DIRECTORY) && !node_is_directory(node))
		return MASIX_E_NOT_DIRECTORY;
	if (flags & MASIX_OPEN_PATH)
		return 0;
	if (S_ISLNK(node->stat.mode))
		return MASIX_E_LOOP;
	if (flags & MASIX_OPEN_READ)
		want |= ACCESS_READ;
	if (flags & (MASIX_OPEN_WRITE | MASIX_OPEN_TRUNCATE))
		want |= ACCESS_WRITE;
	if (flags & MASIX_OPEN_EXEC)
		want |= ACCESS_EXEC;
	if (node_is_directory(node) && (want & ACCESS_WRITE))
		return MASIX_E_IS_DIRECTORY;
	if (!access_allowed(&context->who, &node->stat, want))
		return MASIX_E_ACCESS;
	/* What a device does with its data is not the file system's concern. */
	if ((want & ACCESS_WRITE) && node_is_file(node) && node->volume->read_only)
		return MASIX_E_READ_ONLY;
	return 0;
}

static int open_found(const struct context *context, struct walk *walk, int flags, uint32_t mode,
	struct found *found)
{
	int error;

	if (!walk->cross && !walk->node) {
		struct node_seed seed = { .mode = S_IFREG | (mode & 07777) };

		if (!(flags & MASIX_OPEN_CREATE))
			return MASIX_E_NOT_FOUND;
		if (walk->path->directory || (flags & MASIX_OPEN_DIRECTORY))
			return MASIX_E_IS_DIRECTORY;
		error = make(context, walk, &seed, &walk->node);
		if (error)
			return error;
		/* Its mode may forbid what its maker may do all the same. */
		found->created = true;
		done_note(walk->node->volume->undo, DONE_CREATED, 0, walk->node->stat.ino);
	} else if (!walk->cross) {
		if ((flags & MASIX_OPEN_CREATE) && (flags & MASIX_OPEN_EXCLUSIVE))
			return MASIX_E_EXISTS;
		if ((flags & MASIX_OPEN_CREATE) && node_is_directory(walk->node))
			return MASIX_E_IS_DIRECTORY;
		error = check_open(context, walk->node, flags);
		if (error)
			return error;
	}
	fill(found, walk);
	found->node = walk->node;
	if (found->node)
		node_ref(found->node);
	return 0;
}

int names_open(const struct context *context, struct node *directory, struct path *path, int flags,
	uint32_t mode, struct found *found)
{
	/* O_EXCL does not follow: a link there, even a dangling one, is something that exists. */
	bool exclusive = (flags & MASIX_OPEN_CREATE) && (flags & MASIX_OPEN_EXCLUSIVE);
	bool follow = !(flags & MASIX_OPEN_NOFOLLOW) && !exclusive;
	struct walk walk;
	int error;

	clear(found);
	volume_lock(directory->volume);
	error = walk_begin(context, directory, path, follow, &walk);
	if (!error) {
		error = open_found(context, &walk, flags, mode, found);
		walk_end(&walk);
	}
	volume_unlock(directory->volume);
	return error;
}

int names_stat(const struct context *context, struct node *directory, struct path *path,
	bool follow, struct found *found)
{
	struct walk walk;
	int error;

	clear(found);
	volume_lock(directory->volume);
	error = walk_begin(context, directory, path, follow, &walk);
	if (!error) {
		if (walk.cross || walk.node)
			fill(found, &walk);
		else
			error = MASIX_E_NOT_FOUND;
		walk_end(&walk);
	}
	volume_unlock(directory->volume);
	return error;
}

int names_check_inside(const struct walk *walk)
{
	if (!walk->cross)
		return 0;
	if (walk->cross == MASIX_CROSS_MOUNT && path_is_empty(walk->path))
		return MASIX_E_BUSY;
	return MASIX_E_CROSS;
}

int names_read_link(const struct context *context, struct node *directory, struct path *path,
	char *target, unsigned *length)
{
	struct walk walk;
	int error;

	volume_lock(directory->volume);
	error = walk_begin(context, directory, path, false, &walk);
	if (!error) {
		error = names_check_inside(&walk);
		if (!error && !walk.node)
			error = MASIX_E_NOT_FOUND;
		if (!error && !S_ISLNK(walk.node->stat.mode))
			error = MASIX_E_INVALID;
		if (!error)
			error = directory->volume->ops->read_link(walk.node, target, length);
		walk_end(&walk);
	}
	volume_unlock(directory->volume);
	return error;
}

/* --- changing --- */

int names_make(const struct context *context, struct node *directory, struct path *path,
	struct node_seed *seed)
{
	struct walk walk;
	int error;

	volume_lock(directory->volume);
	error = walk_begin(context, directory, path, false, &walk);
	if (!error) {
		error = names_check_inside(&walk);
		if (error == MASIX_E_BUSY || (!error && walk.node))
			error = MASIX_E_EXISTS;
		if (!error && walk.path->directory && !S_ISDIR(seed->mode))
			error = MASIX_E_NOT_FOUND;
		if (!error)
			error = make(context, &walk, seed, &walk.node);
		if (!error)
			done_note(directory->volume->undo, DONE_PLAIN, 0, 0);
		walk_end(&walk);
	}
	volume_unlock(directory->volume);
	return error;
}

int names_link(
	const struct context *context, struct node *directory, struct path *path, struct node *node)
{
	struct walk walk;
	int error;

	volume_lock(directory->volume);
	error = walk_begin(context, directory, path, false, &walk);
	if (!error) {
		error = names_check_inside(&walk);
		if (error == MASIX_E_BUSY || (!error && walk.node))
			error = MASIX_E_EXISTS;
		if (!error && node_is_directory(node))
			error = MASIX_E_PERMISSION;
		if (!error && (walk.path->directory || node->stat.nlink == 0 || node->gone))
			error = MASIX_E_NOT_FOUND;
		if (!error)
			error = names_check_change(context, walk.directory);
		if (!error)
			error = directory->volume->ops->link(walk.directory, &walk.name, node);
		if (!error)
			names_remember(walk.directory, &walk.name, node->stat.ino);
		if (!error)
			done_note(directory->volume->undo, DONE_PLAIN, 0, 0);
		walk_end(&walk);
	}
	volume_unlock(directory->volume);
	return error;
}
