/* What is left of a path while it is being walked.  Pure. */
#ifndef FS_PATH_H
#define FS_PATH_H

#include <stdbool.h>

#include <masix/types.h>

#include "checked.h"

struct path {
	unsigned start, end; /* the rest lies in text[start, end) */
	bool directory;	     /* the last component must be a directory: "x/" or "x/." */
	char text[MASIX_PATH_MAX];
};

/* Take `count` bytes from a message.  Leading slashes mean nothing here.
 * MASIX_E_NAME_TOO_LONG beyond MASIX_PATH_MAX, MASIX_E_INVALID for a NUL byte. */
int path_init(struct path *path, const char *bytes, unsigned count) CHECKED;

/* The next component (it lies in `path`, is not terminated and may be "." or ".."); false at the
 * end. */
bool path_next(struct path *path, const char **name, unsigned *length);

/* Is there no component left? */
bool path_is_empty(const struct path *path);

/* Put the target of a symbolic link before the rest.  MASIX_E_NAME_TOO_LONG if that does not
 * fit; the path is then unchanged. */
int path_prepend(struct path *path, const char *target, unsigned length) CHECKED;

/* Copy the rest to `rest` (MASIX_PATH_MAX bytes); returns its length. */
unsigned path_rest(const struct path *path, char *rest);

#endif
