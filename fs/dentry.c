#include "dentry.h"

#include <stdlib.h>
#include <string.h>

struct dentry {
	uint64_t directory;
	uint64_t ino;
	uint32_t hash;
	struct dentry *next; /* of the bucket */
	bool used;	     /* looked up since the hand last passed */
	uint8_t length;	     /* 0: this slot is free */
	char name[DENTRY_NAME_MAX];
};

/* The slots form a clock: the hand passes over those in use and takes the first idle one. */
struct dentries {
	unsigned limit;
	unsigned hand;
	unsigned bucket_count; /* a power of two */
	struct dentry **buckets;
	struct dentry slots[];
};

struct dentries *dentries_create(unsigned limit)
{
	struct dentries *cache = calloc(1, sizeof(*cache) + limit * sizeof(cache->slots[0]));

	if (!cache)
		return NULL;
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

void dentries_destroy(struct dentries *cache)
{
	if (cache)
		free(cache->buckets);
	free(cache);
}

static uint32_t hash(uint64_t directory, const char *name, unsigned length)
{
	uint32_t value = 2166136261u ^ (uint32_t)directory;

	value *= 16777619u;
	for (unsigned i = 0; i < length; i++)
		value = (value ^ (unsigned char)name[i]) * 16777619u;
	return value ^ value >> 15;
}

static struct dentry **bucket_of(struct dentries *cache, uint32_t value)
{
	return &cache->buckets[value & (cache->bucket_count - 1)];
}

static struct dentry *lookup(struct dentries *cache, uint64_t directory, const char *name,
	unsigned length, uint32_t value)
{
	struct dentry *entry;

	for (entry = *bucket_of(cache, value); entry; entry = entry->next)
		if (entry->hash == value && entry->directory == directory &&
			entry->length == length && memcmp(entry->name, name, length) == 0)
			return entry;
	return NULL;
}

bool dentries_find(struct dentries *cache, uint64_t directory, const char *name, unsigned length,
	uint64_t *ino)
{
	struct dentry *entry;

	if (length > DENTRY_NAME_MAX)
		return false;
	entry = lookup(cache, directory, name, length, hash(directory, name, length));
	if (!entry)
		return false;
	entry->used = true;
	*ino = entry->ino;
	return true;
}

static void unchain(struct dentries *cache, struct dentry *entry)
{
	struct dentry **link = bucket_of(cache, entry->hash);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	entry->length = 0;
}

static struct dentry *take_slot(struct dentries *cache)
{
	for (;;) {
		struct dentry *entry = &cache->slots[cache->hand];

		cache->hand = (cache->hand + 1) % cache->limit;
		if (entry->length == 0)
			return entry;
		if (!entry->used) {
			unchain(cache, entry);
			return entry;
		}
		entry->used = false;
	}
}

void dentries_enter(
	struct dentries *cache, uint64_t directory, const char *name, unsigned length, uint64_t ino)
{
	uint32_t value;
	struct dentry *entry;

	if (length == 0 || length > DENTRY_NAME_MAX)
		return;
	value = hash(directory, name, length);
	entry = lookup(cache, directory, name, length, value);
	if (!entry) {
		entry = take_slot(cache);
		entry->directory = directory;
		entry->hash = value;
		entry->length = (uint8_t)length;
		entry->used = false;
		memcpy(entry->name, name, length);
		entry->next = *bucket_of(cache, value);
		*bucket_of(cache, value) = entry;
	}
	entry->ino = ino;
}

void dentries_forget(struct dentries *cache, uint64_t directory)
{
	for (unsigned i = 0; i < cache->limit; i++) {
		struct dentry *entry = &cache->slots[i];

		if (entry->length != 0 && entry->directory == directory)
			unchain(cache, entry);
	}
}
