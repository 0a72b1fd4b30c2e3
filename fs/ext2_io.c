/* What libext2fs sees as its device: the block cache. */
#include "ext2.h"

#include <stdio.h>
#include <string.h>

static struct ext2_volume *volume_of(io_channel channel)
{
	return channel->private_data;
}

/* libext2fs opens devices by name, so the name carries the address. */
void ext2_io_name(struct ext2_volume *volume, char *name)
{
	snprintf(name, EXT2_IO_NAME_SIZE, "%p", (void *)volume);
}

static errcode_t io_open(const char *name, int flags, io_channel *result)
{
	io_channel channel;
	void *volume;
	errcode_t error;

	(void)flags;
	if (sscanf(name, "%p", &volume) != 1)
		return EXT2_ET_BAD_DEVICE_NAME;
	error = ext2fs_get_memzero(sizeof(*channel), &channel);
	if (error)
		return error;
	error = ext2fs_get_mem(strlen(name) + 1, &channel->name);
	if (error) {
		ext2fs_free_mem(&channel);
		return error;
	}
	strcpy(channel->name, name);
	channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	channel->manager = &ext2_io_manager;
	channel->block_size = 1024;
	channel->refcount = 1;
	channel->private_data = volume;
	*result = channel;
	return 0;
}

static errcode_t io_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	ext2fs_free_mem(&channel->name);
	ext2fs_free_mem(&channel);
	return 0;
}

static errcode_t io_set_block_size(io_channel channel, int size)
{
	channel->block_size = size;
	return 0;
}

/* A negative count is one of bytes. */
static uint32_t bytes_of(io_channel channel, int count)
{
	return count < 0 ? (uint32_t)-count : (uint32_t)count * channel->block_size;
}

static errcode_t io_read(io_channel channel, unsigned long long block, int count, void *data)
{
	uint64_t offset = (uint64_t)block * channel->block_size;

	if (block_cache_read(volume_of(channel)->cache, offset, bytes_of(channel, count), data))
		return EXT2_ET_SHORT_READ;
	return 0;
}

static errcode_t io_write(io_channel channel, unsigned long long block, int count, const void *data)
{
	struct ext2_volume *volume = volume_of(channel);
	uint64_t offset = (uint64_t)block * channel->block_size;

	if (block_cache_write(volume->cache, offset, bytes_of(channel, count), data))
		return EXT2_ET_SHORT_WRITE;
	if (!ranges_contain(&volume->inode_tables, block) &&
		!ranges_contain(&volume->bookkeeping, block))
		volume->last_written = block;
	if (block_cache_dirty(volume->cache) > EXT2_DIRTY_LIMIT)
		volume->volume.want_flush = true;
	return 0;
}

static errcode_t io_read_old(io_channel channel, unsigned long block, int count, void *data)
{
	return io_read(channel, block, count, data);
}

static errcode_t io_write_old(io_channel channel, unsigned long block, int count, const void *data)
{
	return io_write(channel, block, count, data);
}

static errcode_t io_write_bytes(
	io_channel channel, unsigned long offset, int count, const void *data)
{
	if (block_cache_write(volume_of(channel)->cache, offset, (uint32_t)count, data))
		return EXT2_ET_SHORT_WRITE;
	return 0;
}

/* ext2_flush decides when the cache goes to the disk: libext2fs flushes in the middle of
 * things. */
static errcode_t io_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

struct struct_io_manager ext2_io_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "Masix block cache",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_block_size,
	.read_blk = io_read_old,
	.write_blk = io_write_old,
	.flush = io_flush,
	.write_byte = io_write_bytes,
	.read_blk64 = io_read,
	.write_blk64 = io_write,
};
