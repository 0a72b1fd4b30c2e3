/* Bringing metadata to the disk so that a crash in the middle leaves something that `e2fsck -p`
 * mends by itself.  That is so as long as nothing in use is ever without a name or has contents of
 * something else; a wrong count or bitmap, a name of an inode that is not in use, or one name too
 * many do no harm.  Hence the order:
 *
 *  1. blocks that were allocated since the last flush: nothing on the disk points to them, since
 *     freed blocks and inodes are not used anew before a flush;
 *  2. inodes, with the new ones still shown as unused: what was deleted goes before its name;
 *  3. directory and indirect blocks: names of new inodes come, names of deleted ones go;
 *  4. the new inodes, in the order of their making, so that a directory is there before what
 *     is in it;
 *  5. bitmaps, group descriptors, superblock. */
#include "ext2.h"

#include <string.h>

#include <masix/error.h>

int ext2_flush_init(struct ext2_volume *volume)
{
	ext2_filsys fs = volume->fs;
	int error = 0;

	for (dgrp_t group = 0; group < fs->group_desc_count && !error; group++) {
		blk64_t table = ext2fs_inode_table_loc(fs, group);
		blk64_t blocks = ext2fs_block_bitmap_loc(fs, group);
		blk64_t inodes = ext2fs_inode_bitmap_loc(fs, group);

		error = ranges_add(
			NULL, &volume->inode_tables, table, table + fs->inode_blocks_per_group);
		if (!error)
			error = ranges_add(NULL, &volume->bookkeeping, blocks, blocks + 1);
		if (!error)
			error = ranges_add(NULL, &volume->bookkeeping, inodes, inodes + 1);
	}
	/* Superblock and group descriptors lie before everything else. */
	if (!error)
		error = ranges_add(NULL, &volume->bookkeeping, 0,
			fs->super->s_first_data_block + 1 + fs->desc_blocks);
	return error;
}

/* The list of new inodes becomes empty. */
static void forget_inodes(struct ext2_volume *volume)
{
	struct undo *undo = volume->volume.undo;

	if (!volume->new_inodes)
		return;
	UNDO_NOTE(undo, volume->new_inodes);
	UNDO_NOTE(undo, volume->new_inode_count);
	UNDO_NOTE(undo, volume->new_inode_room);
	undo_free(undo, volume->new_inodes, volume->new_inode_room * sizeof(*volume->new_inodes));
	volume->new_inodes = NULL;
	volume->new_inode_count = volume->new_inode_room = 0;
}

void ext2_flush_end(struct ext2_volume *volume)
{
	ranges_clear(volume->volume.undo, &volume->freed_blocks);
	ranges_clear(volume->volume.undo, &volume->freed_inodes);
	ranges_clear(volume->volume.undo, &volume->new_blocks);
	ranges_clear(NULL, &volume->inode_tables);
	ranges_clear(NULL, &volume->bookkeeping);
	forget_inodes(volume);
}

void ext2_flush_block_changed(ext2_filsys fs, blk64_t block, int in_use)
{
	struct ext2_volume *volume = fs->priv_data;

	ext2_counts_changed(volume, ext2fs_group_of_blk2(fs, block));
	if (in_use > 0) {
		/* Without memory the block is only written later than it should be. */
		volume_note_error(&volume->volume,
			ranges_add(volume->volume.undo, &volume->new_blocks, block, block + 1));
		return;
	}
	block_cache_discard(volume->cache, block);
	/* Without memory to remember it, it may as well be free at once. */
	if (ranges_add(volume->volume.undo, &volume->freed_blocks, block, block + 1) == 0)
		ext2fs_mark_block_bitmap2(fs->block_map, block);
}

static void find_place(struct ext2_volume *volume, struct ext2_new_inode *inode)
{
	ext2_filsys fs = volume->fs;
	uint32_t index = inode->ino - 1, per_group = fs->super->s_inodes_per_group;
	uint64_t offset = (uint64_t)(index % per_group) * EXT2_INODE_SIZE(fs->super);

	inode->block = ext2fs_inode_table_loc(fs, index / per_group) + offset / fs->blocksize;
	inode->byte = (uint32_t)(offset % fs->blocksize);
}

static int grow_list(struct ext2_volume *volume)
{
	unsigned room = volume->new_inode_room ? volume->new_inode_room * 2 : 64;
	struct undo *undo = volume->volume.undo;
	struct ext2_new_inode *array = undo_alloc(undo, room * sizeof(*array));

	if (!array)
		return MASIX_E_LIMIT;
	if (volume->new_inodes)
		memcpy(array, volume->new_inodes, volume->new_inode_count * sizeof(*array));
	UNDO_NOTE(undo, volume->new_inodes);
	UNDO_NOTE(undo, volume->new_inode_room);
	undo_free(undo, volume->new_inodes, volume->new_inode_room * sizeof(*array));
	volume->new_inodes = array;
	volume->new_inode_room = room;
	return 0;
}

int ext2_flush_note_inode(struct ext2_volume *volume, ext2_ino_t ino)
{
	struct undo *undo = volume->volume.undo;
	struct ext2_new_inode *inode;
	int error = 0;

	if (volume->new_inode_count == volume->new_inode_room)
		error = grow_list(volume);
	if (error)
		return error;
	UNDO_NOTE(undo, volume->new_inode_count);
	inode = &volume->new_inodes[volume->new_inode_count++];
	UNDO_NOTE(undo, *inode);
	inode->ino = ino;
	find_place(volume, inode);
	return 0;
}

void ext2_flush_forget_inode(struct ext2_volume *volume, ext2_ino_t ino)
{
	struct undo *undo = volume->volume.undo;

	/* What is deleted soon was made lately. */
	for (unsigned i = volume->new_inode_count; i-- > 0;)
		if (volume->new_inodes[i].ino == ino) {
			UNDO_NOTE(undo, volume->new_inodes[i].ino);
			volume->new_inodes[i].ino = 0;
			break;
		}
	UNDO_NOTE(undo, volume->new_inode_count);
	while (volume->new_inode_count > 0 &&
		volume->new_inodes[volume->new_inode_count - 1].ino == 0)
		volume->new_inode_count--;
}

/* What was freed since the last flush becomes free. */
static void release_freed(struct ext2_volume *volume)
{
	ext2_filsys fs = volume->fs;

	for (unsigned i = 0; i < volume->freed_blocks.count; i++) {
		const struct range *range = &volume->freed_blocks.array[i];

		ext2fs_unmark_block_bitmap_range2(
			fs->block_map, range->start, (blk_t)(range->end - range->start));
		ext2fs_mark_bb_dirty(fs);
	}
	for (unsigned i = 0; i < volume->freed_inodes.count; i++) {
		const struct range *range = &volume->freed_inodes.array[i];

		for (uint64_t ino = range->start; ino < range->end; ino++)
			ext2fs_unmark_inode_bitmap2(fs->inode_map, ino);
		ext2fs_mark_ib_dirty(fs);
	}
	ranges_clear(volume->volume.undo, &volume->freed_blocks);
	ranges_clear(volume->volume.undo, &volume->freed_inodes);
}

/* --- the choices of each step --- */

static enum block_choice choose_new(void *argument, uint64_t block, void *data)
{
	struct ext2_volume *volume = argument;

	(void)data;
	return ranges_contain(&volume->new_blocks, block) ? BLOCK_WRITE : BLOCK_LATER;
}

/* New inodes from number `hidden` of the list on are shown as unused. */
struct showing {
	struct ext2_volume *volume;
	unsigned hidden;
	uint64_t only; /* this block; 0: all of the inode tables */
};

static enum block_choice choose_inodes(void *argument, uint64_t block, void *data)
{
	struct showing *showing = argument;
	struct ext2_volume *volume = showing->volume;
	bool patched = false;

	if (!ranges_contain(&volume->inode_tables, block) ||
		(showing->only && block != showing->only))
		return BLOCK_LATER;
	for (unsigned i = showing->hidden; i < volume->new_inode_count; i++) {
		const struct ext2_new_inode *inode = &volume->new_inodes[i];

		if (inode->ino == 0 || inode->block != block)
			continue;
		memset((char *)data + inode->byte, 0, EXT2_INODE_SIZE(volume->fs->super));
		patched = true;
	}
	return patched ? BLOCK_PATCHED : BLOCK_WRITE;
}

static enum block_choice choose_contents(void *argument, uint64_t block, void *data)
{
	struct ext2_volume *volume = argument;

	(void)data;
	return ranges_contain(&volume->inode_tables, block) ||
			       ranges_contain(&volume->bookkeeping, block)
		       ? BLOCK_LATER
		       : BLOCK_WRITE;
}

/* Step 4: show the new inodes, those of one block that were made one after the other at once. */
static int show_inodes(struct ext2_volume *volume)
{
	struct showing showing = { .volume = volume };
	const struct ext2_new_inode *inodes = volume->new_inodes;
	int error = 0;

	while (showing.hidden < volume->new_inode_count && !error) {
		const struct ext2_new_inode *first = &inodes[showing.hidden++];

		if (first->ino == 0)
			continue;
		showing.only = first->block;
		while (showing.hidden < volume->new_inode_count &&
			(inodes[showing.hidden].ino == 0 ||
				inodes[showing.hidden].block == first->block))
			showing.hidden++;
		error = block_cache_flush(volume->cache, choose_inodes, &showing);
	}
	return error;
}

static int write_in_order(struct ext2_volume *volume)
{
	struct showing none = { .volume = volume };
	int error;

	error = block_cache_flush(volume->cache, choose_new, volume);
	if (!error)
		error = block_cache_flush(volume->cache, choose_inodes, &none);
	if (!error)
		error = block_cache_flush(volume->cache, choose_contents, volume);
	if (!error)
		error = show_inodes(volume);
	if (!error)
		error = block_cache_flush(volume->cache, NULL, NULL);
	return error;
}

/* A flush that was cut off is undone, in memory.  Then what the disk had said of the last one must be known, whatever it says
 * now: have it in the cache. */
static int fetch_bookkeeping(struct ext2_volume *volume)
{
	uint32_t size = volume->fs->blocksize;
	int error = 0;

	for (unsigned i = 0; i < volume->bookkeeping.count; i++) {
		const struct range *range = &volume->bookkeeping.array[i];

		for (uint64_t block = range->start; block < range->end && !error; block++) {
			char byte;

			error = block_cache_read(volume->cache, block * size, 1, &byte);
		}
	}
	return error;
}

int ext2_flush(struct volume *base)
{
	struct ext2_volume *volume = (struct ext2_volume *)base;
	ext2_filsys fs = volume->fs;
	int error = 0;

	base->want_flush = false;
	if (volume->disk->read_only)
		return 0;
	error = fetch_bookkeeping(volume);
	if (error)
		return error;
	volume_commit(base);
	release_freed(volume);
	if (fs->flags & (EXT2_FLAG_DIRTY | EXT2_FLAG_BB_DIRTY | EXT2_FLAG_IB_DIRTY)) {
		error = ext2_error(ext2fs_write_bitmaps(fs));
		if (!error)
			error = ext2_error(ext2fs_flush2(fs, EXT2_FLAG_FLUSH_NO_SYNC));
	}
	if (!error)
		error = write_in_order(volume);
	if (error)
		return error;
	ranges_clear(base->undo, &volume->new_blocks);
	forget_inodes(volume);
	volume_commit(base);
	return 0;
}
