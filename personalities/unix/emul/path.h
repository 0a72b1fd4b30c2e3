/* From a program's path to a directory port and what is left of the path. */
#ifndef EMUL_PATH_H
#define EMUL_PATH_H

#include "file.h"

/* Beside enum masix_kind: the path names a descriptor, or the directory of all. */
#define PATH_KIND_DESCRIPTOR 64
#define PATH_KIND_ALL_DESCRIPTORS 65

struct path_result {
	int kind;	  /* enum masix_kind, never CROSS_*; or PATH_KIND_* */
	mach_port_t port; /* of path_open: a right the caller owns, or null */
	uint32_t mount;
	uint32_t descriptor; /* of PATH_KIND_DESCRIPTOR */
	struct masix_stat stat;
};

/* Open with MASIX_OPEN_* `flags`; `mode` already without umask.  `path` is the program's,
 * NUL-terminated.  0 or -errno. */
long path_open(int dirfd, const char *path, int flags, uint32_t mode, struct path_result *result);
/* Attributes; flags: MASIX_OPEN_NOFOLLOW. */
long path_stat(int dirfd, const char *path, int flags, struct path_result *result);

/* What `path` is without following links, if it is one of /proc/self that only we know: the number N of
 * fd/N, MOUNT_PATH_CWD or _ROOT; else MOUNT_PATH_OTHER. */
int path_own_link(int dirfd, const char *path);

/* Drop what path_open gave. */
void path_discard(struct path_result *result);

/* A request to the directory that holds (or resolves to what holds) the last component: called with the
 * directory's port and a counted path relative to it.  Called twice at most, the second time with
 * a single component. */
typedef kern_return_t path_request(
	mach_port_t directory, const char *path, uint32_t length, void *context);
long path_apply(int dirfd, const char *path, path_request *request, void *context);
/* The same with two paths: the request gets the second directory and path as `*to`. */
struct path_target {
	mach_port_t directory;
	const char *path;
	uint32_t length;
};
typedef kern_return_t path_request_two(
	const struct path_target *from, const struct path_target *to, void *context);
long path_apply_two(int dirfd, const char *path, int to_dirfd, const char *to_path,
	path_request_two *request, void *context);

#endif
