/* The storage of ext2 files: which blocks are theirs. */
#include "ext2.h"

#include <string.h>

#include <masix/error.h>

#define RUN_MAX 256u /* blocks allocated in one go */

static ext2_ino_t ino_of(const struct node *node)
{
	return (ext2_ino_t)node->stat.ino;
}

/* A run of at most `wanted` free blocks, near `goal`; MASIX_E_NO_SPACE. */
static int find_run(
	struct ext2_volume *volume, blk64_t goal, unsigned wanted, blk64_t *start, unsigned *count)
{
	ext2_filsys fs = volume->fs;
	blk64_t first = fs->super->s_first_data_block;
	blk64_t end = ext2fs_blocks_count(fs->super);
	unsigned length = 1;

	if (goal < first || goal >= end)
		goal = first;
	if (ext2fs_find_first_zero_block_bitmap2(fs->block_map, goal, end - 1, start) &&
		(goal == first || ext2fs_find_first_zero_block_bitmap2(
					  fs->block_map, first, goal - 1, start)))
		return MASIX_E_NO_SPACE;
	while (length < wanted && *start + length < end &&
		!ext2fs_test_block_bitmap2(fs->block_map, *start + length))
		length++;
	*count = length;
	return 0;
}

/* Blocks become used (in_use 1) or free (-1).  The library's callback for a range is told of none of it. */
static void count_run(ext2_filsys fs, blk64_t start, unsigned count, int in_use)
{
	for (unsigned i = 0; i < count; i++)
		ext2fs_block_alloc_stats2(fs, start + i, in_use);
}

/* Enter `count` blocks from `block` on as the logical blocks from `index` on; returns how many
 * it did before an error. */
static unsigned enter_run(
	struct ext2_node *node, uint64_t index, blk64_t block, unsigned count, int *error)
{
	unsigned done = 0;

	/* Before the mapping: what cannot be noted as fresh must not be mapped. */
	*error = ranges_add(node->node.volume->undo, &node->fresh, index, index + count);
	if (*error)
		return 0;
	while (done < count && !*error) {
		*error = ext2_set_block(node, index + done, block + done);
		if (!*error)
			done++;
	}
	if (done < count) {
		int lost = ranges_remove(
			node->node.volume->undo, &node->fresh, index + done, index + count);

		if (lost)
			*error = lost;
	}
	return done;
}

/* Storage for logical blocks from `index` on, at most `wanted`; *done says how many got it. */
static int allocate_run(
	struct ext2_node *node, uint64_t index, unsigned wanted, bool privileged, unsigned *done)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	ext2_filsys fs = volume->fs;
	uint64_t available = ext2fs_free_blocks_count(fs->super);
	uint64_t reserved = privileged ? 0 : ext2fs_r_blocks_count(fs->super);
	blk64_t goal, start, before = 0;
	unsigned count;
	int error;

	*done = 0;
	if (available <= reserved)
		return MASIX_E_NO_SPACE;
	if (wanted > available - reserved)
		wanted = (unsigned)(available - reserved);
	/* After its predecessor, if it has one: files are read in order. */
	if (index > 0) {
		error = ext2_map_block(node, index - 1, &before);
		if (error)
			return error;
	}
	goal = before ? before + 1
		      : ext2fs_find_inode_goal(
				fs, ino_of(&node->node), EXT2_INODE(&node->inode), index);
	error = find_run(volume, goal, wanted, &start, &count);
	if (error)
		return error;
	count_run(fs, start, count, 1);
	*done = enter_run(node, index, start, count, &error);
	if (*done > 0) {
		node_change(&node->node);
		/* Cannot overflow: the disk would have to be larger than it can be. */
		errcode_t code = ext2fs_iblk_add_blocks(fs, EXT2_INODE(&node->inode), *done);

		node->node.stat.blocks = ext2fs_inode_i_blocks(fs, EXT2_INODE(&node->inode));
		node->node.dirty = true;
		if (code)
			error = ext2_error(code);
	}
	if (*done < count)
		count_run(fs, start + *done, count - *done, -1);
	return error;
}

/* Storage for the blocks [index, end); *reached is the first one that has none. */
static int allocate(
	struct ext2_node *node, uint64_t index, uint64_t end, bool privileged, uint64_t *reached)
{
	int error = 0;

	while (index < end && !error) {
		uint64_t hole = index;
		blk64_t block = 0;
		unsigned done;

		error = ext2_map_block(node, index, &block);
		if (error)
			break;
		if (block != 0) {
			index++;
			continue;
		}
		while (hole < end && hole - index < RUN_MAX && block == 0) {
			hole++;
			if (hole == end)
				break;
			error = ext2_map_block(node, hole, &block);
			if (error)
				break;
		}
		if (error)
			break;
		error = allocate_run(node, index, (unsigned)(hole - index), privileged, &done);
		index += done;
	}
	*reached = index;
	return error;
}

int ext2_reserve(struct node *base, uint64_t offset, uint64_t *length, bool privileged)
{
	struct ext2_node *node = ext2_node_of(base);
	struct ext2_volume *volume = ext2_volume_of(base);
	uint32_t size = volume->fs->blocksize;
	uint64_t end = (offset + *length + size - 1) / size, reached;
	int error;

	if (base->volume->read_only)
		return MASIX_E_READ_ONLY;
	error = allocate(node, offset / size, end, privileged, &reached);
	if (error == MASIX_E_NO_SPACE && volume->freed_blocks.count > 0) {
		/* What was freed lately can be had after a flush. */
		error = volume_flush(base->volume);
		if (!error)
			error = allocate(node, reached, end, privileged, &reached);
	}
	if (!error)
		return 0;
	if (reached * size <= offset)
		return error;
	*length = reached * size - offset;
	return 0;
}

int ext2_truncate(struct node *base, uint64_t size)
{
	struct ext2_node *node = ext2_node_of(base);
	struct ext2_volume *volume = ext2_volume_of(base);
	uint64_t first = (size + volume->fs->blocksize - 1) / volume->fs->blocksize;
	int error;

	if (base->volume->read_only)
		return MASIX_E_READ_ONLY;
	node_change(base);
	/* punch writes the inode: let it write the size too. */
	error = ext2_store(base);
	if (error)
		return error;
	if (ext2fs_inode_has_valid_blocks2(volume->fs, EXT2_INODE(&node->inode))) {
		error = ext2_error(ext2fs_punch(
			volume->fs, ino_of(base), EXT2_INODE(&node->inode), NULL, first, ~0ULL));
		base->stat.blocks = ext2fs_inode_i_blocks(volume->fs, EXT2_INODE(&node->inode));
	}
	if (!error)
		error = ranges_remove(node->node.volume->undo, &node->fresh, first, UINT64_MAX);
	return error;
}

int ext2_settle(struct node *base)
{
	struct ext2_node *node = ext2_node_of(base);
	struct ext2_volume *volume = ext2_volume_of(base);
	uint32_t size = volume->fs->blocksize;
	void *zeros;
	int error = 0;

	if (node->fresh.count == 0 || base->volume->read_only)
		return 0;
	zeros = volume->disk->allocate(volume->disk, size);
	if (!zeros)
		return MASIX_E_LIMIT;
	/* Under the lock throughout: this is rare, and the blocks must stay the file's. */
	while (node->fresh.count > 0 && !error) {
		uint64_t index = node->fresh.array[0].start;
		blk64_t block = 0;

		error = ext2_map_block(node, index, &block);
		if (!error && block != 0)
			error = volume->disk->write(volume->disk, block * size, size, zeros);
		if (!error)
			error = ranges_remove(
				node->node.volume->undo, &node->fresh, index, index + 1);
	}
	volume->disk->release(volume->disk, zeros, size);
	return error;
}
