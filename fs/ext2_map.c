/* Which disk block holds which block of a file.  The classic scheme of indirect blocks is walked
 * here, a word at a time through the cache: libext2fs, which copies whole blocks for each
 * question, is asked about extents, and to make new indirect blocks. */
#include "ext2.h"

#include <masix/error.h>

#define WORD sizeof(uint32_t)

static bool is_classic(const struct ext2_node *node)
{
	return !(node->inode.i_flags & (EXT4_EXTENTS_FL | EXT4_INLINE_DATA_FL));
}

/* How the pointer to a block is found: the root in the inode, and an index on each level. */
struct trail {
	unsigned root; /* in i_block */
	unsigned depth;
	uint32_t index[3];
};

static int find_trail(struct ext2_volume *volume, uint64_t index, struct trail *trail)
{
	uint64_t fan_out = volume->fs->blocksize / WORD, reach = 1;

	if (index < EXT2_NDIR_BLOCKS) {
		*trail = (struct trail){ .root = (unsigned)index };
		return 0;
	}
	index -= EXT2_NDIR_BLOCKS;
	trail->root = EXT2_IND_BLOCK;
	for (trail->depth = 1; trail->depth <= 3; trail->depth++, trail->root++) {
		reach *= fan_out;
		if (index < reach)
			break;
		index -= reach;
	}
	if (trail->depth > 3)
		return MASIX_E_TOO_BIG;
	for (unsigned level = 0; level < trail->depth; level++) {
		reach /= fan_out;
		trail->index[level] = (uint32_t)(index / reach);
		index %= reach;
	}
	return 0;
}

/* The byte position of the last pointer of the trail; 0 if an indirect block on the way is
 * missing.  Only for depth > 0. */
static int follow_trail(struct ext2_node *node, const struct trail *trail, uint64_t *position)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	uint32_t block = node->inode.i_block[trail->root];

	*position = 0;
	for (unsigned level = 0; block != 0; level++) {
		int error;

		if (block >= ext2fs_blocks_count(volume->fs->super))
			return MASIX_E_IO;
		*position = (uint64_t)block * volume->fs->blocksize + trail->index[level] * WORD;
		if (level + 1 == trail->depth)
			return 0;
		error = block_cache_read(volume->cache, *position, WORD, &block);
		if (error)
			return error;
		*position = 0;
	}
	return 0;
}

static int map_classic(struct ext2_node *node, uint64_t index, blk64_t *block)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	struct trail trail;
	uint64_t position;
	uint32_t word = 0;
	int error;

	error = find_trail(volume, index, &trail);
	if (error)
		return error;
	if (trail.depth == 0) {
		word = node->inode.i_block[trail.root];
	} else {
		error = follow_trail(node, &trail, &position);
		if (!error && position != 0)
			error = block_cache_read(volume->cache, position, WORD, &word);
	}
	if (!error && word >= ext2fs_blocks_count(volume->fs->super))
		error = MASIX_E_IO;
	*block = word;
	return error;
}

int ext2_map_block(struct ext2_node *node, uint64_t index, blk64_t *block)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	int flags = 0;
	int error;

	if (is_classic(node))
		return map_classic(node, index, block);
	error = ext2_error(ext2fs_bmap2(volume->fs, (ext2_ino_t)node->node.stat.ino,
		EXT2_INODE(&node->inode), volume->scratch, 0, index, &flags, block));
	if (!error && (flags & BMAP_RET_UNINIT))
		*block = 0;
	return error;
}

/* Enter the block where its pointer has a place already; *done says whether it has. */
static int set_classic(struct ext2_node *node, uint64_t index, blk64_t block, bool *done)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	uint32_t word = (uint32_t)block;
	struct trail trail;
	uint64_t position;
	int error;

	*done = false;
	error = find_trail(volume, index, &trail);
	if (error)
		return error;
	if (trail.depth == 0) {
		node->inode.i_block[trail.root] = word;
		node->node.dirty = true;
		*done = true;
		return 0;
	}
	error = follow_trail(node, &trail, &position);
	if (!error && position != 0) {
		error = block_cache_write(volume->cache, position, WORD, &word);
		*done = true;
		if (block_cache_dirty(volume->cache) > EXT2_DIRTY_LIMIT)
			volume->volume.want_flush = true;
	}
	return error;
}

int ext2_set_block(struct ext2_node *node, uint64_t index, blk64_t block)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	bool done = false;
	int error = 0;

	node_change(&node->node);
	if (is_classic(node))
		error = set_classic(node, index, block, &done);
	if (error || done)
		return error;
	return ext2_error(
		ext2fs_bmap2(volume->fs, (ext2_ino_t)node->node.stat.ino, EXT2_INODE(&node->inode),
			volume->scratch, BMAP_ALLOC | BMAP_SET, index, NULL, &block));
}
