/* The mount table: which file system lies where.  Made at start-up, constant afterwards. */
#ifndef UNIX_MOUNTS_H
#define UNIX_MOUNTS_H

#include <mach/mach_types.h>
#include <masix/types.h>
#include <stdint.h>

#include "credentials.h"

#define MOUNTS_MAX 8
#define MOUNT_ROOT 0
#define MOUNT_PROC 1
#define MOUNT_TMP 2
#define MOUNT_HOST 3
#define MOUNT_PTS 4
#define MOUNT_SHM 5

struct mount {
	uint32_t id;
	const char *path;
	const char *type;
	const char *source;
	const char *options;
	const char *server;  /* name with ACS; NULL: we serve it */
	mach_port_t control; /* of the file server */
	int is_there;
};

/* Find the file servers and cover the mount points.  Ends the server if there is no root. */
void mounts_init(void);

/* All that are there, in order of id; *count of them in a table of MOUNTS_MAX. */
const struct mount *mounts_table(unsigned *count);

/* A directory port for the root of `mount` with these credentials; `root` is the path inside it
 * that a chroot made the root ("" else).  `pid` is what /proc/self is to this port's holder.
 * MASIX_E_INVALID: no such mount. */
kern_return_t mounts_mint(uint32_t mount, const struct credentials *credentials, const char *root,
	int pid, mach_port_t *dir) __attribute__((warn_unused_result));

/* The root directory of a process: the directory `path` of the whole tree ("" is its root), which
 * may lie in any mount of a file server. */
kern_return_t mounts_mint_root(const struct credentials *credentials, const char *path, int pid,
	mach_port_t *dir) __attribute__((warn_unused_result));

/* nodev and the like. */
bool mounts_has_option(uint32_t mount, const char *option);

/* What `port`, which a program handed in, is in the mount of a file server: its attributes and the access it was
 * opened with.  MASIX_E_NOT_FOUND: nothing of that mount.  The right stays the caller's. */
kern_return_t mounts_identify(uint32_t mount, mach_port_t port, int *rights, masix_stat_t *stat)
	__attribute__((warn_unused_result));
/* The same object for somebody else. */
kern_return_t mounts_adopt(uint32_t mount, mach_port_t port, const struct credentials *credentials,
	mach_port_t *adopted) __attribute__((warn_unused_result));

/* Write everything back; with `final`, and change nothing any more. */
kern_return_t mounts_sync(int final) __attribute__((warn_unused_result));

/* Lines in the format of process_mounts, or of /proc/mounts; returns the length. */
uint32_t mounts_lines(char *to, uint32_t room);
uint32_t mounts_proc_lines(char *to, uint32_t room);

#endif
