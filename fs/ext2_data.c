/* The storage of ext2 files: which blocks, and the transfer of pages. */
#include "ext2.h"

#include <string.h>

#include <masix/error.h>

#define RUN_MAX 256u	/* blocks allocated in one go */

static ext2_ino_t ino_of(const struct node *node)
{
	return (ext2_ino_t)node->stat.ino;
}

/* The disk block of a logical one, 0 for a hole (or an extent not yet written). */
static int map_block(struct ext2_node *node, uint64_t index, blk64_t *block)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	int flags = 0;
	int error;

	error = ext2_error(ext2fs_bmap2(volume->fs, ino_of(&node->node), EXT2_INODE(&node->inode),
		volume->scratch, 0, index, &flags, block));
	if (!error && (flags & BMAP_RET_UNINIT))
		*block = 0;
	return error;
}

/* --- allocation --- */

/* A run of at most `wanted` free blocks, near `goal`; MASIX_E_NO_SPACE. */
static int find_run(struct ext2_volume *volume, blk64_t goal, unsigned wanted, blk64_t *start,
	unsigned *count)
{
	ext2_filsys fs = volume->fs;
	blk64_t first = fs->super->s_first_data_block;
	blk64_t end = ext2fs_blocks_count(fs->super);
	unsigned length = 1;

	if (goal < first || goal >= end)
		goal = first;
	if (ext2fs_find_first_zero_block_bitmap2(fs->block_map, goal, end - 1, start) &&
		(goal == first ||
			ext2fs_find_first_zero_block_bitmap2(fs->block_map, first, goal - 1,
				start)))
		return MASIX_E_NO_SPACE;
	while (length < wanted && *start + length < end &&
		!ext2fs_test_block_bitmap2(fs->block_map, *start + length))
		length++;
	*count = length;
	return 0;
}

/* Enter `count` blocks from `block` on as the logical blocks from `index` on; returns how many
 * it did before an error. */
static unsigned enter_run(struct ext2_node *node, uint64_t index, blk64_t block, unsigned count,
	int *error)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);

	for (unsigned i = 0; i < count; i++) {
		blk64_t physical = block + i;

		*error = ext2_error(ext2fs_bmap2(volume->fs, ino_of(&node->node),
			EXT2_INODE(&node->inode), volume->scratch, BMAP_ALLOC | BMAP_SET,
			index + i, NULL, &physical));
		if (!*error)
			*error = ranges_add(&node->fresh, index + i, index + i + 1);
		if (*error)
			return i;
	}
	return count;
}

/* Storage for logical blocks from `index` on, at most `wanted`; *done says how many got it. */
static int allocate_run(struct ext2_node *node, uint64_t index, unsigned wanted, bool privileged,
	unsigned *done)
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
		error = map_block(node, index - 1, &before);
		if (error)
			return error;
	}
	goal = before ? before + 1
		      : ext2fs_find_inode_goal(fs, ino_of(&node->node), EXT2_INODE(&node->inode),
				index);
	error = find_run(volume, goal, wanted, &start, &count);
	if (error)
		return error;
	ext2fs_block_alloc_stats_range(fs, start, count, 1);
	*done = enter_run(node, index, start, count, &error);
	if (*done > 0) {
		/* Cannot overflow: the disk would have to be larger than it can be. */
		errcode_t code = ext2fs_iblk_add_blocks(fs, EXT2_INODE(&node->inode), *done);

		node->node.stat.blocks = ext2fs_inode_i_blocks(fs, EXT2_INODE(&node->inode));
		node->node.dirty = true;
		if (code)
			error = ext2_error(code);
	}
	if (*done < count)
		ext2fs_block_alloc_stats_range(fs, start + *done, count - *done, -1);
	return error;
}

/* Storage for the blocks [index, end); *reached is the first one that has none. */
static int allocate(struct ext2_node *node, uint64_t index, uint64_t end, bool privileged,
	uint64_t *reached)
{
	int error = 0;

	while (index < end && !error) {
		uint64_t hole = index;
		blk64_t block = 0;
		unsigned done;

		error = map_block(node, index, &block);
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
			error = map_block(node, hole, &block);
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
	/* punch writes the inode: let it write the size too. */
	error = ext2_store(base);
	if (error)
		return error;
	if (ext2fs_inode_has_valid_blocks2(volume->fs, EXT2_INODE(&node->inode))) {
		error = ext2_error(ext2fs_punch(volume->fs, ino_of(base),
			EXT2_INODE(&node->inode), NULL, first, ~0ULL));
		base->stat.blocks = ext2fs_inode_i_blocks(volume->fs, EXT2_INODE(&node->inode));
	}
	if (!error)
		error = ranges_remove(&node->fresh, first, UINT64_MAX);
	return error;
}

/* --- transfer --- */

static void begin_transfer(struct node *node)
{
	node->in_flight++;
	volume_unlock(node->volume);
}

static void end_transfer(struct node *node)
{
	volume_lock(node->volume);
	if (--node->in_flight == 0)
		pthread_cond_broadcast(&node->volume->changed);
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

		error = map_block(node, index, &block);
		if (!error && block != 0)
			error = volume->disk->write(volume->disk, block * size, size, zeros);
		if (!error)
			error = ranges_remove(&node->fresh, index, index + 1);
	}
	volume->disk->release(volume->disk, zeros, size);
	return error;
}

/* Blocks of a file that lie side by side on the disk. */
struct run {
	blk64_t block;		/* 0: no storage */
	unsigned index;		/* of the first, counted from the first one asked for */
	unsigned count;
};

#define PAGE_BLOCKS_MAX 4u	/* of 1 KiB */
#define RUNS_MAX 64u

/* What lies behind `count` logical blocks from `index` on.  `fresh` ones count as holes if
 * the disk's content is asked for.  Stops early when the table is full; returns the number of
 * blocks described in *described. */
static int map_runs(struct ext2_node *node, uint64_t index, unsigned count, bool content,
	struct run *runs, unsigned *run_count, unsigned *described)
{
	unsigned used = 0, i;

	for (i = 0; i < count; i++) {
		struct run *last = used ? &runs[used - 1] : NULL;
		blk64_t block;
		int error = map_block(node, index + i, &block);

		if (error)
			return error;
		if (content && block && ranges_contain(&node->fresh, index + i))
			block = 0;
		if (last && (block ? last->block && block == last->block + last->count
				   : !last->block)) {
			last->count++;
			continue;
		}
		if (used == RUNS_MAX)
			break;
		runs[used++] = (struct run){block, i, 1};
	}
	*run_count = used;
	*described = i;
	return 0;
}

/* Shorten a request to what one disk request or no request can deliver, unless the first page
 * alone is in pieces.  Returns the number of pages. */
static unsigned whole_pages(const struct run *run, unsigned per_page)
{
	return run->count / per_page;
}

/* Put pages together that lie in several pieces. */
static int read_runs(struct ext2_volume *volume, const struct run *runs, unsigned count, char *to)
{
	uint32_t size = volume->fs->blocksize;

	for (unsigned i = 0; i < count; i++) {
		void *piece;
		int error;

		if (!runs[i].block)
			continue;
		error = volume->disk->read(volume->disk, runs[i].block * size,
			runs[i].count * size, &piece);
		if (error)
			return error;
		memcpy(to + runs[i].index * size, piece, runs[i].count * size);
		volume->disk->release(volume->disk, piece, runs[i].count * size);
	}
	return 0;
}

int ext2_page_in(struct node *base, uint32_t page, unsigned *count, void **data)
{
	struct ext2_node *node = ext2_node_of(base);
	struct ext2_volume *volume = ext2_volume_of(base);
	uint32_t size = volume->fs->blocksize, per_page = PAGE_SIZE_ / size;
	uint64_t offset = (uint64_t)page * PAGE_SIZE_, file_size, left;
	struct run runs[RUNS_MAX];
	unsigned run_count, blocks, pages;
	int error = MASIX_E_INVALID;

	*data = NULL;
	volume_lock(base->volume);
	file_size = base->stat.size;
	if (offset >= file_size || base->gone)
		goto out;
	left = (file_size - offset + PAGE_SIZE_ - 1) / PAGE_SIZE_;
	pages = left < *count ? (unsigned)left : *count;
	error = map_runs(node, (uint64_t)page * per_page, pages * per_page, true, runs, &run_count,
		&blocks);
	if (error)
		goto out;
	pages = blocks / per_page;
	if (whole_pages(&runs[0], per_page) > 0) {
		pages = whole_pages(&runs[0], per_page) < pages ? whole_pages(&runs[0], per_page)
								: pages;
		run_count = 1;
		runs[0].count = pages * per_page;
	} else {
		/* Only the first page: its pieces are the runs that begin in it. */
		pages = 1;
		while (runs[run_count - 1].index >= per_page)
			run_count--;
		if (runs[run_count - 1].index + runs[run_count - 1].count > per_page)
			runs[run_count - 1].count = per_page - runs[run_count - 1].index;
	}
	*count = pages;
	if (run_count == 1 && runs[0].block == 0)
		goto out;
	begin_transfer(base);
	if (run_count == 1) {
		error = volume->disk->read(volume->disk, runs[0].block * size,
			pages * PAGE_SIZE_, data);
	} else {
		*data = volume->disk->allocate(volume->disk, pages * PAGE_SIZE_);
		error = *data ? read_runs(volume, runs, run_count, *data) : MASIX_E_LIMIT;
	}
	/* Whatever lies behind the end of the file is nobody's business. */
	if (!error && offset + (uint64_t)pages * PAGE_SIZE_ > file_size)
		memset((char *)*data + (file_size - offset), 0,
			(size_t)(offset + (uint64_t)pages * PAGE_SIZE_ - file_size));
	if (error && *data) {
		volume->disk->release(volume->disk, *data, pages * PAGE_SIZE_);
		*data = NULL;
	}
	end_transfer(base);
out:
	volume_unlock(base->volume);
	return error;
}

static bool is_zero(const char *data, uint32_t length)
{
	return data[0] == 0 && memcmp(data, data + 1, length - 1) == 0;
}

/* Pages that were written through a mapping may lie in holes: give them storage.  Zeros can
 * stay a hole. */
static int fill_holes(struct ext2_node *node, uint64_t index, unsigned count, const char *data)
{
	uint32_t size = ext2_volume_of(&node->node)->fs->blocksize;

	for (unsigned i = 0; i < count; i++) {
		uint64_t length = size;
		blk64_t block;
		int error = map_block(node, index + i, &block);

		if (error)
			return error;
		if (block != 0 || is_zero(data + i * size, size))
			continue;
		error = ext2_reserve(&node->node, (index + i) * size, &length, true);
		if (error)
			return error;
	}
	return 0;
}

static int write_runs(struct ext2_volume *volume, const struct run *runs, unsigned count,
	const char *from)
{
	uint32_t size = volume->fs->blocksize;

	for (unsigned i = 0; i < count; i++) {
		int error;

		if (!runs[i].block)
			continue;
		error = volume->disk->write(volume->disk, runs[i].block * size,
			runs[i].count * size, from + runs[i].index * size);
		if (error)
			return error;
	}
	return 0;
}

/* The part of page_out under the lock: from block `index` on, at most `count` blocks. */
static int write_blocks(struct ext2_node *node, uint64_t index, unsigned count, const char *data,
	unsigned *done)
{
	struct ext2_volume *volume = ext2_volume_of(&node->node);
	struct run runs[RUNS_MAX];
	unsigned run_count;
	int error;

	error = fill_holes(node, index, count, data);
	if (error)
		return error;
	error = map_runs(node, index, count, false, runs, &run_count, done);
	if (error)
		return error;
	error = ranges_remove(&node->fresh, index, index + *done);
	if (error)
		return error;
	begin_transfer(&node->node);
	error = write_runs(volume, runs, run_count, data);
	end_transfer(&node->node);
	return error;
}

int ext2_page_out(struct node *base, uint32_t page, unsigned count, void *data)
{
	struct ext2_node *node = ext2_node_of(base);
	uint32_t size = ext2_volume_of(base)->fs->blocksize;
	uint64_t offset = (uint64_t)page * PAGE_SIZE_, end = offset + (uint64_t)count * PAGE_SIZE_;
	uint64_t index = offset / size;
	char *from = data;
	int error = 0;

	volume_lock(base->volume);
	if (base->gone || base->volume->read_only)
		error = MASIX_E_READ_ONLY;
	while (!error && index * size < end && index * size < base->stat.size) {
		uint64_t file_end = base->stat.size < end ? base->stat.size : end;
		unsigned blocks = (unsigned)((file_end + size - 1) / size - index), done;

		/* The end may fall into the last block: what lies behind it was never written. */
		if (base->stat.size % size != 0 && base->stat.size < end)
			memset(from + (base->stat.size - offset), 0,
				size - base->stat.size % size);
		error = write_blocks(node, index, blocks, from + (index * size - offset), &done);
		index += done;
	}
	if (error)
		base->error = error;
	volume_unlock(base->volume);
	return error;
}
