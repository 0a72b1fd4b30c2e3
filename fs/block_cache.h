/* A write-back cache of one file system's metadata blocks over a disk.  Pure apart from the
 * injected disk; the volume's lock guards it.
 *
 * It lies in an arena and survives the task.  Contents are not overwritten but replaced, so that the undo log need not have
 * them.
 *
 * A dirty block is written only by block_cache_flush, never to make room: what lies on the disk
 * is the state of the last flush, except while one is under way.  That lets a repair succeed after
 * a crash.  The owner therefore flushes when block_cache_dirty grows. */
#ifndef FS_BLOCK_CACHE_H
#define FS_BLOCK_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "checked.h"
#include "disk.h"
#include "undo.h"

struct block_cache;

/* At most `limit` blocks stay cached (more only while they are dirty).  NULL: no memory. */
struct block_cache *block_cache_create(
	struct undo *undo, struct disk *disk, uint32_t block_size, unsigned limit);
/* The cache of the last owner: checks it and marks it in the arena.  False: it is not whole. */
bool block_cache_recover(struct block_cache *cache, struct undo *undo, struct disk *disk,
	uint32_t block_size) CHECKED;
void block_cache_destroy(struct block_cache *cache);

/* `length` bytes at byte `offset` of the disk, any alignment.  MASIX_E_IO. */
int block_cache_read(
	struct block_cache *cache, uint64_t offset, uint32_t length, void *data) CHECKED;
int block_cache_write(
	struct block_cache *cache, uint64_t offset, uint32_t length, const void *data) CHECKED;

/* The block was freed: forget it, dirty or not. */
void block_cache_discard(struct block_cache *cache, uint64_t block);

/* What is to happen with a dirty block. */
enum block_choice {
	BLOCK_LATER, /* stays dirty */
	BLOCK_WRITE,
	BLOCK_PATCHED, /* write `data` as the function has changed it; the block stays dirty */
};

/* `data` is a copy of the block. */
typedef enum block_choice (*block_choose_t)(void *argument, uint64_t block, void *data);

/* Write the dirty blocks that `choose` takes (all, if it is NULL), by rank and then in order and in
 * runs.  On MASIX_E_IO those not written stay dirty. */
int block_cache_flush(struct block_cache *cache, block_choose_t choose, void *argument) CHECKED;

/* The change that is about to be made to `block`, which was read and can wait, is to reach the disk later than those made to
 * `other`. */
void block_cache_order(struct block_cache *cache, uint64_t other, uint64_t block);
/* Or would that contradict what was asked before?  Then flush first. */
bool block_cache_can_wait(struct block_cache *cache, uint64_t block);

uint32_t block_cache_block_size(const struct block_cache *cache);
unsigned block_cache_dirty(const struct block_cache *cache);

#endif
