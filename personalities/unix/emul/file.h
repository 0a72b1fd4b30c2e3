/* Open files of this process: what a descriptor, the working directory or a call points at.
 *
 * A struct emul_file is private to the process (fork copies it), so no relative can make it
 * point elsewhere.  What relatives share is only its struct emul_position: offset and status
 * flags.  The position lives in the file itself until the first fork, then in a page that
 * fork shares. */
#ifndef EMUL_FILE_H
#define EMUL_FILE_H

#include "trust.h"

enum emul_file_kind {
	EMUL_FILE_NONE = 0,
	EMUL_FILE_REGULAR,   /* io object with positions */
	EMUL_FILE_STREAM,    /* io object without: pipe, fifo, host channel */
	EMUL_FILE_TTY,	     /* speaks tty too */
	EMUL_FILE_DIRECTORY, /* speaks dir too */
	EMUL_FILE_NULL,	     /* devices that need no server */
	EMUL_FILE_ZERO,
	EMUL_FILE_FULL,
	EMUL_FILE_RANDOM,
	EMUL_FILE_DESCRIPTORS, /* the directory /proc/self/fd */
	EMUL_FILE_PATH,	       /* O_PATH of anything but a directory; port may be null */
	EMUL_FILE_SOCKET,      /* speaks socket too; its type is in stat.socket_type */
	EMUL_FILE_EVENT, /* eventfd; timerfd: speaks timer too, its clock is in stat.socket_type */
	EMUL_FILE_SIGNALS, /* signalfd; the position is its mask */
	EMUL_FILE_EPOLL,
};

struct emul_position {
	volatile int64_t offset;      /* of a directory: the cookie */
	volatile uint32_t flags;      /* O_ACCMODE, O_APPEND, O_NONBLOCK, ...; files lock */
	volatile uint32_t references; /* processes that hold a shared one; 0 = free */
};

struct emul_file {
	volatile uint32_t uses; /* descriptors and calls of this process; 0 = free */
	uint32_t kind;
	mach_port_t port; /* the same name in every relative; null if no server */
	uint32_t mount;	  /* id of the mount it was found in */
	struct emul_position *volatile position;
	uint32_t mark; /* generation of the last fork that entered it; files lock */
	struct emul_position own;
	uint32_t reads;		/* so far, for window.c */
	uint32_t writes;	/* by message, so far, for window.c */
	struct epoll *epoll;	/* of EMUL_FILE_EPOLL: what it waits for, once there is something */
	struct trust trust;	/* in `stat` as what the file is now */
	struct masix_stat stat; /* when it was opened; zero if unknown (no st_mode) */
} __attribute__((aligned(16))); /* slots keep the low bits of its address for themselves */

#define EMUL_FILES 4096u /* open files of one process */

/* A new file with one use, which the caller owns, and the right `port`, which the file owns
 * from now on.  NULL when there are too many; the right is dropped then. */
struct emul_file *file_create(uint32_t kind, mach_port_t port, uint32_t flags, uint32_t mount,
	const struct masix_stat *stat);

/* A use of a record that may have none any more: was there one? */
int file_use_if_live(struct emul_file *file);
/* One use more of a file that has one; one less: the last one drops the right. */
void file_use(struct emul_file *file);
void file_drop(struct emul_file *file);

/* The file that *slot points to, or NULL.  The low bits of a slot are its owner's.
 * file_get gives a use, to end with file_drop: no user memory may be touched
 * meanwhile.  file_hold gives it to the running call (at most 4 at a time): a fault on a user
 * pointer ends it like file_release. */
#define EMUL_SLOT_MASK 7u
struct emul_file *file_get(const volatile uint32_t *slot);
struct emul_file *file_hold(const volatile uint32_t *slot);
/* A directory's right is for other credentials now: `port`, which the file owns from now on. */
void file_replace_port(struct emul_file *file, mach_port_t port);
/* Make a use of the caller's the running call's: 0, or dropped and -ENFILE. */
long file_adopt(struct emul_file *file);
void file_release(struct emul_file *file);

/* Offsets move atomically between threads and relatives, without a lock that a killed one could
 * keep: a transfer of n bytes first takes [offset, offset + n), then gives back what
 * it did not use (if nobody moved the offset meanwhile). */
int64_t file_offset(struct emul_file *file);
void file_set_offset(struct emul_file *file, int64_t offset);
int64_t file_take(struct emul_file *file, uint32_t n);
void file_give_back(struct emul_file *file, int64_t start, uint32_t taken, uint32_t used);

/* Beside O_*: some process may hold a flock(2) lock through this file.  Not shown by file_flags. */
#define FILE_LOCKED 0x40000000u
/* The flags that F_SETFL can change: only those are shared. */
#define FILE_CHANGEABLE (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)
uint32_t file_flags(struct emul_file *file);
/* Replace the flags in `mask`.  Takes the files lock. */
void file_set_flags(struct emul_file *file, uint32_t mask, uint32_t flags);
/* By the open mode; O_PATH files are neither. */
int file_readable(struct emul_file *file);
int file_writable(struct emul_file *file);

/* Fork, with the files lock held, before the child's copy is made.  file_share: the position can be shared and counts a
 * process more; 0 or -ENOMEM.  file_unshare (no lock) takes that back. */
int file_share(struct emul_file *file);
void file_unshare(struct emul_file *file);
/* In the child: set the uses of every file to counts[index]; files without use own nothing. */
unsigned file_index(const struct emul_file *file);
unsigned file_count(void); /* indices in use are below it */
void file_fork_child(const uint16_t *counts);

/* Guards the descriptor table, the working directory and root, and status flags. */
extern struct emul_lock files_lock;

#endif
