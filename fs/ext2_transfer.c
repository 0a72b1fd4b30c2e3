/* Pages of ext2 files between the kernel and the disk. */
#include "ext2.h"

#include <string.h>

#include <masix/error.h>

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

/* Blocks of a file that lie side by side on the disk. */
struct run {
	blk64_t block;	/* 0: no storage */
	unsigned index; /* of the first, counted from the first one asked for */
	unsigned count;
};

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
		int error = ext2_map_block(node, index + i, &block);

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
		runs[used++] = (struct run){ block, i, 1 };
	}
	*run_count = used;
	*described = i;
	return 0;
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
		error = volume->disk->read(
			volume->disk, runs[i].block * size, runs[i].count * size, &piece);
		if (error)
			return error;
		memcpy(to + runs[i].index * size, piece, runs[i].count * size);
		volume->disk->release(volume->disk, piece, runs[i].count * size);
	}
	return 0;
}

/* What a page_in is going to do: where its pages lie, cut to what one disk request delivers (or to
 * the first page, put together from its pieces). */
struct plan {
	struct run runs[RUNS_MAX];
	unsigned run_count, pages;
	uint64_t file_size;
};

static int make_plan(struct ext2_node *node, uint32_t page, unsigned wanted, struct plan *plan)
{
	uint32_t per_page = PAGE_SIZE_ / ext2_volume_of(&node->node)->fs->blocksize;
	uint64_t offset = (uint64_t)page * PAGE_SIZE_, left;
	struct run *first = &plan->runs[0], *last;
	unsigned blocks;
	int error;

	plan->file_size = node->node.stat.size;
	if (offset >= plan->file_size || node->node.gone)
		return MASIX_E_INVALID;
	left = (plan->file_size - offset + PAGE_SIZE_ - 1) / PAGE_SIZE_;
	plan->pages = left < wanted ? (unsigned)left : wanted;
	error = map_runs(node, (uint64_t)page * per_page, plan->pages * per_page, true, plan->runs,
		&plan->run_count, &blocks);
	if (error)
		return error;
	if (first->count >= per_page) {
		plan->pages = first->count / per_page;
		first->count = plan->pages * per_page;
		plan->run_count = 1;
		return 0;
	}
	plan->pages = 1;
	while (plan->runs[plan->run_count - 1].index >= per_page)
		plan->run_count--;
	last = &plan->runs[plan->run_count - 1];
	if (last->index + last->count > per_page)
		last->count = per_page - last->index;
	return 0;
}

/* Without the lock. */
static int read_plan(struct ext2_volume *volume, const struct plan *plan, void **data)
{
	uint32_t size = volume->fs->blocksize, length = plan->pages * PAGE_SIZE_;
	int error;

	if (plan->run_count == 1)
		return volume->disk->read(volume->disk, plan->runs[0].block * size, length, data);
	*data = volume->disk->allocate(volume->disk, length);
	if (!*data)
		return MASIX_E_LIMIT;
	error = read_runs(volume, plan->runs, plan->run_count, *data);
	if (error)
		volume->disk->release(volume->disk, *data, length);
	return error;
}

int ext2_page_in(struct node *base, uint32_t page, unsigned *count, void **data)
{
	uint64_t offset = (uint64_t)page * PAGE_SIZE_, end;
	struct plan plan;
	int error;

	*data = NULL;
	volume_lock(base->volume);
	error = make_plan(ext2_node_of(base), page, *count, &plan);
	if (!error) {
		*count = plan.pages;
		end = offset + (uint64_t)plan.pages * PAGE_SIZE_;
		if (plan.run_count > 1 || plan.runs[0].block != 0) {
			begin_transfer(base);
			error = read_plan(ext2_volume_of(base), &plan, data);
			/* Whatever lies behind the end of the file is nobody's business. */
			if (!error && end > plan.file_size)
				memset((char *)*data + (plan.file_size - offset), 0,
					(size_t)(end - plan.file_size));
			end_transfer(base);
		}
	}
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
		int error = ext2_map_block(node, index + i, &block);

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

static int write_runs(
	struct ext2_volume *volume, const struct run *runs, unsigned count, const char *from)
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
static int write_blocks(
	struct ext2_node *node, uint64_t index, unsigned count, const char *data, unsigned *done)
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
	begin_transfer(&node->node);
	error = write_runs(volume, runs, run_count, data);
	end_transfer(&node->node);
	/* Not before: who finds it half done must not take what the disk had there for the file's. */
	if (!error)
		error = ranges_remove(node->node.volume->undo, &node->fresh, index, index + *done);
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
			memset(from + (base->stat.size - offset), 0, size - base->stat.size % size);
		error = write_blocks(node, index, blocks, from + (index * size - offset), &done);
		index += done;
	}
	if (error) {
		node_change(base);
		base->error = error;
	}
	volume_unlock(base->volume);
	return error;
}
