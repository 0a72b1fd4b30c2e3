/* The ext2 backend over libext2fs: what its files share.  libext2fs is not safe for threads;
 * everything here is called with the volume's lock held unless it says otherwise. */
#ifndef FS_EXT2_H
#define FS_EXT2_H

#include <ext2fs/ext2fs.h>

#include "block_cache.h"
#include "disk.h"
#include "ranges.h"
#include "volume.h"

/* Dirty metadata blocks after which a flush is due. */
#define EXT2_DIRTY_LIMIT 512
#define EXT2_CACHE_BLOCKS 1024
/* Free blocks that a change of a directory may need: its own block, a new block of the parent
 * and the indirect blocks of that, and a symbolic link's. */
#define EXT2_CHANGE_BLOCKS 6

/* An inode made since the last flush, and where it lies. */
struct ext2_new_inode {
	ext2_ino_t ino; /* 0: deleted already */
	uint32_t byte;	/* in the block */
	uint64_t block;
};

/* What libext2fs counts.  It does so in memory of its own: this is how it was at the last commit. */
struct ext2_counts {
	uint64_t free_blocks;
	uint32_t free_inodes;
	uint32_t features; /* that we set (large files) */
	uint16_t state;
};

/* What is not of the heap survives the task: the bitmaps are those in the cache or on the disk and what the sets below have. */
struct ext2_volume {
	struct volume volume;
	struct disk *disk; /* of the heap, as all of libext2fs's */
	struct block_cache *cache;
	ext2_filsys fs;
	struct ext2_counts counts;
	char *groups; /* the group descriptors at the last commit */
	size_t groups_size;
	bool counts_changed; /* since then, and in these groups: */
	dgrp_t first_changed, last_changed;
	/* Freed since the last flush.  Marked as used in the bitmaps until then: nothing that
	 * the disk still holds as used is used anew, so that a crash leaves no block with two
	 * owners. */
	struct ranges freed_blocks;
	struct ranges freed_inodes;
	/* Made since the last flush, inodes in the order of their making (ext2_flush.c). */
	struct ranges new_blocks;
	struct ext2_new_inode *new_inodes;
	unsigned new_inode_count, new_inode_room;
	/* Where the inodes are, and where what only counts other things is; of the heap. */
	struct ranges inode_tables;
	struct ranges bookkeeping;
	uint64_t last_written; /* the block that libext2fs wrote last, outside both of these */
	char *scratch;	       /* three blocks, for libext2fs; of the heap */
};

struct ext2_node {
	struct node node;
	struct ext2_inode_large inode;
	/* Logical blocks that have storage which was never written: they read as zeros. */
	struct ranges fresh;
};

static inline struct ext2_volume *ext2_volume_of(struct node *node)
{
	return (struct ext2_volume *)node->volume;
}

static inline struct ext2_node *ext2_node_of(struct node *node)
{
	return (struct ext2_node *)node;
}

/* ext2.c */

extern const struct volume_ops ext2_ops;
/* Read the superblock without libext2fs, to see whether it can be mounted. */
int ext2_check_superblock(struct disk *disk, uint32_t *block_size, const char **why) CHECKED;
/* Let libext2fs open it. */
int ext2_open_filesystem(struct ext2_volume *volume, int flags, const char **why) CHECKED;
void ext2_release_pages(struct volume *volume, void *data, uint32_t length);
/* Mount the disk's ext2 file system.  The volume is freed with it, by ext2_unmount.  *why is a
 * static text that says what is wrong with it. */
int ext2_mount(struct arena *arena, struct disk *disk, const char *name, uint32_t device,
	int64_t (*now)(void), struct volume **volume, const char **why) CHECKED;
/* Without flushing: for tests and failed mounts. */
void ext2_unmount(struct volume *volume);

/* Note that libext2fs changed what it counts in a group. */
void ext2_counts_changed(struct ext2_volume *volume, dgrp_t group);
/* A libext2fs code as one of ours. */
int ext2_error(errcode_t code) CHECKED;
/* Make sure, if it can be had by flushing, that `blocks` blocks and an inode are free. */
int ext2_prepare(struct ext2_volume *volume, uint64_t blocks) CHECKED;
/* The inode's number goes back to the bitmap at the next flush. */
void ext2_free_inode_number(struct ext2_volume *volume, ext2_ino_t ino, bool directory);

/* ext2_recover.c */

/* As ext2_mount for the volume that the last owner left in the arena, as it was when it last let go of the volume's lock
 * (volume_recover): first mark, then, when the arena was swept, make the rest.  MASIX_E_BAD_FORMAT: it is not whole. */
int ext2_recover(struct volume *volume, struct arena *arena, struct disk *disk, const char *name,
	int64_t (*now)(void), const char **why) CHECKED;
int ext2_resume(struct volume *volume, const char **why) CHECKED;
void ext2_before_commit(struct volume *volume);
/* Take the group descriptors' first copy. */
int ext2_keep_counts(struct ext2_volume *volume) CHECKED;

/* ext2_flush.c */

/* Fill inode_tables and bookkeeping. */
int ext2_flush_init(struct ext2_volume *volume) CHECKED;
void ext2_flush_end(struct ext2_volume *volume);
/* Remember a new inode, or forget it since it was deleted. */
int ext2_flush_note_inode(struct ext2_volume *volume, ext2_ino_t ino) CHECKED;
void ext2_flush_forget_inode(struct ext2_volume *volume, ext2_ino_t ino);
/* For libext2fs: a block was allocated or freed. */
void ext2_flush_block_changed(ext2_filsys fs, blk64_t block, int in_use);
int ext2_flush(struct volume *volume) CHECKED;

/* ext2_io.c: the io_manager; its `name` is made by ext2_io_name. */
extern struct struct_io_manager ext2_io_manager;
#define EXT2_IO_NAME_SIZE 32
void ext2_io_name(struct ext2_volume *volume, char *name);

/* ext2_inode.c */
int ext2_load(struct node *node) CHECKED;
int ext2_store(struct node *node) CHECKED;
void ext2_unload(struct node *node);
bool ext2_adopt(struct node *node) CHECKED;
int ext2_destroy(struct node *node) CHECKED;
int ext2_read_link(struct node *node, char *target, unsigned *length) CHECKED;
/* Make the inode of `seed` (not yet counted in the bitmaps: ext2_inode_commit does that), with a
 * block of data where it needs one. */
int ext2_inode_make(struct node *directory, const struct node_seed *seed, ext2_ino_t *ino) CHECKED;
void ext2_inode_commit(struct ext2_volume *volume, ext2_ino_t ino, bool directory);
void ext2_inode_abandon(struct ext2_volume *volume, ext2_ino_t ino);
uint8_t ext2_file_type(uint32_t mode);

/* ext2_directory.c */
int ext2_lookup(struct node *directory, const struct name *name, uint64_t *ino) CHECKED;
int ext2_entries(
	struct node *directory, int64_t cookie, entry_function_t emit, void *argument) CHECKED;
int ext2_is_empty(struct node *directory, bool *empty) CHECKED;
int ext2_create(struct node *directory, const struct name *name, const struct node_seed *seed,
	uint64_t *ino) CHECKED;
int ext2_link(struct node *directory, const struct name *name, struct node *node) CHECKED;
int ext2_unlink(struct node *directory, const struct name *name, struct node *node) CHECKED;
int ext2_rename(struct node *from_directory, const struct name *from, struct node *node,
	struct node *to_directory, const struct name *to, struct node *replaced) CHECKED;

/* ext2_map.c */
/* The disk block of a logical one, 0 for a hole (or an extent not yet written). */
int ext2_map_block(struct ext2_node *node, uint64_t index, blk64_t *block) CHECKED;
int ext2_set_block(struct ext2_node *node, uint64_t index, blk64_t block) CHECKED;

/* ext2_data.c */
int ext2_reserve(struct node *node, uint64_t offset, uint64_t *length, bool privileged) CHECKED;
int ext2_truncate(struct node *node, uint64_t size) CHECKED;
int ext2_settle(struct node *node) CHECKED;

/* ext2_transfer.c */
int ext2_page_in(struct node *node, uint32_t page, unsigned *count, void **data) CHECKED;
int ext2_page_out(struct node *node, uint32_t page, unsigned count, void *data) CHECKED;

#endif
