#include "walk.h"

#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

int walk_lookup(struct node *directory, const struct name *name, uint64_t *ino)
{
	struct volume *volume = directory->volume;
	int error;

	if (!dentries_find(volume->dentries, directory->stat.ino, name->text, name->length, ino)) {
		error = volume->ops->lookup(directory, name, ino);
		if (error == MASIX_E_NOT_FOUND)
			*ino = 0;
		else if (error)
			return error;
		dentries_enter(
			volume->dentries, directory->stat.ino, name->text, name->length, *ino);
	}
	return *ino == 0 ? MASIX_E_NOT_FOUND : 0;
}

static bool is_dot(const struct name *name)
{
	return name->length == 1 && name->text[0] == '.';
}

static bool is_dot_dot(const struct name *name)
{
	return name->length == 2 && name->text[0] == '.' && name->text[1] == '.';
}

/* Go on in `directory`, whose reference walk takes over. */
static void enter(struct walk *walk, struct node *directory)
{
	node_put(walk->directory);
	walk->directory = directory;
}

static int go_up(const struct context *context, struct walk *walk)
{
	const struct name parent = { "..", 2 };
	struct node *node;
	uint64_t ino;
	int error;

	if (walk->directory == context->root ||
		walk->directory->stat.ino == context->root->volume->root) {
		if (context->mounted)
			walk->cross = MASIX_CROSS_PARENT;
		return 0;
	}
	error = walk_lookup(walk->directory, &parent, &ino);
	if (!error)
		error = node_get(walk->directory->volume, ino, &node);
	if (!error)
		enter(walk, node);
	return error;
}

/* Put the target of `link` before the rest of the path. */
static int follow_link(const struct context *context, struct walk *walk, struct node *link)
{
	char target[MASIX_PATH_MAX];
	unsigned length;
	int error;

	error = link->volume->ops->read_link(link, target, &length);
	if (error)
		return error;
	if (length == 0)
		return MASIX_E_NOT_FOUND;
	error = path_prepend(walk->path, target, length);
	if (error || target[0] != '/')
		return error;
	if (context->mounted) {
		walk->cross = MASIX_CROSS_ROOT;
		return 0;
	}
	node_ref(context->root);
	enter(walk, context->root);
	return 0;
}

/* One component.  *done when the walk is over. */
static int step(
	const struct context *context, struct walk *walk, bool follow, unsigned *links, bool *done)
{
	struct volume *volume = walk->directory->volume;
	struct node *node;
	uint64_t ino;
	int error;

	*done = false;
	walk->dots = is_dot(&walk->name) ? 1 : is_dot_dot(&walk->name) ? 2 : 0;
	if (!node_is_directory(walk->directory))
		return MASIX_E_NOT_DIRECTORY;
	if (!access_allowed(&context->who, &walk->directory->stat, ACCESS_EXEC))
		return MASIX_E_ACCESS;
	if (walk->dots == 1)
		return 0;
	if (walk->dots == 2)
		return go_up(context, walk);
	if (walk->name.length > MASIX_NAME_MAX)
		return MASIX_E_NAME_TOO_LONG;
	error = walk_lookup(walk->directory, &walk->name, &ino);
	if (error == MASIX_E_NOT_FOUND && path_is_empty(walk->path)) {
		*done = true;
		return 0;
	}
	if (!error)
		error = node_get(volume, ino, &node);
	if (error)
		return error;
	if (node->mount != 0) {
		walk->cross = MASIX_CROSS_MOUNT;
		walk->covered = node;
		return 0;
	}
	if (S_ISLNK(node->stat.mode) &&
		(follow || walk->path->directory || !path_is_empty(walk->path))) {
		error = ++*links > WALK_LINKS_MAX ? MASIX_E_LOOP : follow_link(context, walk, node);
		node_put(node);
		return error;
	}
	if (path_is_empty(walk->path)) {
		walk->node = node;
		*done = true;
		return walk->path->directory && !node_is_directory(node) ? MASIX_E_NOT_DIRECTORY
									 : 0;
	}
	enter(walk, node);
	return 0;
}

int walk_begin(const struct context *context, struct node *start, struct path *path, bool follow,
	struct walk *walk)
{
	unsigned links = 0;
	bool done = false;
	int error = 0;

	walk->path = path;
	walk->cross = 0;
	walk->node = NULL;
	walk->covered = NULL;
	walk->dots = 0;
	walk->directory = start;
	node_ref(start);
	while (!done && !walk->cross && !error) {
		if (!path_next(walk->path, &walk->name.text, &walk->name.length)) {
			walk->name.length = 0;
			walk->node = walk->directory;
			node_ref(walk->node);
			break;
		}
		error = step(context, walk, follow, &links, &done);
	}
	if (error)
		walk_end(walk);
	return error;
}

void walk_end(struct walk *walk)
{
	if (walk->node)
		node_put(walk->node);
	if (walk->covered)
		node_put(walk->covered);
	node_put(walk->directory);
}

struct search {
	uint64_t ino;
	char name[MASIX_NAME_MAX];
	unsigned length;
};

static bool find_ino(
	void *argument, const struct name *name, uint64_t ino, uint8_t type, int64_t next)
{
	struct search *search = argument;

	(void)type;
	(void)next;
	if (ino != search->ino || is_dot(name) || is_dot_dot(name) ||
		name->length > sizeof(search->name))
		return true;
	memcpy(search->name, name->text, name->length);
	search->length = name->length;
	return false;
}

/* Put "/NAME" of `node` before path[*start]; *parent is where it lies, with a reference. */
static int prepend_name(struct node *node, char *path, unsigned *start, struct node **parent)
{
	const struct name dots = { "..", 2 };
	struct search search = { .ino = node->stat.ino };
	uint64_t ino;
	int error;

	error = walk_lookup(node, &dots, &ino);
	if (!error)
		error = node_get(node->volume, ino, parent);
	if (error)
		return error;
	error = node->volume->ops->entries(*parent, 0, find_ino, &search);
	if (!error && search.length == 0)
		error = MASIX_E_NOT_FOUND;
	if (!error && search.length + 1 > *start)
		error = MASIX_E_NAME_TOO_LONG;
	if (error) {
		node_put(*parent);
		return error;
	}
	*start -= search.length + 1;
	path[*start] = '/';
	memcpy(path + *start + 1, search.name, search.length);
	return 0;
}

int walk_path_of(struct node *directory, char *path, unsigned *length)
{
	struct node *node = directory;
	unsigned start = MASIX_PATH_MAX;
	int error = 0;

	if (directory->stat.nlink == 0)
		return MASIX_E_NOT_FOUND;
	node_ref(node);
	while (node->stat.ino != node->volume->root && !error) {
		struct node *parent;

		error = prepend_name(node, path, &start, &parent);
		if (!error) {
			node_put(node);
			node = parent;
		}
	}
	node_put(node);
	if (error)
		return error;
	if (start == MASIX_PATH_MAX)
		path[--start] = '/';
	*length = MASIX_PATH_MAX - start;
	memmove(path, path + start, *length);
	return 0;
}
