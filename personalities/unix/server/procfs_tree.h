/* The shape of /proc: names, kinds, the way from one to another.  Pure; what it must know of
 * processes it asks `struct proc_view`. */
#ifndef UNIX_PROCFS_TREE_H
#define UNIX_PROCFS_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include <masix/types.h>

enum proc_kind {
	PROC_NONE,
	/* directories */
	PROC_ROOT,
	PROC_SYS,
	PROC_SYS_KERNEL,
	PROC_TTY,
	PROC_NET,
	PROC_PROCESS,
	PROC_TASKS,
	PROC_THREAD,
	/* links */
	PROC_SELF,
	PROC_MOUNTS_LINK,
	PROC_EXE,
	PROC_PROCESS_ROOT,
	/* files of the system */
	PROC_MEMINFO,
	PROC_UPTIME,
	PROC_LOADAVG,
	PROC_MASIX,
	PROC_VERSION,
	PROC_CPUINFO,
	PROC_FILESYSTEMS,
	PROC_STAT,
	PROC_VMSTAT,
	PROC_SWAPS,
	PROC_DEVICES,
	PROC_TTY_DRIVERS,
	PROC_HOSTNAME,
	PROC_OSTYPE,
	PROC_OSRELEASE,
	PROC_PID_MAX,
	PROC_NET_DEV,
	PROC_NET_ROUTE,
	PROC_NET_IF_INET6,
	PROC_NET_PNP,
	PROC_NET_TCP,
	PROC_NET_TCP6,
	PROC_NET_UDP,
	PROC_NET_UDP6,
	PROC_NET_RAW,
	PROC_NET_RAW6,
	/* files of a process */
	PROC_PID_STAT,
	PROC_PID_STATUS,
	PROC_PID_STATM,
	PROC_PID_CMDLINE,
	PROC_PID_COMM,
	PROC_PID_MOUNTS,
	PROC_PID_MOUNTINFO,
	PROC_PID_MAPS,
	PROC_PID_ENVIRON,
};

struct proc_node {
	enum proc_kind kind;
	int pid;    /* of the files of a process */
	int thread; /* of those of one of its threads */
};

/* What the tree asks about processes. */
struct proc_view {
	int self; /* who looks */
	/* Does it exist? */
	bool (*exists)(int pid);
	/* The first existing pid from `from` on, 0: none. */
	int (*next)(int from);
	/* The first thread of the process with such an id from `from` on, 0: none. */
	int (*next_thread)(int pid, int from);
	/* The target of a link of a process; returns the length, 0: none, or not for `self`. */
	uint32_t (*link)(int self, struct proc_node node, char *to, uint32_t room);
};

bool proc_is_directory(struct proc_node node);
bool proc_is_link(struct proc_node node);

/* The member `name` of a directory; kind PROC_NONE: there is none. */
struct proc_node proc_lookup(
	const struct proc_view *view, struct proc_node dir, const char *name, uint32_t length);

/* Where a link points; returns the length, 0: nowhere. */
uint32_t proc_readlink(
	const struct proc_view *view, struct proc_node node, char *to, uint32_t room);

/* Walk `path` from `node`.  0: *found is what it names (a link itself only if `follow` is false and
 * it is the last).  A masix_kind MASIX_CROSS_*: go on with `rest`.  Or MASIX_E_*. */
struct proc_walk {
	struct proc_node found;
	int cross; /* MASIX_CROSS_ROOT, _PARENT, or 0 */
	uint32_t rest_length;
	char rest[MASIX_PATH_MAX];
};
int proc_walk(const struct proc_view *view, struct proc_node from, const char *path,
	uint32_t length, bool follow, struct proc_walk *walk) __attribute__((warn_unused_result));

/* Entries from `cookie` on, as dir_entries has them; returns bytes, *next the cookie after them. */
uint32_t proc_entries(const struct proc_view *view, struct proc_node dir, int64_t cookie, char *to,
	uint32_t room, int64_t *next);

/* The path of a directory from the root of /proc; returns its length. */
uint32_t proc_path(struct proc_node dir, char *to, uint32_t room);

uint64_t proc_ino(struct proc_node node);

#endif
