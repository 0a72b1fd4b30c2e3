/* Descriptors, paths and files of a Unix process: what exec, fork and mmap need of
 * them.  Implemented by fd.c, path.c, ... */
#ifndef EMUL_FILES_H
#define EMUL_FILES_H

#include "emul.h"
#include "file.h"

/* Once per process, before anything else of this header (process 1: empty table). */
void emul_files_init(void);
/* In the parent around task_create: take / release the locks, so that the child's copy is
 * consistent; the files it will hold are counted and kept. */
void emul_files_fork_prepare(void);
void emul_files_fork_parent(void);
/* Still in the parent: enter the right of every such file into `child` under the same name.
 * 0 or -errno. */
int emul_files_fork_rights(mach_port_t child);
/* The end of every fork in the parent, also of a failed one (the counts are taken back). */
void emul_files_fork_end(int success);
/* In the child, single-threaded. */
void emul_files_fork_child(void);
/* exec: close what is close-on-exec. */
void emul_files_exec(void);
/* The process ends, in whatever way and by whichever thread: nothing is flushed; counts in shared
 * memory are given back, once. */
void emul_files_exit(void);

/* The dispatcher's recovery from a fault on a user pointer: drop the files that the calling
 * thread's call holds. */
void emul_files_unwind(void);

/* Resolve `path` (kernel-style, from dirfd or AT_FDCWD) across mounts and absolute links and open
 * it.  flags MASIX_OPEN_*.  On 0: *kind, *port (a right the caller owns, or null), *stat.
 * Else -errno.  `path` is a NUL-terminated string in library or user memory. */
long emul_path_open(int dirfd, const char *path, int flags, uint32_t mode, int *kind,
	mach_port_t *port, struct masix_stat *stat);

/* mmap: a send right (caller owns) to the memory object of fd, checking the access;
 * -ENODEV, -EACCES, -EBADF.  A null right: zero-filled memory (/dev/zero).  *file (may be NULL) is
 * held by the call: valid until it returns to the program. */
long emul_fd_map(int fd, int want_write_shared, mach_port_t *object, uint64_t *size,
	struct emul_file **file);

/* `path` as an absolute one, terminated, without looking at links (for /proc/PID/exe).  0 or -errno. */
long emul_path_absolute(const char *path, char *out, uint32_t size);

#endif
