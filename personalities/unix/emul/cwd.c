/* chdir, getcwd, chroot, and the absolute paths of directories. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include <masix/error.h>

#include "calls.h"
#include "cwd.h"
#include "dir.h"
#include "fd.h"
#include "file_name.h"
#include "files.h"
#include "io.h"
#include "kernel.h"
#include "mount_path.h"
#include "mounts.h"
#include "path.h"
#include "process.h"
#include "stat.h"

/* The mount's path and the directory's path in the file system. */
long cwd_path_of(struct emul_file *directory, char *out, uint32_t size)
{
	masix_path_t inside;
	mach_msg_type_number_t length = sizeof inside;
	long mount = mounts_path(directory->mount, out, size), error, total;

	if (mount < 0)
		return mount;
	error = emul_result(dir_path(directory->port, inside, &length));
	if (error != 0)
		return error;
	while (length > 0 && inside[length - 1] == '/')
		length--;
	if (length > size - (uint32_t)mount)
		return -ERANGE;
	memcpy(out + mount, inside, length);
	total = mounts_inside_root(out, (uint32_t)mount + length);
	if (total == 0 && size > 0)
		out[total++] = '/';
	return total;
}

/* getcwd(buffer, size): the length with the terminator. */
long sys_getcwd(const uint32_t *a)
{
	char path[MASIX_PATH_MAX];
	struct emul_file *cwd = file_hold(&fd_cwd);
	long length;

	if (cwd == NULL)
		return -ENOENT;
	length = cwd_path_of(cwd, path, sizeof path - 1);
	file_release(cwd);
	if (length < 0)
		return length;
	path[length++] = '\0';
	if ((uint32_t)length > a[1])
		return -ERANGE;
	if (!emul_user_range(a[0], (uint32_t)length))
		return -EFAULT;
	memcpy((void *)a[0], path, (size_t)length);
	return length;
}

static void new_directory(struct emul_file *file)
{
	fd_replace(&fd_cwd, file);
	file_name_new_directory();
}

/* O_PATH opens check what leads to a directory, not the directory itself. */
static long may_enter(const struct path_result *result)
{
	return result->kind == MASIX_KIND_DIRECTORY ? stat_check_access(&result->stat, 1, 1)
						    : -ENOTDIR;
}

/* Make the directory that was opened the working directory. */
static long enter(struct path_result *result)
{
	struct emul_file *file;

	long error = may_enter(result);

	if (error != 0) {
		path_discard(result);
		return error;
	}
	file = file_create(EMUL_FILE_DIRECTORY, result->port, O_PATH, result->mount, &result->stat);
	if (file == NULL)
		return -ENFILE;
	new_directory(file);
	return 0;
}

static const int for_search = MASIX_OPEN_PATH | MASIX_OPEN_DIRECTORY;

long sys_chdir(const uint32_t *a)
{
	struct path_result result;
	long error = path_open(AT_FDCWD, (const char *)a[0], for_search, 0, &result);

	return error != 0 ? error : enter(&result);
}

long sys_fchdir(const uint32_t *a)
{
	struct emul_file *file = fd_get(a[0]);
	struct masix_stat stat;
	long error = -ENOTDIR;

	if (file == NULL)
		return -EBADF;
	if (file->kind == EMUL_FILE_DIRECTORY)
		error = emul_result(io_stat(file->port, &stat));
	if (error == 0)
		error = stat_check_access(&stat, 1, 1);
	if (error != 0) {
		file_drop(file);
		return error;
	}
	new_directory(file);
	return 0;
}

/* chroot(path).  The Unix server knows paths of the real tree only. */
long sys_chroot(const uint32_t *a)
{
	struct path_result result;
	struct emul_file *file;
	char path[MASIX_PATH_MAX];
	mach_port_t root;
	long length, error;

	if (emul_process.euid != 0)
		return -EPERM;
	error = path_open(AT_FDCWD, (const char *)a[0], for_search, 0, &result);
	if (error != 0)
		return error;
	error = may_enter(&result);
	if (error != 0) {
		path_discard(&result);
		return error;
	}
	file = file_create(EMUL_FILE_DIRECTORY, result.port, O_PATH, result.mount, &result.stat);
	if (file == NULL)
		return -ENFILE;
	length = cwd_path_of(file, path, sizeof path);
	file_drop(file);
	if (length > 0)
		length = mounts_outside_root(path, length == 1 ? 0 : (uint32_t)length, sizeof path);
	if (length < 0)
		return length;
	error = emul_result(process_set_root(EMUL_PORT_PROCESS, path, (uint32_t)length, &root));
	if (error != 0)
		return error;
	file = file_create(EMUL_FILE_DIRECTORY, root, O_PATH, result.mount, NULL);
	if (file == NULL)
		return -ENFILE;
	mounts_set_root(path, (uint32_t)length);
	fd_replace(&fd_root, file);
	return 0;
}

/* The working directory for the new credentials: a right minted for the old ones would let them act on.  0 or
 * -errno. */
static long adopt(struct emul_file *cwd)
{
	struct emul_file *file;
	mach_port_t port;
	long error = emul_result(
		process_adopt_directory(EMUL_PORT_PROCESS, cwd->mount, cwd->port, &port));

	if (error != 0)
		return error;
	file = file_create(EMUL_FILE_DIRECTORY, port, O_PATH, cwd->mount, &cwd->stat);
	if (file == NULL)
		return -ENFILE;
	fd_replace(&fd_cwd, file);
	return 0;
}

/* The same by its path: for directories of the Unix server's own. */
static long reopen(struct emul_file *cwd)
{
	char path[MASIX_PATH_MAX];
	long length = cwd_path_of(cwd, path, sizeof path - 1), error;
	struct path_result result;

	if (length < 0)
		return length;
	path[length] = '\0';
	error = path_open(AT_FDCWD, path, for_search, 0, &result);
	return error != 0 ? error : enter(&result);
}

/* Directories held by descriptors, too: they still show what they were opened for, but lead only where the new
 * credentials may go.  Those of the Unix server's own are not found: it asks who calls.  A flock(2) of one ends. */
static void adopt_descriptors(void)
{
	struct emul_file *file;

	for (uint32_t fd = 0; (file = fd_next_directory(&fd)) != NULL; fd++) {
		mach_port_t port = MACH_PORT_NULL;
		kern_return_t kr =
			process_adopt_directory(EMUL_PORT_PROCESS, file->mount, file->port, &port);

		/* Without a port every use fails, which is better than the old rights. */
		if (kr != MASIX_E_NOT_FOUND)
			file_replace_port(file, kr == KERN_SUCCESS ? port : MACH_PORT_NULL);
		file_drop(file);
	}
}

void cwd_new_root(mach_port_t root)
{
	struct emul_file *file, *cwd = file_get(&fd_cwd), *old = file_get(&fd_root);
	uint32_t mount = old != NULL ? old->mount : 0;
	long error = -ENOENT;

	if (old != NULL)
		file_drop(old);
	file = file_create(EMUL_FILE_DIRECTORY, root, O_PATH, mount, NULL);
	if (file != NULL) {
		fd_replace(&fd_root, file);
		mounts_renew();
		if (cwd != NULL)
			error = adopt(cwd);
		if (cwd != NULL && error != 0)
			error = reopen(cwd);
		adopt_descriptors();
	}
	if (cwd != NULL)
		file_drop(cwd);
	if (error == 0)
		return;
	/* A directory without a port: every use of it fails. */
	file = file_create(EMUL_FILE_PATH, MACH_PORT_NULL, O_PATH, 0, NULL);
	if (file != NULL)
		new_directory(file);
}

long emul_path_absolute(const char *path, char *out, uint32_t size)
{
	uint32_t length = (uint32_t)strlen(path);
	long start = 0;

	if (path[0] != '/') {
		struct emul_file *cwd = file_hold(&fd_cwd);

		if (cwd == NULL)
			return -ENOENT;
		start = cwd_path_of(cwd, out, size);
		file_release(cwd);
		if (start < 0)
			return start;
	}
	if (length + 2 > size - (uint32_t)start)
		return -ENAMETOOLONG;
	out[start] = '/';
	memcpy(out + start + 1, path, length);
	length = mount_path_tidy(out, (uint32_t)start + 1 + length);
	out[length] = '\0';
	return 0;
}
