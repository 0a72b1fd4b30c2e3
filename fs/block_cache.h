/* A write-back cache of one file system's metadata blocks over a disk.  Pure apart from the
 * injected disk; the volume's lock guards it.
 *
 * A dirty block is written only by block_cache_flush, never to make room: what lies on the disk
 * is at all times the state of the last flush, which is what lets a repair succeed after a
 * crash.  The owner therefore flushes when block_cache_dirty grows. */
#ifndef FS_BLOCK_CACHE_H
#define FS_BLOCK_CACHE_H

#include <stdint.h>

#include "checked.h"
#include "disk.h"

struct block_cache;

/* At most `limit` blocks stay cached (more only while they are dirty).  NULL: no memory. */
struct block_cache *block_cache_create(struct disk *disk, uint32_t block_size, unsigned limit);
void block_cache_destroy(struct block_cache *cache);

/* `length` bytes at byte `offset` of the disk, any alignment.  MASIX_E_IO. */
int block_cache_read(struct block_cache *cache, uint64_t offset, uint32_t length,
	void *data) CHECKED;
int block_cache_write(struct block_cache *cache, uint64_t offset, uint32_t length,
	const void *data) CHECKED;

/* The block was freed: forget it, dirty or not. */
void block_cache_discard(struct block_cache *cache, uint64_t block);

/* Write all dirty blocks, in order and in runs.  On MASIX_E_IO those not written stay dirty. */
int block_cache_flush(struct block_cache *cache) CHECKED;

unsigned block_cache_dirty(const struct block_cache *cache);

#endif
