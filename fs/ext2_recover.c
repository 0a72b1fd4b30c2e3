/* The volume that a dead server left: what libext2fs had in its own memory is made anew. */
#include "ext2.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

void ext2_counts_changed(struct ext2_volume *volume, dgrp_t group)
{
	if (!volume->counts_changed || group < volume->first_changed)
		volume->first_changed = group;
	if (!volume->counts_changed || group > volume->last_changed)
		volume->last_changed = group;
	volume->counts_changed = true;
}

static struct ext2_counts counts_of(ext2_filsys fs)
{
	return (struct ext2_counts){ .free_blocks = ext2fs_free_blocks_count(fs->super),
		.free_inodes = fs->super->s_free_inodes_count,
		.features = fs->super->s_feature_ro_compat,
		.state = fs->super->s_state };
}

int ext2_keep_counts(struct ext2_volume *volume)
{
	ext2_filsys fs = volume->fs;

	volume->groups_size = (size_t)fs->desc_blocks * fs->blocksize;
	volume->groups = undo_take(volume->volume.undo, volume->groups_size);
	if (!volume->groups)
		return MASIX_E_LIMIT;
	memcpy(volume->groups, fs->group_desc, volume->groups_size);
	volume->counts = counts_of(fs);
	return 0;
}

void ext2_before_commit(struct volume *base)
{
	struct ext2_volume *volume = (struct ext2_volume *)base;
	ext2_filsys fs = volume->fs;
	size_t start, length;

	if (!volume->counts_changed || !volume->groups)
		return;
	start = volume->first_changed * EXT2_DESC_SIZE(fs->super);
	length = (volume->last_changed + 1u) * EXT2_DESC_SIZE(fs->super) - start;
	UNDO_NOTE(base->undo, volume->counts);
	undo_note(base->undo, volume->groups + start, length);
	volume->counts = counts_of(fs);
	memcpy(volume->groups + start, (char *)fs->group_desc + start, length);
	volume->counts_changed = false;
}

static bool recover_sets(struct ext2_volume *volume, struct arena *arena)
{
	return ranges_recover(&volume->freed_blocks, arena) &&
	       ranges_recover(&volume->freed_inodes, arena) &&
	       ranges_recover(&volume->new_blocks, arena) &&
	       volume->new_inode_count <= volume->new_inode_room &&
	       volume->new_inode_room <= UINT32_MAX / sizeof(*volume->new_inodes) &&
	       (!volume->new_inodes ||
		       arena_mark(arena, volume->new_inodes,
			       volume->new_inode_room * sizeof(*volume->new_inodes))) &&
	       arena_mark(arena, volume->groups, volume->groups_size);
}

static void mark_blocks(ext2_filsys fs, const struct ranges *set)
{
	for (unsigned i = 0; i < set->count; i++)
		ext2fs_mark_block_bitmap_range2(fs->block_map, set->array[i].start,
			(blk_t)(set->array[i].end - set->array[i].start));
}

/* The bitmaps were read as they were at the last flush, or at the one that the last owner died in. */
static void bring_up_to_date(struct ext2_volume *volume)
{
	ext2_filsys fs = volume->fs;

	mark_blocks(fs, &volume->new_blocks);
	mark_blocks(fs, &volume->freed_blocks);
	for (unsigned i = 0; i < volume->new_inode_count; i++)
		if (volume->new_inodes[i].ino != 0)
			ext2fs_mark_inode_bitmap2(fs->inode_map, volume->new_inodes[i].ino);
	for (unsigned i = 0; i < volume->freed_inodes.count; i++)
		for (uint64_t ino = volume->freed_inodes.array[i].start;
			ino < volume->freed_inodes.array[i].end; ino++)
			ext2fs_mark_inode_bitmap2(fs->inode_map, ino);
	memcpy(fs->group_desc, volume->groups, volume->groups_size);
	ext2fs_free_blocks_count_set(fs->super, volume->counts.free_blocks);
	fs->super->s_free_inodes_count = volume->counts.free_inodes;
	fs->super->s_feature_ro_compat = volume->counts.features;
	fs->super->s_state = volume->counts.state;
	ext2fs_mark_super_dirty(fs);
	ext2fs_mark_bb_dirty(fs);
	ext2fs_mark_ib_dirty(fs);
}

/* The members that are not kept. */
static void reset(struct ext2_volume *volume, struct disk *disk, int64_t (*now)(void))
{
	volume->volume.ops = &ext2_ops;
	volume->volume.now = now;
	volume->volume.release = ext2_release_pages;
	volume->disk = disk;
	volume->fs = NULL;
	volume->counts_changed = false;
	memset(&volume->inode_tables, 0, sizeof(volume->inode_tables));
	memset(&volume->bookkeeping, 0, sizeof(volume->bookkeeping));
	volume->scratch = NULL;
}

int ext2_recover(struct volume *base, struct arena *arena, struct disk *disk, const char *name,
	int64_t (*now)(void), const char **why)
{
	struct ext2_volume *volume = (struct ext2_volume *)base;
	uint32_t block_size = 0;
	int error;

	error = ext2_check_superblock(disk, &block_size, why);
	if (error)
		return error;
	*why = "what the last server left is not whole";
	if (!arena_mark(arena, volume, sizeof(*volume)))
		return MASIX_E_BAD_FORMAT;
	reset(volume, disk, now);
	if (!volume_recover(base, arena, name) ||
		!block_cache_recover(volume->cache, base->undo, disk, block_size) ||
		!recover_sets(volume, arena))
		return MASIX_E_BAD_FORMAT;
	disk->read_only |= base->read_only;
	return 0;
}

int ext2_resume(struct volume *base, const char **why)
{
	struct ext2_volume *volume = (struct ext2_volume *)base;
	int error;

	*why = "there is not enough memory";
	volume->scratch = malloc(3 * block_cache_block_size(volume->cache));
	if (!volume->scratch)
		return MASIX_E_LIMIT;
	/* A flush that was cut off may have left other checksums than those of its bitmaps. */
	error = ext2_open_filesystem(volume, EXT2_FLAG_IGNORE_CSUM_ERRORS, why);
	if (error)
		return error;
	volume->fs->flags &= ~EXT2_FLAG_IGNORE_CSUM_ERRORS;
	*why = "its group descriptors changed";
	if (volume->groups_size != (size_t)volume->fs->desc_blocks * volume->fs->blocksize)
		return MASIX_E_BAD_FORMAT;
	bring_up_to_date(volume);
	volume_commit(base);
	return 0;
}
