#include "path.h"

#include <string.h>

#include <masix/error.h>

int path_init(struct path *path, const char *bytes, unsigned count)
{
	if (count > MASIX_PATH_MAX)
		return MASIX_E_NAME_TOO_LONG;
	if (memchr(bytes, '\0', count))
		return MASIX_E_INVALID;
	memcpy(path->text, bytes, count);
	path->start = 0;
	path->end = count;
	path->directory = false;
	return 0;
}

/* Cut the slashes at both ends.  One at the end of something says that it is a directory. */
static void trim(struct path *path)
{
	bool slash = false;

	while (path->start < path->end && path->text[path->start] == '/')
		path->start++;
	while (path->start < path->end && path->text[path->end - 1] == '/') {
		path->end--;
		slash = true;
	}
	if (slash)
		path->directory = true;
}

bool path_next(struct path *path, const char **name, unsigned *length)
{
	unsigned position;

	trim(path);
	if (path->start == path->end)
		return false;
	position = path->start;
	while (position < path->end && path->text[position] != '/')
		position++;
	*name = path->text + path->start;
	*length = position - path->start;
	path->start = position;
	trim(path);
	return true;
}

bool path_is_empty(const struct path *path)
{
	for (unsigned i = path->start; i < path->end; i++)
		if (path->text[i] != '/')
			return false;
	return true;
}

int path_prepend(struct path *path, const char *target, unsigned length)
{
	unsigned left = path->end - path->start;
	bool separate = left > 0 && path->text[path->start] != '/';

	if (length + separate + left > MASIX_PATH_MAX)
		return MASIX_E_NAME_TOO_LONG;
	memmove(path->text + length + separate, path->text + path->start, left);
	if (separate)
		path->text[length] = '/';
	memcpy(path->text, target, length);
	path->start = 0;
	path->end = length + separate + left;
	return 0;
}

unsigned path_rest(const struct path *path, char *rest)
{
	unsigned length = path->end - path->start;

	memcpy(rest, path->text + path->start, length);
	/* The slash that was cut off still asks for a directory. */
	if (path->directory && length > 0 && length < MASIX_PATH_MAX)
		rest[length++] = '/';
	return length;
}
