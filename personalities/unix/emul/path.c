/* Path resolution across file systems.  A server resolves inside its own file system; where a path
 * leaves it, the walk goes on here (mig/dir.defs). */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include <masix/error.h>

#include "dir.h"
#include "fd.h"
#include "files.h"
#include "kernel.h"
#include "mount_path.h"
#include "mounts.h"
#include "path.h"

#define CROSSINGS 40
#define PROC_ROOT_INO 1		      /* procfs_tree.c of the Unix server */
#define BUFFER (MASIX_PATH_MAX + 64u) /* and a mount's path before it */

/* A directory and what is left of the path in it. */
struct walk {
	struct emul_file *directory; /* held */
	const char *path;	     /* the program's, or in `buffer` */
	uint32_t length;
	int descriptor; /* not -1: a descriptor, or MOUNT_PATH_ALL_DESCRIPTORS; no directory */
};

/* The length of the program's string, or -ENAMETOOLONG. */
static long path_length(const char *path)
{
	uint32_t length = 0;

	while (path[length] != '\0')
		if (++length >= MASIX_PATH_MAX)
			return -ENAMETOOLONG;
	return (long)length;
}

/* The walk's path is `own` (mount_path_own): a descriptor ends the walk; below the working
 * directory or the root it goes on there. */
static long begin_own(struct walk *walk, int own, uint32_t rest)
{
	walk->descriptor = own;
	if (own != MOUNT_PATH_CWD && own != MOUNT_PATH_ROOT)
		return 0;
	walk->descriptor = -1;
	walk->path += rest;
	walk->length -= rest;
	walk->directory = file_hold(own == MOUNT_PATH_CWD ? &fd_cwd : &fd_root);
	return walk->directory != NULL ? 0 : -ENOENT;
}

static long begin_absolute(struct walk *walk)
{
	uint32_t rest = 0;
	int own = mount_path_own(walk->path, walk->length, emul_process.pid, &rest);
	long result;

	if (own != MOUNT_PATH_OTHER)
		return begin_own(walk, own, rest);
	result = mounts_start(walk->path, walk->length, &walk->directory, &rest);
	walk->path += rest;
	walk->length -= rest;
	return result;
}

static int is_proc(uint32_t mount)
{
	char path[sizeof emul_boot.mounts[0].path];
	long length = mounts_path(mount, path, sizeof path);

	return length == sizeof "/proc" - 1 && memcmp(path, "/proc", (size_t)length) == 0;
}

/* The walk's path is one in this mount. */
static long enter_mount(struct walk *walk, uint32_t mount)
{
	if (is_proc(mount)) {
		uint32_t rest = 0;
		int own = mount_path_own_in_proc(walk->path, walk->length, emul_process.pid, &rest);

		if (own != MOUNT_PATH_OTHER)
			return begin_own(walk, own, rest);
	}
	return mounts_root(mount, &walk->directory);
}

/* The root of /proc shows each process itself: an inherited right to it shows who opened it. */
static int is_root_of_proc(const struct emul_file *directory)
{
	return directory->mount != 0 && directory->stat.ino == PROC_ROOT_INO &&
	       is_proc(directory->mount);
}

static void finish(struct walk *walk)
{
	if (walk->directory != NULL)
		file_release(walk->directory);
	walk->directory = NULL;
}

/* Hold the directory where `path` begins; finish() ends it, also after an error. */
static long begin(struct walk *walk, int dirfd, const char *path)
{
	long length = path_length(path);

	walk->directory = NULL;
	if (length < 0)
		return length;
	if (length == 0)
		return -ENOENT;
	walk->path = path;
	walk->length = (uint32_t)length;
	walk->descriptor = -1;
	if (path[0] == '/')
		return begin_absolute(walk);
	walk->directory = dirfd == AT_FDCWD ? file_hold(&fd_cwd) : fd_hold((uint32_t)dirfd);
	if (walk->directory == NULL)
		return -EBADF;
	if (walk->directory->kind == EMUL_FILE_DIRECTORY && is_root_of_proc(walk->directory)) {
		uint32_t mount = walk->directory->mount;

		finish(walk);
		return enter_mount(walk, mount);
	}
	if (walk->directory->kind != EMUL_FILE_DESCRIPTORS)
		return walk->directory->kind == EMUL_FILE_DIRECTORY ? 0 : -ENOTDIR;
	walk->descriptor = mount_path_number(path, walk->length);
	return walk->descriptor != -1 ? 0 : -ENOENT;
}

/* Go on where `kind` says; `rest` bytes are at buffer. */
static long cross(struct walk *walk, int kind, uint32_t mount, char *buffer, uint32_t rest)
{
	char parent[sizeof emul_boot.mounts[0].path];
	long length;

	switch (kind) {
	case MASIX_CROSS_MOUNT:
		finish(walk);
		walk->path = buffer;
		walk->length = rest;
		return enter_mount(walk, mount);
	case MASIX_CROSS_PARENT:
		length = mounts_path(walk->directory->mount, parent, sizeof parent);
		if (length < 0)
			return length;
		length = mount_path_parent(parent, (uint32_t)length);
		/* Above the process's own root there is nothing. */
		length = mounts_inside_root(parent, (uint32_t)length);
		if (length < 0)
			length = 0;
		break;
	case MASIX_CROSS_ROOT:
		length = 0;
		break;
	default:
		return -EIO;
	}
	finish(walk);
	walk->path = buffer;
	walk->length = mount_path_prepend(buffer, rest, BUFFER, parent, (uint32_t)length);
	if (walk->length == 0 || walk->length > MASIX_PATH_MAX)
		return -ENAMETOOLONG;
	return begin_absolute(walk);
}

/* The server of a mount root may have been started anew: the next call asks for it. */
static void check_alive(const struct walk *walk, kern_return_t kr)
{
	if (kr == MACH_SEND_INVALID_DEST)
		mounts_distrust(walk->directory);
}

/* Open (opening != 0) or stat what the walk leads to; ends the walk. */
static long resolve(
	struct walk *walk, int opening, int flags, uint32_t mode, struct path_result *result)
{
	char buffer[BUFFER];
	long error = 0;

	for (unsigned crossings = 0; error == 0; crossings++) {
		mach_msg_type_number_t rest = MASIX_PATH_MAX;
		kern_return_t kr;

		if (walk->descriptor != -1) {
			result->kind = walk->descriptor >= 0 ? PATH_KIND_DESCRIPTOR
							     : PATH_KIND_ALL_DESCRIPTORS;
			result->descriptor = (uint32_t)walk->descriptor;
			result->port = MACH_PORT_NULL;
			result->mount = 0;
			break;
		}
		if (crossings > CROSSINGS) {
			error = -ELOOP;
			break;
		}
		result->port = MACH_PORT_NULL;
		if (opening)
			kr = dir_open(walk->directory->port, walk->path, walk->length, flags, mode,
				&result->kind, &result->port, &result->stat, buffer, &rest);
		else
			kr = dir_stat(walk->directory->port, walk->path, walk->length, flags,
				&result->kind, &result->stat, buffer, &rest);
		check_alive(walk, kr);
		error = emul_result(kr);
		if (error != 0)
			break;
		if (result->kind < MASIX_CROSS_ROOT) {
			result->mount = walk->directory->mount;
			break;
		}
		error = cross(walk, result->kind, result->stat.rdev, buffer, rest);
	}
	finish(walk);
	return error;
}

static long path_resolve(int dirfd, const char *path, int opening, int flags, uint32_t mode,
	struct path_result *result)
{
	struct walk walk;
	long error = begin(&walk, dirfd, path);

	if (error == 0)
		return resolve(&walk, opening, flags, mode, result);
	finish(&walk);
	return error;
}

long path_open(int dirfd, const char *path, int flags, uint32_t mode, struct path_result *result)
{
	return path_resolve(dirfd, path, 1, flags, mode, result);
}

long path_stat(int dirfd, const char *path, int flags, struct path_result *result)
{
	return path_resolve(dirfd, path, 0, flags, 0, result);
}

int path_own_link(int dirfd, const char *path)
{
	long length = path[0] == '/' ? path_length(path) : -1;
	struct walk walk;
	uint32_t rest = 0;
	int own = MOUNT_PATH_OTHER;

	if (length > 0)
		own = mount_path_own(path, (uint32_t)length, emul_process.pid, &rest);
	if (own == MOUNT_PATH_CWD || own == MOUNT_PATH_ROOT)
		return rest == (uint32_t)length ? own : MOUNT_PATH_OTHER;
	own = begin(&walk, dirfd, path) == 0 ? walk.descriptor : MOUNT_PATH_OTHER;
	finish(&walk);
	return own >= 0 ? own : MOUNT_PATH_OTHER;
}

void path_discard(struct path_result *result)
{
	port_drop(result->port);
	result->port = MACH_PORT_NULL;
}

/* A walk cut into its directory, opened, and its last component, copied. */
struct parent {
	mach_port_t port;
	uint32_t length;
	char name[MASIX_NAME_MAX];
};

/* Of a walk that has begun; does not end it.  On 0 the caller owns parent->port. */
static long open_parent(const struct walk *walk, struct parent *parent)
{
	struct walk up = *walk;
	struct path_result result;
	uint32_t end = walk->length, start;
	long error;

	while (end > 0 && walk->path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && walk->path[start - 1] != '/')
		start--;
	parent->length = end - start;
	if (parent->length == 0)
		return -EBUSY; /* nothing is left: the root of a mount */
	if (parent->length > sizeof parent->name)
		return -ENAMETOOLONG;
	memcpy(parent->name, walk->path + start, parent->length);

	up.length = start;
	file_use(up.directory);
	error = file_adopt(up.directory);
	if (error != 0)
		return error;
	error = resolve(&up, 1, MASIX_OPEN_PATH | MASIX_OPEN_DIRECTORY, 0, &result);
	if (error == 0 && result.kind != MASIX_KIND_DIRECTORY) {
		path_discard(&result);
		error = -ENOTDIR;
	}
	parent->port = result.port;
	return error;
}

long path_apply(int dirfd, const char *path, path_request *request, void *context)
{
	struct walk walk;
	struct parent parent;
	kern_return_t kr;
	long error = begin(&walk, dirfd, path);

	if (error == 0 && walk.descriptor != -1)
		error = -EPERM;
	if (error != 0) {
		finish(&walk);
		return error;
	}
	kr = request(walk.directory->port, walk.path, walk.length, context);
	check_alive(&walk, kr);
	if (kr != MASIX_E_CROSS) {
		finish(&walk);
		return emul_result(kr);
	}
	error = open_parent(&walk, &parent);
	finish(&walk);
	if (error != 0)
		return error;
	kr = request(parent.port, parent.name, parent.length, context);
	port_drop(parent.port);
	return emul_result(kr);
}

static long apply_to_parents(
	const struct walk *from, const struct walk *to, path_request_two *request, void *context)
{
	struct parent from_parent, to_parent;
	kern_return_t kr;
	long error = open_parent(from, &from_parent);

	if (error != 0)
		return error;
	error = open_parent(to, &to_parent);
	if (error == 0) {
		kr = request(&(struct path_target){ from_parent.port, from_parent.name,
				     from_parent.length },
			&(struct path_target){ to_parent.port, to_parent.name, to_parent.length },
			context);
		error = emul_result(kr);
		port_drop(to_parent.port);
	}
	port_drop(from_parent.port);
	return error;
}

long path_apply_two(int dirfd, const char *path, int to_dirfd, const char *to_path,
	path_request_two *request, void *context)
{
	struct walk from, to;
	kern_return_t kr;
	long error = begin(&from, dirfd, path);

	to.directory = NULL;
	if (error == 0)
		error = begin(&to, to_dirfd, to_path);
	if (error == 0 && (from.descriptor != -1 || to.descriptor != -1))
		error = -EPERM;
	if (error == 0) {
		kr = request(&(struct path_target){ from.directory->port, from.path, from.length },
			&(struct path_target){ to.directory->port, to.path, to.length }, context);
		check_alive(&from, kr);
		error = kr == MASIX_E_CROSS ? apply_to_parents(&from, &to, request, context)
					    : emul_result(kr);
	}
	finish(&from);
	finish(&to);
	return error;
}
