/* Taking names away and giving files other ones: unlink, rmdir, rename. */
#include "names_private.h"

#include <sys/stat.h>

#include <masix/error.h>

#include "done.h"

/* May the entry that the walk found be taken out of its directory? */
static int check_removal(const struct context *context, const struct walk *walk)
{
	int error = names_check_inside(walk);

	if (error)
		return error;
	if (walk->name.length == 0)
		return MASIX_E_BUSY; /* ".", ".." or the directory itself */
	if (!walk->node)
		return MASIX_E_NOT_FOUND;
	error = names_check_change(context, walk->directory);
	if (error)
		return error;
	if (!access_may_remove(&context->who, &walk->directory->stat, &walk->node->stat))
		return MASIX_E_PERMISSION;
	return 0;
}

static int check_empty(struct node *directory)
{
	bool empty;
	int error = directory->volume->ops->is_empty(directory, &empty);

	if (error)
		return error;
	return empty ? 0 : MASIX_E_NOT_EMPTY;
}

static int unlink_found(const struct context *context, struct walk *walk, bool remove_directory)
{
	int error = check_removal(context, walk);

	/* rmdir(2) has its own errors for these. */
	if (error == MASIX_E_BUSY && walk->name.length == 0 && !walk->cross) {
		if (!remove_directory)
			return MASIX_E_IS_DIRECTORY;
		if (walk->dots > 0)
			return walk->dots == 1 ? MASIX_E_INVALID : MASIX_E_NOT_EMPTY;
	}
	if (error)
		return error;
	if (node_is_directory(walk->node)) {
		error = remove_directory ? check_empty(walk->node) : MASIX_E_IS_DIRECTORY;
		if (error)
			return error;
	} else if (remove_directory) {
		return MASIX_E_NOT_DIRECTORY;
	}
	error = walk->directory->volume->ops->unlink(walk->directory, &walk->name, walk->node);
	if (!error)
		names_remember(walk->directory, &walk->name, 0);
	return error;
}

int names_unlink(const struct context *context, struct node *directory, struct path *path,
	bool remove_directory)
{
	struct walk walk;
	int error;

	volume_lock(directory->volume);
	error = walk_begin(context, directory, path, false, &walk);
	if (!error) {
		error = unlink_found(context, &walk, remove_directory);
		if (!error)
			done_note(directory->volume->undo, DONE_PLAIN, 0, 0);
		walk_end(&walk);
	}
	volume_unlock(directory->volume);
	return error;
}

/* Is `node` the directory itself or above it? */
static int is_above(struct node *node, struct node *directory, bool *above)
{
	const struct name parent = { "..", 2 };
	int error = 0;

	node_ref(directory);
	*above = directory == node;
	while (!*above && !error && directory->stat.ino != directory->volume->root) {
		struct node *next;
		uint64_t ino;

		error = walk_lookup(directory, &parent, &ino);
		if (!error)
			error = node_get(directory->volume, ino, &next);
		if (error)
			break;
		node_put(directory);
		directory = next;
		*above = directory == node;
	}
	node_put(directory);
	return error;
}

static int check_target(
	const struct context *context, const struct walk *from, struct walk *to, bool replace)
{
	bool above;
	int error;

	error = names_check_inside(to);
	if (!error && to->name.length == 0)
		error = MASIX_E_BUSY;
	if (!error)
		error = names_check_change(context, to->directory);
	if (!error && to->path->directory && !node_is_directory(from->node))
		error = MASIX_E_NOT_DIRECTORY;
	if (error)
		return error;
	if (node_is_directory(from->node)) {
		error = is_above(from->node, to->directory, &above);
		if (!error && above)
			error = MASIX_E_INVALID;
		/* Its ".." will be written. */
		if (!error && from->directory != to->directory &&
			!access_allowed(&context->who, &from->node->stat, ACCESS_WRITE))
			error = MASIX_E_ACCESS;
	}
	if (error || !to->node)
		return error;
	if (!replace)
		return MASIX_E_EXISTS;
	if (!access_may_remove(&context->who, &to->directory->stat, &to->node->stat))
		return MASIX_E_PERMISSION;
	if (!node_is_directory(to->node))
		return node_is_directory(from->node) ? MASIX_E_NOT_DIRECTORY : 0;
	return node_is_directory(from->node) ? check_empty(to->node) : MASIX_E_IS_DIRECTORY;
}

static int rename_found(const struct context *context, struct walk *from,
	const struct context *to_context, struct walk *to, bool replace)
{
	const struct name parent = { "..", 2 };
	int error;

	error = check_removal(context, from);
	if (error)
		return error;
	/* Two names of one file: rename(2) then does nothing. */
	if (to->node == from->node && replace)
		return 0;
	error = check_target(to_context, from, to, replace);
	if (error)
		return error;
	error = from->directory->volume->ops->rename(
		from->directory, &from->name, from->node, to->directory, &to->name, to->node);
	if (error)
		return error;
	names_remember(from->directory, &from->name, 0);
	names_remember(to->directory, &to->name, from->node->stat.ino);
	if (node_is_directory(from->node))
		names_remember(from->node, &parent, to->directory->stat.ino);
	return 0;
}

int names_rename(const struct context *context, struct node *directory, struct path *path,
	const struct context *to_context, struct node *to_directory, struct path *to_path,
	bool replace)
{
	struct walk from, to;
	int error;

	volume_lock(directory->volume);
	error = walk_begin(context, directory, path, false, &from);
	if (!error) {
		error = walk_begin(to_context, to_directory, to_path, false, &to);
		if (!error) {
			error = rename_found(context, &from, to_context, &to, replace);
			if (!error)
				done_note(directory->volume->undo, DONE_PLAIN, 0, 0);
			walk_end(&to);
		}
		walk_end(&from);
	}
	volume_unlock(directory->volume);
	return error;
}
