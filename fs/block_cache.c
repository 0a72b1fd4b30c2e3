#include "block_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#define READ_BLOCKS 8		/* a miss reads the aligned group of this many blocks */
#define WRITE_BYTES (256u << 10)	/* longest write */

struct line {
	uint64_t block;
	bool dirty;
	struct line *next;		/* of the bucket */
	struct line *older, *newer;	/* by last use */
	unsigned char data[];
};

struct block_cache {
	struct disk *disk;
	uint32_t block_size;
	unsigned limit;
	unsigned count, dirty;
	unsigned bucket_count;	/* a power of two */
	struct line **buckets;
	struct line *oldest, *newest;
};

struct block_cache *block_cache_create(struct disk *disk, uint32_t block_size, unsigned limit)
{
	struct block_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->disk = disk;
	cache->block_size = block_size;
	cache->limit = limit;
	for (cache->bucket_count = 1; cache->bucket_count < limit; cache->bucket_count *= 2)
		;
	cache->buckets = calloc(cache->bucket_count, sizeof(*cache->buckets));
	if (!cache->buckets) {
		free(cache);
		return NULL;
	}
	return cache;
}

void block_cache_destroy(struct block_cache *cache)
{
	struct line *line, *newer;

	if (!cache)
		return;
	for (line = cache->oldest; line; line = newer) {
		newer = line->newer;
		free(line);
	}
	free(cache->buckets);
	free(cache);
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

static void unchain(struct block_cache *cache, struct line *line)
{
	struct line **link = bucket_of(cache, line->block);

	while (*link != line)
		link = &(*link)->next;
	*link = line->next;
	list_remove(cache, line);
	cache->count--;
	if (line->dirty)
		cache->dirty--;
}

/* Memory for one more line: the oldest clean one's if the cache is full. */
static struct line *obtain(struct block_cache *cache)
{
	if (cache->count >= cache->limit)
		for (struct line *line = cache->oldest; line; line = line->newer)
			if (!line->dirty) {
				unchain(cache, line);
				return line;
			}
	return malloc(sizeof(struct line) + cache->block_size);
}

static struct line *insert(struct block_cache *cache, uint64_t block)
{
	struct line *line = obtain(cache);

	if (!line)
		return NULL;
	line->block = block;
	line->dirty = false;
	line->next = *bucket_of(cache, block);
	*bucket_of(cache, block) = line;
	list_add(cache, line);
	cache->count++;
	return line;
}

/* Read the group around `block`, keeping what is cached already. */
static int fill(struct block_cache *cache, uint64_t block)
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
	error = cache->disk->read(cache->disk, first * size, (uint32_t)(last - first) * size,
		&data);
	if (error)
		return error;
	for (uint64_t b = first; b < last; b++) {
		struct line *line;

		if (find(cache, b))
			continue;
		line = insert(cache, b);
		if (!line) {
			error = b == block ? MASIX_E_LIMIT : 0;
			continue;
		}
		memcpy(line->data, (char *)data + (b - first) * size, size);
	}
	cache->disk->release(cache->disk, data, (uint32_t)(last - first) * size);
	return error;
}

/* The line of `block`; filled from the disk unless the caller will `overwrite` all of it. */
static int get(struct block_cache *cache, uint64_t block, bool overwrite, struct line **result)
{
	struct line *line = find(cache, block);
	int error;

	if (!line && overwrite) {
		line = insert(cache, block);
	} else if (!line) {
		/* Twice: in a tiny cache the group may push out its own first block. */
		for (int i = 0; i < 2 && !line; i++) {
			error = fill(cache, block);
			if (error)
				return error;
			line = find(cache, block);
		}
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
		memcpy(to, line->data + inside, amount);
		to += amount;
		offset += amount;
		length -= amount;
	}
	return 0;
}

int block_cache_write(struct block_cache *cache, uint64_t offset, uint32_t length,
	const void *data)
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
		if (error)
			return error;
		memcpy(line->data + inside, from, amount);
		if (!line->dirty) {
			line->dirty = true;
			cache->dirty++;
		}
		from += amount;
		offset += amount;
		length -= amount;
	}
	return 0;
}

void block_cache_discard(struct block_cache *cache, uint64_t block)
{
	struct line *line = find(cache, block);

	if (line) {
		unchain(cache, line);
		free(line);
	}
}

static int compare(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;

	return (*x)->block < (*y)->block ? -1 : (*x)->block > (*y)->block;
}

/* Write the run of `count` consecutive lines through `buffer`. */
static int write_run(struct block_cache *cache, struct line **lines, unsigned count, char *buffer)
{
	uint32_t size = cache->block_size;
	int error;

	for (unsigned i = 0; i < count; i++)
		memcpy(buffer + i * size, lines[i]->data, size);
	error = cache->disk->write(cache->disk, lines[0]->block * size, count * size, buffer);
	if (error)
		return error;
	for (unsigned i = 0; i < count; i++)
		lines[i]->dirty = false;
	cache->dirty -= count;
	return 0;
}

static int write_lines(struct block_cache *cache, struct line **lines, unsigned count,
	char *buffer)
{
	unsigned limit = WRITE_BYTES / cache->block_size;
	int result = 0;

	for (unsigned start = 0, end; start < count; start = end) {
		int error;

		for (end = start + 1; end < count && end - start < limit; end++)
			if (lines[end]->block != lines[end - 1]->block + 1)
				break;
		error = write_run(cache, lines + start, end - start, buffer);
		if (error)
			result = error;
	}
	return result;
}

int block_cache_flush(struct block_cache *cache)
{
	struct line **lines;
	unsigned count = 0;
	char *buffer;
	int error = MASIX_E_LIMIT;

	if (cache->dirty == 0)
		return 0;
	lines = malloc(cache->dirty * sizeof(*lines));
	buffer = cache->disk->allocate(cache->disk, WRITE_BYTES);
	if (!lines || !buffer)
		goto out;
	for (struct line *line = cache->oldest; line; line = line->newer)
		if (line->dirty)
			lines[count++] = line;
	qsort(lines, count, sizeof(*lines), compare);
	error = write_lines(cache, lines, count, buffer);
out:
	if (buffer)
		cache->disk->release(cache->disk, buffer, WRITE_BYTES);
	free(lines);
	return error;
}

unsigned block_cache_dirty(const struct block_cache *cache)
{
	return cache->dirty;
}
