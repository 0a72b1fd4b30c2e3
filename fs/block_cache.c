#include "block_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#define READ_BLOCKS 8		/* a miss reads the aligned group of this many blocks */
#define WRITE_BYTES (64u << 10) /* longest write */

#define SPARES 16u

/* What is dirty, and in which order it is to be written. */
struct line_state {
	unsigned char *data;
	unsigned rank; /* blocks of higher rank are written later */
	bool dirty;
	bool followed; /* some other block must be written later */
};

struct line {
	uint64_t block;
	struct line_state state;
	struct line *next; /* of the bucket */
	/* Not for the next owner: */
	uint32_t own;		    /* the undo_serial that `data` was allocated in */
	struct line *older, *newer; /* by last use */
};

struct block_cache {
	struct undo *undo;
	struct disk *disk;
	uint32_t block_size;
	unsigned limit;
	unsigned count, dirty;
	unsigned bucket_count; /* a power of two */
	struct line **buckets;
	struct line *oldest, *newest;
	char *buffer;		       /* WRITE_BYTES, for flushes */
	unsigned char *spares[SPARES]; /* memory for contents; not for the next owner */
	unsigned spare_count;
};

struct block_cache *block_cache_create(
	struct undo *undo, struct disk *disk, uint32_t block_size, unsigned limit)
{
	struct block_cache *cache = undo_alloc(undo, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->undo = undo;
	cache->disk = disk;
	cache->block_size = block_size;
	cache->limit = limit;
	for (cache->bucket_count = 1; cache->bucket_count < limit; cache->bucket_count *= 2)
		;
	cache->buckets = undo_alloc(undo, cache->bucket_count * sizeof(*cache->buckets));
	cache->buffer = disk->allocate(disk, WRITE_BYTES);
	if (!cache->buckets || !cache->buffer) {
		block_cache_destroy(cache);
		return NULL;
	}
	return cache;
}

/* Memory for the contents of a block: each change takes some, and gives back what was there before at the commit. */
static unsigned char *take_data(struct block_cache *cache)
{
	return cache->spare_count > 0 ? cache->spares[--cache->spare_count]
				      : undo_take(cache->undo, cache->block_size);
}

static void give_data(void *owner, void *data)
{
	struct block_cache *cache = owner;

	if (cache->spare_count < SPARES)
		cache->spares[cache->spare_count++] = data;
	else
		undo_free(cache->undo, data, cache->block_size);
}

static void free_line(struct block_cache *cache, struct line *line)
{
	undo_free(cache->undo, line->state.data, cache->block_size);
	undo_free(cache->undo, line, sizeof(*line));
}

void block_cache_destroy(struct block_cache *cache)
{
	struct line *line, *newer;

	if (!cache)
		return;
	for (line = cache->oldest; line; line = newer) {
		newer = line->newer;
		free_line(cache, line);
	}
	/* No change is under way: what it gave back is among the spares. */
	undo_commit(cache->undo);
	while (cache->spare_count > 0)
		undo_free(cache->undo, cache->spares[--cache->spare_count], cache->block_size);
	if (cache->buffer)
		cache->disk->release(cache->disk, cache->buffer, WRITE_BYTES);
	undo_free(cache->undo, cache->buckets, cache->bucket_count * sizeof(*cache->buckets));
	undo_free(cache->undo, cache, sizeof(*cache));
}

static struct line **bucket_of(struct block_cache *cache, uint64_t block)
{
	return &cache->buckets[(block ^ block >> 12) & (cache->bucket_count - 1)];
}

static struct line *find(struct block_cache *cache, uint64_t block)
{
	struct line *line = *bucket_of(cache, block);

	while (line && line->block != block)
		line = line->next;
	return line;
}

static void list_remove(struct block_cache *cache, struct line *line)
{
	*(line->older ? &line->older->newer : &cache->oldest) = line->newer;
	*(line->newer ? &line->newer->older : &cache->newest) = line->older;
}

static void list_add(struct block_cache *cache, struct line *line)
{
	line->older = cache->newest;
	line->newer = NULL;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = line;
	cache->newest = line;
}

static void note_link(struct block_cache *cache, struct line **link)
{
	undo_note(cache->undo, link, sizeof(*link));
}

static void remove_line(struct block_cache *cache, struct line *line)
{
	struct line **link = bucket_of(cache, line->block);

	while (*link != line)
		link = &(*link)->next;
	note_link(cache, link);
	*link = line->next;
	list_remove(cache, line);
	cache->count--;
	if (line->state.dirty)
		cache->dirty--;
	free_line(cache, line);
}

/* Make room for one more line: the oldest clean one goes if the cache is full. */
static void make_room(struct block_cache *cache)
{
	if (cache->count < cache->limit)
		return;
	for (struct line *line = cache->oldest; line; line = line->newer)
		if (!line->state.dirty) {
			remove_line(cache, line);
			return;
		}
}

static struct line *insert(struct block_cache *cache, uint64_t block)
{
	struct line **bucket = bucket_of(cache, block), *line;

	make_room(cache);
	line = undo_alloc(cache->undo, sizeof(*line));
	if (!line)
		return NULL;
	line->state.data = take_data(cache);
	if (!line->state.data) {
		undo_free(cache->undo, line, sizeof(*line));
		return NULL;
	}
	line->block = block;
	line->own = undo_serial(cache->undo);
	line->next = *bucket;
	note_link(cache, bucket);
	*bucket = line;
	list_add(cache, line);
	cache->count++;
	return line;
}

/* Enter a block that was read, unless it is cached already. */
static struct line *keep(struct block_cache *cache, uint64_t block, const void *data)
{
	struct line *line = find(cache, block);

	if (!line) {
		line = insert(cache, block);
		if (line)
			memcpy(line->state.data, data, cache->block_size);
	}
	return line;
}

/* Read the group around `block`. */
static int fill(struct block_cache *cache, uint64_t block, struct line **line)
{
	uint32_t size = cache->block_size;
	uint64_t first = block - block % READ_BLOCKS, last = first + READ_BLOCKS;
	uint64_t end = cache->disk->size / size;
	void *data;
	int error;

	if (block >= end)
		return MASIX_E_IO;
	if (last > end)
		last = end;
	error = cache->disk->read(
		cache->disk, first * size, (uint32_t)(last - first) * size, &data);
	if (error)
		return error;
	for (uint64_t b = first; b < last; b++)
		if (b != block)
			(void)keep(cache, b, (char *)data + (b - first) * size);
	/* Last, so that its neighbours cannot push it out again. */
	*line = keep(cache, block, (char *)data + (block - first) * size);
	cache->disk->release(cache->disk, data, (uint32_t)(last - first) * size);
	return 0;
}

/* The line of `block`; filled from the disk unless the caller will `overwrite` all of it. */
static int get(struct block_cache *cache, uint64_t block, bool overwrite, struct line **result)
{
	struct line *line = find(cache, block);
	int error;

	if (!line && overwrite) {
		line = insert(cache, block);
	} else if (!line) {
		error = fill(cache, block, &line);
		if (error)
			return error;
	}
	if (!line)
		return MASIX_E_LIMIT;
	list_remove(cache, line);
	list_add(cache, line);
	*result = line;
	return 0;
}

int block_cache_read(struct block_cache *cache, uint64_t offset, uint32_t length, void *data)
{
	char *to = data;

	while (length > 0) {
		uint32_t inside = (uint32_t)(offset % cache->block_size);
		uint32_t amount = cache->block_size - inside;
		struct line *line;
		int error;

		if (amount > length)
			amount = length;
		error = get(cache, offset / cache->block_size, false, &line);
		if (error)
			return error;
		memcpy(to, line->state.data + inside, amount);
		to += amount;
		offset += amount;
		length -= amount;
	}
	return 0;
}

/* Until a flush puts it on the disk.  The next owner takes it for dirty too if this change comes to nothing: a flush may have
 * been faster. */
static void make_dirty(struct block_cache *cache, struct line *line)
{
	if (line->state.dirty)
		return;
	line->state.dirty = true;
	cache->dirty++;
}

#define PIECE 64u /* is noted rather than that a copy is made */

/* `amount` bytes of the line are going to be changed. */
static int begin_change(
	struct block_cache *cache, struct line *line, uint32_t inside, uint32_t amount)
{
	unsigned char *data;

	make_dirty(cache, line);
	if (line->own == undo_serial(cache->undo))
		return 0;
	if (amount <= PIECE) {
		undo_note(cache->undo, line->state.data + inside, amount);
		UNDO_NOTE(cache->undo, line->state);
		return 0;
	}
	data = take_data(cache);
	if (!data)
		return MASIX_E_LIMIT;
	if (amount < cache->block_size)
		memcpy(data, line->state.data, cache->block_size);
	UNDO_NOTE(cache->undo, line->state);
	undo_later(cache->undo, give_data, cache, line->state.data);
	line->state.data = data;
	line->own = undo_serial(cache->undo);
	return 0;
}

int block_cache_write(struct block_cache *cache, uint64_t offset, uint32_t length, const void *data)
{
	const char *from = data;

	while (length > 0) {
		uint32_t inside = (uint32_t)(offset % cache->block_size);
		uint32_t amount = cache->block_size - inside;
		struct line *line;
		int error;

		if (amount > length)
			amount = length;
		error = get(cache, offset / cache->block_size, amount == cache->block_size, &line);
		if (!error)
			error = begin_change(cache, line, inside, amount);
		if (error)
			return error;
		memcpy(line->state.data + inside, from, amount);
		from += amount;
		offset += amount;
		length -= amount;
	}
	return 0;
}

void block_cache_discard(struct block_cache *cache, uint64_t block)
{
	struct line *line = find(cache, block);

	if (line)
		remove_line(cache, line);
}

static int compare(const void *a, const void *b)
{
	const struct line *x = *(struct line *const *)a, *y = *(struct line *const *)b;

	if (x->state.rank != y->state.rank)
		return x->state.rank < y->state.rank ? -1 : 1;
	return x->block < y->block ? -1 : x->block > y->block;
}

/* A flush under way: a run of neighbours that waits in `buffer`. */
struct flush {
	struct block_cache *cache;
	uint64_t first;
	unsigned count;
	struct line **lines; /* of the run */
	bool *stays_dirty;
	int error;
};

static void write_run(struct flush *flush)
{
	struct block_cache *cache = flush->cache;
	uint32_t size = cache->block_size;
	int error;

	if (flush->count == 0)
		return;
	error = cache->disk->write(
		cache->disk, flush->first * size, flush->count * size, cache->buffer);
	for (unsigned i = 0; i < flush->count && !error; i++)
		if (!flush->stays_dirty[i]) {
			flush->lines[i]->state.dirty = false;
			flush->lines[i]->state.followed = false;
			flush->lines[i]->state.rank = 0;
			cache->dirty--;
		}
	if (error)
		flush->error = error;
	flush->count = 0;
}

static void write_lines(struct flush *flush, struct line **lines, unsigned count,
	block_choose_t choose, void *argument)
{
	uint32_t size = flush->cache->block_size;
	unsigned limit = WRITE_BYTES / size;

	flush->lines = lines;
	for (unsigned i = 0; i < count; i++) {
		enum block_choice choice = BLOCK_WRITE;
		struct line *line = lines[i];
		char *data;

		if (flush->count == limit ||
			(flush->count > 0 && line->block != flush->first + flush->count))
			write_run(flush);
		data = flush->cache->buffer + flush->count * size;
		memcpy(data, line->state.data, size);
		if (choose)
			choice = choose(argument, line->block, data);
		if (choice == BLOCK_LATER)
			continue;
		if (flush->count == 0)
			flush->first = line->block;
		/* The lines of the run, packed: never beyond the one looked at. */
		if (flush->count == 0)
			flush->lines = &lines[i];
		flush->lines[flush->count] = line;
		flush->stays_dirty[flush->count] = choice == BLOCK_PATCHED;
		flush->count++;
	}
	write_run(flush);
}

int block_cache_flush(struct block_cache *cache, block_choose_t choose, void *argument)
{
	bool stays_dirty[WRITE_BYTES / 1024];
	struct flush flush = { .cache = cache, .stays_dirty = stays_dirty };
	struct line **lines;
	unsigned count = 0;

	if (cache->dirty == 0)
		return 0;
	lines = malloc(cache->dirty * sizeof(*lines));
	if (!lines)
		return MASIX_E_LIMIT;
	for (struct line *line = cache->oldest; line; line = line->newer)
		if (line->state.dirty)
			lines[count++] = line;
	qsort(lines, count, sizeof(*lines), compare);
	write_lines(&flush, lines, count, choose, argument);
	free(lines);
	return flush.error;
}

bool block_cache_can_wait(struct block_cache *cache, uint64_t block)
{
	const struct line *line = find(cache, block);

	/* To raise its rank would break what was promised to those behind it. */
	return !line || !line->state.followed;
}

void block_cache_order(struct block_cache *cache, uint64_t other, uint64_t block)
{
	struct line *first = find(cache, other), *second = find(cache, block);

	/* One write puts both on the disk, or the first is there already. */
	if (first == second || !first || !first->state.dirty || !second)
		return;
	if (first->state.rank >= second->state.rank) {
		UNDO_NOTE(cache->undo, second->state);
		second->state.rank = first->state.rank + 1;
	}
	UNDO_NOTE(cache->undo, first->state);
	first->state.followed = true;
}

uint32_t block_cache_block_size(const struct block_cache *cache)
{
	return cache->block_size;
}

unsigned block_cache_dirty(const struct block_cache *cache)
{
	return cache->dirty;
}

/* --- after the last owner's death --- */

bool block_cache_recover(
	struct block_cache *cache, struct undo *undo, struct disk *disk, uint32_t block_size)
{
	struct arena *arena = undo_arena(undo);

	if (!arena_mark(arena, cache, sizeof(*cache)) || cache->block_size != block_size ||
		cache->bucket_count > UINT16_MAX ||
		!arena_mark(arena, cache->buckets, cache->bucket_count * sizeof(*cache->buckets)))
		return false;
	cache->undo = undo;
	cache->disk = disk;
	cache->count = cache->dirty = cache->spare_count = 0;
	cache->oldest = cache->newest = NULL;
	cache->buffer = disk->allocate(disk, WRITE_BYTES);
	for (unsigned i = 0; i < cache->bucket_count; i++)
		for (struct line *line = cache->buckets[i]; line; line = line->next) {
			if (!arena_mark(arena, line, sizeof(*line)) ||
				bucket_of(cache, line->block) != &cache->buckets[i] ||
				!arena_mark(arena, line->state.data, block_size))
				return false;
			line->own = undo_serial(undo) - 1;
			list_add(cache, line);
			cache->count++;
			cache->dirty += line->state.dirty;
		}
	return cache->buffer != NULL;
}
