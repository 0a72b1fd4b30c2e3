/* One file system: its nodes (inodes in memory), its caches, and the table of functions behind
 * which ext2 and the memory file system lie.  Pure: compiled and tested on the host too.
 *
 * All of it lies in an arena and survives the task.  While the volume's lock is held, what changes is noted in its undo log:
 * whoever dies with the lock has done nothing.  So what belongs together is done before the lock is let go of, also to wait.
 *
 * Lock order: node->content, then volume->lock; see README.md. */
#ifndef FS_VOLUME_H
#define FS_VOLUME_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <masix/types.h>

#include "checked.h"
#include "dentry.h"
#include "flock.h"
#include "undo.h"

#define PAGE_SIZE_ 4096u
#define NODE_BUCKETS 1024 /* a power of two */
/* Offsets in a memory object have 32 bits: what lies further out in a file is neither mapped nor
 * cached (far.h).  Whole windows fit before it. */
#define FILE_MAPPED_MAX 0xffc00000ull

struct node;
struct pager;
struct volume;

/* What a new node is made of. */
struct node_seed {
	uint32_t mode; /* with the type */
	uint32_t uid;
	uint32_t gid;
	uint32_t rdev;	    /* of device nodes */
	const char *target; /* of symbolic links; else NULL */
	unsigned target_length;
};

struct name {
	const char *text; /* not terminated */
	unsigned length;  /* 1 to MASIX_NAME_MAX */
};

/* Called for each entry with the cookie of its successor; false ends the listing and the entry
 * counts as not listed. */
typedef bool (*entry_function_t)(
	void *argument, const struct name *name, uint64_t ino, uint8_t type, int64_t next);

/* Every function but page_in and page_out is called with volume->lock held, and returns 0 or
 * a MASIX_E_* code; on an error nothing has changed.  Functions that change a directory keep its
 * stat (times, link count, size) and those of the nodes that they are given. */
struct volume_ops {
	size_t node_size; /* of the backend's struct that begins with a struct node */
	/* Are file pages, while no one has mapped them, read and written with `copy`?  Else what
	 * page_in returns is a region that can be given to the kernel as it is. */
	bool direct;

	/* Fill node->stat of the inode node->stat.ino. */
	int (*load)(struct node *node);
	int (*store)(struct node *node);
	/* Free the private parts of the node in memory (not the inode). */
	void (*unload)(struct node *node);
	/* Free the inode and its blocks: no name and no user is left. */
	int (*destroy)(struct node *node);

	/* MASIX_E_NOT_FOUND if there is no such entry.  ".." is an entry too. */
	int (*lookup)(struct node *directory, const struct name *name, uint64_t *ino);
	int (*entries)(
		struct node *directory, int64_t cookie, entry_function_t emit, void *argument);
	int (*is_empty)(struct node *directory, bool *empty);
	/* The name is known to be absent. */
	int (*create)(struct node *directory, const struct name *name, const struct node_seed *seed,
		uint64_t *ino);
	int (*link)(struct node *directory, const struct name *name, struct node *node);
	/* The entry is known to name `node`; a directory is known to be empty. */
	int (*unlink)(struct node *directory, const struct name *name, struct node *node);
	/* `replaced` (or NULL) is what `to` names now, known to be of a fitting type and empty. */
	int (*rename)(struct node *from_directory, const struct name *from, struct node *node,
		struct node *to_directory, const struct name *to, struct node *replaced);
	/* `target` has MASIX_PATH_MAX bytes. */
	int (*read_link)(struct node *node, char *target, unsigned *length);

	/* Back [offset, offset + *length) with storage; *length shrinks to what fits.
	 * MASIX_E_NO_SPACE if that is nothing.  Only `privileged` may use reserved space. */
	int (*reserve)(struct node *node, uint64_t offset, uint64_t *length, bool privileged);
	/* Give back the storage beyond `size`. */
	int (*truncate)(struct node *node, uint64_t size);
	/* Whatever storage was reserved but never written reads as zeros from now on. */
	int (*settle)(struct node *node);
	/* For `direct` backends, without the lock, node->content held: copy between the storage
	 * and a buffer; the range lies within the size, and is reserved when it is written. */
	void (*copy)(struct node *node, uint64_t offset, uint32_t length, void *buffer, bool write);

	/* Without the lock, never for one page at the same time: the pages from `page` on, at
	 * most *count, *count of which are delivered (>= 1).  *data is a region of pages that the
	 * caller gives to volume->release, or NULL for zeros.  MASIX_E_INVALID beyond the
	 * end of the file. */
	int (*page_in)(struct node *node, uint32_t page, unsigned *count, void **data);
	/* May change the bytes of `data` beyond the end of the file. */
	int (*page_out)(struct node *node, uint32_t page, unsigned count, void *data);

	int (*statfs)(struct volume *volume, struct masix_statfs *info);
	/* Everything that is in memory to the disk. */
	int (*flush)(struct volume *volume);
	/* The lock is about to be let go of: note what is known outside of the arena.  May be NULL. */
	void (*before_commit)(struct volume *volume);
	/* Of the last owner's node: check and mark in the arena what its private part leads to. */
	bool (*adopt)(struct node *node);
	/* Flush and mark as cleanly unmounted; read_only is set already. */
	int (*shutdown)(struct volume *volume);
};

/* No cut is due. */
#define NODE_WHOLE UINT64_MAX

/* An inode in memory. */
struct node {
	struct volume *volume;
	/* Guarded by volume->lock; the size changes only under `content` as well.  From here to `kept_end` (and what the
	 * backend has behind it all) nothing is changed without node_change. */
	struct masix_stat stat;
	bool dirty;	/* stat is newer than the disk */
	bool unwritten; /* the kernel may hold dirty pages */
	bool given;	/* its memory object was given away, ... */
	bool shared;	/* ... for writing */
	bool gone;	/* freed on the disk in spite of users (shutdown) */
	uint32_t mount; /* what covers this directory, or 0 */
	/* A write or a cut is under way, up to cut_end: whoever finds it so cuts the file here. */
	uint64_t cut, cut_end;
	int error; /* of a page that could not be written; told by the next sync */
	struct pager *pager;
	struct flock flock;
	char kept_end[0];
	struct node *next; /* of the bucket; noted */
	/* Not for the next owner: */
	uint32_t changed; /* the undo_serial that node_change was called in last */
	unsigned references;
	bool orphan;	    /* waits in volume->orphans, or was taken from there */
	bool reused;	    /* handles of it may wait to be given out again (reuse.h) */
	unsigned in_flight; /* disk transfers of its pages under way */
	uint64_t behind_start, behind_end; /* written since it was last cleaned */
	struct node *older, *newer;	   /* list of idle nodes */
	struct node *next_orphan;
	/* Held for reading to read, for writing to write or resize: order before the lock. */
	pthread_rwlock_t content;
};

struct volume {
	struct undo *undo;
	const struct volume_ops *ops;
	const char *name;
	uint64_t root;	      /* inode number */
	uint32_t device;      /* st_dev */
	uint64_t size_max;    /* of a file */
	int64_t (*now)(void); /* nanoseconds since 1970 */
	void (*release)(struct volume *volume, void *data, uint32_t length); /* of page_in */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* some in_flight or pending count fell to zero */
	/* Guarded by lock: */
	bool read_only;
	uint64_t behind; /* bytes written since the last sync of the volume */
	bool want_flush; /* set by the backend when much metadata is dirty */
	int error;	 /* of a write that had no caller to tell: the next sync tells */
	struct dentries *dentries;
	struct node *table[NODE_BUCKETS];
	struct node *oldest, *newest; /* idle: no references, still named */
	unsigned idle, idle_limit;
	/* Deleted files that only their pager, or handles that nobody has, may still keep, each with a reference. */
	struct node *orphans;
};

/* Set the common fields; the backend has set ops, root, size_max, now, release.  `volume` is an object of the arena. */
int volume_init(struct volume *volume, struct arena *arena, const char *name, uint32_t device,
	unsigned idle_limit) CHECKED;
void volume_destroy(struct volume *volume);

void volume_lock(struct volume *volume);
/* Commits, and flushes when the backend asked for it. */
void volume_unlock(struct volume *volume);
/* For those who let go of the lock to wait. */
void volume_commit(struct volume *volume);

/* The volume of the last owner, rolled back to its last commit, with the fields set that volume_init and the backend set:
 * as it was, but no node has references.  Marks in the arena what it leads to.  False: it is not whole. */
bool volume_recover(struct volume *volume, struct arena *arena, const char *name) CHECKED;
/* Is it a node of the volume?  It is memory that can be looked at. */
bool volume_has_node(const struct volume *volume, const struct node *node);
/* Lock held. */
void volume_each_node(
	struct volume *volume, void (*visit)(struct node *node, void *argument), void *argument);
/* When all who have references have said so: nodes without go where they belong. */
void volume_recovered(struct volume *volume);

/* A reference to the inode's node, read if it is not in memory.  Lock held. */
int node_get(struct volume *volume, uint64_t ino, struct node **node) CHECKED;
/* A new node, entered in the table, with one reference and an empty stat.  Lock held. */
int node_new(struct volume *volume, uint64_t ino, struct node **node) CHECKED;
void node_ref(struct node *node);
/* Drop a reference.  The last one of a node without names frees the inode.  Lock held. */
void node_put(struct node *node);
/* As node_put, for those who do not hold the lock. */
void node_release(struct node *node);

bool node_is_directory(const struct node *node);
bool node_is_file(const struct node *node);

/* The node is going to be changed.  Lock held. */
void node_change(struct node *node);

/* Set the times that are not NULL to now and mark the node dirty.  Lock held. */
enum { NODE_ATIME = 1, NODE_MTIME = 2, NODE_CTIME = 4 };
void node_touch(struct node *node, unsigned times);

/* A deleted file that only its pager still keeps, with a reference for the caller, who has the
 * kernel give the memory object up; NULL if there is none.  Takes the lock. */
struct node *volume_take_orphan(struct volume *volume);

/* Wait until no disk transfer of the node's pages is under way.  Lock held (and let go of while
 * waiting). */
void node_drain(struct node *node);

/* Keep an error for the next volume_flush.  Lock held. */
void volume_note_error(struct volume *volume, int error);

/* Commit, store every dirty node, flush the backend, and commit.  Also tells an earlier error that had no one to
 * tell.  Lock held. */
int volume_flush(struct volume *volume) CHECKED;

/* Free the inodes that have users but no names, flush, mark clean; later changes fail with
 * MASIX_E_READ_ONLY.  Lock held; the pages were written before. */
int volume_shutdown(struct volume *volume) CHECKED;

/* A node that a write or a cut was under way in when its owner died, with a reference; NULL: none is left.  Takes the
 * lock. */
struct node *volume_next_cut(struct volume *volume);

/* The next node after `node` (NULL: the first) that may have unwritten pages, with a
 * reference; drops the one of `node`.  For walking all of them; lock held. */
struct node *volume_next_unwritten(struct volume *volume, struct node *node);

#endif
