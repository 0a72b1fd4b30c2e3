/* Mounting, flushing and unmounting of ext2. */
#include "ext2.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>

#define SUPERBLOCK_OFFSET_ 1024

static int ext2_statfs(struct volume *volume, struct masix_statfs *info);
static int ext2_shutdown(struct volume *volume);

const struct volume_ops ext2_ops = {
	.node_size = sizeof(struct ext2_node),
	.load = ext2_load,
	.store = ext2_store,
	.unload = ext2_unload,
	.destroy = ext2_destroy,
	.lookup = ext2_lookup,
	.entries = ext2_entries,
	.is_empty = ext2_is_empty,
	.create = ext2_create,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rename = ext2_rename,
	.read_link = ext2_read_link,
	.reserve = ext2_reserve,
	.truncate = ext2_truncate,
	.settle = ext2_settle,
	.page_in = ext2_page_in,
	.page_out = ext2_page_out,
	.statfs = ext2_statfs,
	.flush = ext2_flush,
	.shutdown = ext2_shutdown,
	.before_commit = ext2_before_commit,
	.adopt = ext2_adopt,
};

int ext2_error(errcode_t code)
{
	switch (code) {
	case 0:
		return 0;
	case EXT2_ET_FILE_NOT_FOUND:
		return MASIX_E_NOT_FOUND;
	case EXT2_ET_BLOCK_ALLOC_FAIL:
	case EXT2_ET_INODE_ALLOC_FAIL:
	case EXT2_ET_DIR_NO_SPACE:
		return MASIX_E_NO_SPACE;
	case EXT2_ET_DIR_EXISTS:
	case EXT2_ET_FILE_EXISTS:
		return MASIX_E_EXISTS;
	case EXT2_ET_NO_DIRECTORY:
		return MASIX_E_NOT_DIRECTORY;
	case EXT2_ET_FILE_TOO_BIG:
		return MASIX_E_TOO_BIG;
	case EXT2_ET_RO_FILSYS:
		return MASIX_E_READ_ONLY;
	case EXT2_ET_NO_MEMORY:
	case ENOMEM:
		return MASIX_E_LIMIT;
	default:
		return MASIX_E_IO;
	}
}

void ext2_free_inode_number(struct ext2_volume *volume, ext2_ino_t ino, bool directory)
{
	ext2_flush_forget_inode(volume, ino);
	ext2fs_inode_alloc_stats2(volume->fs, ino, -1, directory);
	ext2_counts_changed(volume, ext2fs_group_of_ino(volume->fs, ino));
	if (ranges_add(volume->volume.undo, &volume->freed_inodes, ino, (uint64_t)ino + 1) == 0)
		ext2fs_mark_inode_bitmap2(volume->fs->inode_map, ino);
}

int ext2_prepare(struct ext2_volume *volume, uint64_t blocks)
{
	uint64_t held = ranges_total(&volume->freed_blocks);
	uint64_t free_blocks = ext2fs_free_blocks_count(volume->fs->super);

	if (volume->volume.read_only)
		return MASIX_E_READ_ONLY;
	if ((held > 0 && free_blocks < held + blocks) ||
		(volume->freed_inodes.count > 0 && volume->fs->super->s_free_inodes_count <=
							   ranges_total(&volume->freed_inodes)))
		return volume_flush(&volume->volume);
	return 0;
}

static int ext2_shutdown(struct volume *base)
{
	struct ext2_volume *volume = (struct ext2_volume *)base;

	if (volume->disk->read_only)
		return 0;
	volume->fs->super->s_state |= EXT2_VALID_FS;
	ext2fs_mark_super_dirty(volume->fs);
	ext2_counts_changed(volume, 0);
	return ext2_flush(base);
}

static int ext2_statfs(struct volume *base, struct masix_statfs *info)
{
	struct ext2_super_block *super = ((struct ext2_volume *)base)->fs->super;
	uint64_t reserved = ext2fs_r_blocks_count(super);

	info->type = EXT2_SUPER_MAGIC;
	info->block_size = EXT2_BLOCK_SIZE(super);
	info->blocks = ext2fs_blocks_count(super);
	info->blocks_free = ext2fs_free_blocks_count(super);
	info->blocks_available = info->blocks_free > reserved ? info->blocks_free - reserved : 0;
	info->files = super->s_inodes_count;
	info->files_free = super->s_free_inodes_count;
	info->name_max = MASIX_NAME_MAX;
	info->flags = base->read_only ? 1 : 0;
	return 0;
}

/* What may be in use on a disk that we mount; libext2fs knows more than we do. */
static const char *check_features(const struct ext2_super_block *super)
{
	const uint32_t incompatible =
		EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
		EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG |
		EXT2_FEATURE_INCOMPAT_META_BG | EXT4_FEATURE_INCOMPAT_CSUM_SEED;
	const uint32_t read_only =
		EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
		EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |
		EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |
		EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;

	if (super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER)
		return "its journal must be replayed by e2fsck first";
	if (super->s_feature_incompat & ~incompatible)
		return "it uses features that are not supported";
	if (super->s_feature_ro_compat & ~read_only)
		return "it uses features that are not supported for writing";
	return NULL;
}

/* Its block size is needed for the cache, and a disk that is something else should be said to be. */
int ext2_check_superblock(struct disk *disk, uint32_t *block_size, const char **why)
{
	struct ext2_super_block *super;
	void *data;
	int error = MASIX_E_BAD_FORMAT;

	*why = "it is too small for a file system";
	if (disk->size < 64 * 1024)
		return error;
	*why = "it cannot be read";
	if (disk->read(disk, SUPERBLOCK_OFFSET_, sizeof(*super), &data))
		return MASIX_E_IO;
	super = data;
	if (super->s_magic != EXT2_SUPER_MAGIC) {
		*why = "there is no ext2 file system on it";
	} else if (super->s_log_block_size > 2) {
		*why = "its blocks are larger than a page";
	} else {
		*block_size = 1024u << super->s_log_block_size;
		*why = check_features(super);
		if (!*why && ext2fs_blocks_count(super) * *block_size > disk->size)
			*why = "it is larger than the disk";
		if (!*why)
			error = 0;
	}
	disk->release(disk, data, sizeof(*super));
	return error;
}

int ext2_open_filesystem(struct ext2_volume *volume, int flags, const char **why)
{
	char name[EXT2_IO_NAME_SIZE];

	flags |= EXT2_FLAG_64BITS | (volume->disk->read_only ? 0 : EXT2_FLAG_RW);
	ext2_io_name(volume, name);
	*why = "its superblock or group descriptors are damaged";
	if (ext2fs_open2(name, NULL, flags, 0, 0, &ext2_io_manager, &volume->fs))
		return MASIX_E_BAD_FORMAT;
	/* The copies of the superblock are for e2fsck's last resort: not worth their writes. */
	volume->fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
	volume->fs->priv_data = volume;
	volume->fs->default_bitmap_type = EXT2FS_BMAP64_BITARRAY;
	*why = "its group descriptors are damaged";
	if (ext2fs_check_desc(volume->fs))
		return MASIX_E_BAD_FORMAT;
	*why = "its bitmaps cannot be read";
	if (ext2fs_read_bitmaps(volume->fs))
		return MASIX_E_BAD_FORMAT;
	ext2fs_set_block_alloc_stats_callback(volume->fs, ext2_flush_block_changed, NULL);
	*why = "there is not enough memory";
	return ext2_flush_init(volume);
}

/* From here on a crash leaves a file system that asks for e2fsck. */
static int mark_mounted(struct ext2_volume *volume, const char **why)
{
	struct ext2_super_block *super = volume->fs->super;

	/* A file system that was not unmounted may have blocks in use that its bitmap says are
	 * free: to write to it would destroy files. */
	if (!(super->s_state & EXT2_VALID_FS) || (super->s_state & EXT2_ERROR_FS))
		volume->disk->read_only = true;
	if (volume->disk->read_only) {
		volume->volume.read_only = true;
		return 0;
	}
	*why = "it cannot be written";
	super->s_state &= (uint16_t)~EXT2_VALID_FS;
	super->s_mnt_count++;
	super->s_mtime = (uint32_t)(volume->volume.now() / 1000000000);
	ext2fs_mark_super_dirty(volume->fs);
	ext2_counts_changed(volume, 0);
	return ext2_flush(&volume->volume);
}

/* What the indirect blocks reach, and what i_blocks can count. */
static uint64_t size_max(uint32_t block_size)
{
	const uint64_t countable = 1ull << 41;
	uint64_t fan_out = block_size / 4;
	uint64_t blocks =
		EXT2_NDIR_BLOCKS + fan_out + fan_out * fan_out + fan_out * fan_out * fan_out;

	return blocks * block_size < countable ? blocks * block_size : countable - block_size;
}

void ext2_release_pages(struct volume *base, void *data, uint32_t length)
{
	struct disk *disk = ((struct ext2_volume *)base)->disk;

	disk->release(disk, data, length);
}

int ext2_mount(struct arena *arena, struct disk *disk, const char *name, uint32_t device,
	int64_t (*now)(void), struct volume **result, const char **why)
{
	struct ext2_volume *volume;
	uint32_t block_size = 0;
	int error;

	error = ext2_check_superblock(disk, &block_size, why);
	if (error)
		return error;
	*why = "there is not enough memory";
	volume = arena_alloc(arena, sizeof(*volume));
	if (!volume)
		return MASIX_E_LIMIT;
	volume->volume.ops = &ext2_ops;
	volume->volume.root = EXT2_ROOT_INO;
	volume->volume.size_max = size_max(block_size);
	volume->volume.now = now;
	volume->volume.release = ext2_release_pages;
	volume->disk = disk;
	error = volume_init(&volume->volume, arena, name, device, 2048);
	if (error) {
		arena_free(arena, volume, sizeof(*volume));
		return error;
	}
	volume->cache =
		block_cache_create(volume->volume.undo, disk, block_size, EXT2_CACHE_BLOCKS);
	volume->scratch = malloc(3 * block_size);
	if (!volume->cache || !volume->scratch)
		error = MASIX_E_LIMIT;
	if (!error)
		error = ext2_open_filesystem(volume, 0, why);
	if (!error)
		error = ext2_keep_counts(volume);
	if (!error)
		error = mark_mounted(volume, why);
	if (error) {
		ext2_unmount(&volume->volume);
		return error;
	}
	volume_commit(&volume->volume);
	*result = &volume->volume;
	return 0;
}

void ext2_unmount(struct volume *base)
{
	struct ext2_volume *volume = (struct ext2_volume *)base;

	struct arena *arena = undo_arena(base->undo);

	if (volume->fs)
		ext2fs_free(volume->fs);
	ext2_flush_end(volume);
	block_cache_destroy(volume->cache);
	undo_free(base->undo, volume->groups, volume->groups_size);
	free(volume->scratch);
	volume_destroy(base);
	arena_free(arena, volume, sizeof(*volume));
}
