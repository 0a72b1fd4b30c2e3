/* Inodes of ext2: between the disk's form and struct masix_stat. */
#include "ext2.h"

#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>

/* The extra word of a time holds two more bits of the seconds and the nanoseconds. */
static void decode_time(uint32_t low, uint32_t extra, int64_t *seconds, uint32_t *nanoseconds)
{
	*seconds = (int32_t)low + ((int64_t)(extra & 3) << 32);
	*nanoseconds = extra >> 2;
}

static uint32_t encode_extra(int64_t seconds, uint32_t nanoseconds)
{
	return (uint32_t)((uint64_t)(seconds - (int32_t)seconds) >> 32 & 3) | nanoseconds << 2;
}

/* Does the inode have the field, given how much of it is in use? */
#define HAS_EXTRA(volume, inode, field)                                                            \
	(EXT2_INODE_SIZE((volume)->fs->super) > EXT2_GOOD_OLD_INODE_SIZE &&                        \
		(size_t)EXT2_GOOD_OLD_INODE_SIZE + (inode)->i_extra_isize >=                       \
			offsetof(struct ext2_inode_large, field) + sizeof((inode)->field))

uint8_t ext2_file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EXT2_FT_REG_FILE;
	case S_IFDIR:
		return EXT2_FT_DIR;
	case S_IFCHR:
		return EXT2_FT_CHRDEV;
	case S_IFBLK:
		return EXT2_FT_BLKDEV;
	case S_IFIFO:
		return EXT2_FT_FIFO;
	case S_IFSOCK:
		return EXT2_FT_SOCK;
	case S_IFLNK:
		return EXT2_FT_SYMLINK;
	default:
		return EXT2_FT_UNKNOWN;
	}
}

static uint32_t decode_rdev(const struct ext2_inode_large *inode)
{
	uint32_t new = inode->i_block[1];

	if (inode->i_block[0])
		return inode->i_block[0];
	return (new >> 8 & 0xfff) << 8 | (new & 0xff) | (new >> 20 & 0xfff) << 20;
}

static void encode_rdev(struct ext2_inode_large *inode, uint32_t rdev)
{
	uint32_t major = rdev >> 8 & 0xfff, minor = (rdev & 0xff) | (rdev >> 12 & 0xfff00);

	if (major < 256 && minor < 256)
		inode->i_block[0] = major << 8 | minor;
	else
		inode->i_block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

int ext2_load(struct node *node)
{
	struct ext2_volume *volume = ext2_volume_of(node);
	struct ext2_inode_large *inode = &ext2_node_of(node)->inode;
	struct masix_stat *stat = &node->stat;

	node_change(node);
	if (stat->ino < EXT2_ROOT_INO || stat->ino > volume->fs->super->s_inodes_count)
		return MASIX_E_IO;
	if (ext2fs_read_inode_full(
		    volume->fs, (ext2_ino_t)stat->ino, EXT2_INODE(inode), sizeof(*inode)))
		return MASIX_E_IO;
	/* A name that leads to a free inode: a damaged file system. */
	if (inode->i_links_count == 0 || ext2_file_type(inode->i_mode) == EXT2_FT_UNKNOWN)
		return MASIX_E_IO;
	stat->mode = inode->i_mode;
	stat->nlink = inode->i_links_count;
	stat->uid = inode_uid(*inode);
	stat->gid = inode_gid(*inode);
	stat->size = inode->i_size;
	if (S_ISREG(stat->mode))
		stat->size |= (uint64_t)inode->i_size_high << 32;
	stat->blocks = ext2fs_inode_i_blocks(volume->fs, EXT2_INODE(inode));
	stat->block_size = volume->fs->blocksize;
	stat->generation = inode->i_generation;
	if (S_ISCHR(stat->mode) || S_ISBLK(stat->mode))
		stat->rdev = decode_rdev(inode);
	decode_time(inode->i_atime,
		HAS_EXTRA(volume, inode, i_atime_extra) ? inode->i_atime_extra : 0, &stat->atime,
		&stat->atime_nsec);
	decode_time(inode->i_mtime,
		HAS_EXTRA(volume, inode, i_mtime_extra) ? inode->i_mtime_extra : 0, &stat->mtime,
		&stat->mtime_nsec);
	decode_time(inode->i_ctime,
		HAS_EXTRA(volume, inode, i_ctime_extra) ? inode->i_ctime_extra : 0, &stat->ctime,
		&stat->ctime_nsec);
	return 0;
}

static void encode(
	struct ext2_volume *volume, const struct masix_stat *stat, struct ext2_inode_large *inode)
{
	inode->i_mode = (uint16_t)stat->mode;
	inode->i_links_count = (uint16_t)stat->nlink;
	inode->i_uid = (uint16_t)stat->uid;
	ext2fs_set_i_uid_high(*inode, stat->uid >> 16);
	inode->i_gid = (uint16_t)stat->gid;
	ext2fs_set_i_gid_high(*inode, stat->gid >> 16);
	inode->i_size = (uint32_t)stat->size;
	if (S_ISREG(stat->mode))
		inode->i_size_high = (uint32_t)(stat->size >> 32);
	inode->i_atime = (uint32_t)stat->atime;
	inode->i_mtime = (uint32_t)stat->mtime;
	inode->i_ctime = (uint32_t)stat->ctime;
	if (HAS_EXTRA(volume, inode, i_atime_extra))
		inode->i_atime_extra = encode_extra(stat->atime, stat->atime_nsec);
	if (HAS_EXTRA(volume, inode, i_mtime_extra))
		inode->i_mtime_extra = encode_extra(stat->mtime, stat->mtime_nsec);
	if (HAS_EXTRA(volume, inode, i_ctime_extra))
		inode->i_ctime_extra = encode_extra(stat->ctime, stat->ctime_nsec);
	if (stat->size > 0x7fffffff && !ext2fs_has_feature_large_file(volume->fs->super)) {
		ext2fs_set_feature_large_file(volume->fs->super);
		ext2_counts_changed(volume, 0);
		ext2fs_mark_super_dirty(volume->fs);
	}
}

static int write_inode(struct ext2_volume *volume, ext2_ino_t ino, struct ext2_inode_large *inode)
{
	return ext2_error(
		ext2fs_write_inode_full(volume->fs, ino, EXT2_INODE(inode), sizeof(*inode)));
}

int ext2_store(struct node *node)
{
	struct ext2_volume *volume = ext2_volume_of(node);
	struct ext2_inode_large *inode = &ext2_node_of(node)->inode;
	int error;

	node_change(node);
	encode(volume, &node->stat, inode);
	error = write_inode(volume, (ext2_ino_t)node->stat.ino, inode);
	if (!error)
		node->dirty = false;
	return error;
}

void ext2_unload(struct node *node)
{
	ranges_clear(node->volume->undo, &ext2_node_of(node)->fresh);
}

bool ext2_adopt(struct node *node)
{
	return ranges_recover(&ext2_node_of(node)->fresh, undo_arena(node->volume->undo));
}

/* Extended attributes may have a block of their own, shared with other inodes. */
static int free_attributes(
	struct ext2_volume *volume, ext2_ino_t ino, struct ext2_inode_large *inode)
{
	if (ext2fs_file_acl_block(volume->fs, EXT2_INODE(inode)) == 0)
		return 0;
	return ext2_error(ext2fs_free_ext_attr(volume->fs, ino, inode));
}

int ext2_destroy(struct node *node)
{
	struct ext2_volume *volume = ext2_volume_of(node);
	struct ext2_inode_large *inode = &ext2_node_of(node)->inode;
	ext2_ino_t ino = (ext2_ino_t)node->stat.ino;
	int error;

	node_change(node);
	encode(volume, &node->stat, inode);
	inode->i_dtime = (uint32_t)(node->volume->now() / 1000000000);
	error = free_attributes(volume, ino, inode);
	if (error)
		return error;
	if (ext2fs_inode_has_valid_blocks2(volume->fs, EXT2_INODE(inode))) {
		error = ext2_error(
			ext2fs_punch(volume->fs, ino, EXT2_INODE(inode), NULL, 0, ~0ULL));
		if (error)
			return error;
	}
	inode->i_size = 0;
	inode->i_size_high = 0;
	error = write_inode(volume, ino, inode);
	if (error)
		return error;
	ranges_clear(node->volume->undo, &ext2_node_of(node)->fresh);
	ext2_free_inode_number(volume, ino, node_is_directory(node));
	return 0;
}

int ext2_read_link(struct node *node, char *target, unsigned *length)
{
	struct ext2_volume *volume = ext2_volume_of(node);
	struct ext2_inode_large *inode = &ext2_node_of(node)->inode;
	unsigned size = (unsigned)node->stat.size;
	blk64_t block;

	if (node->stat.size == 0 || node->stat.size > MASIX_PATH_MAX)
		return MASIX_E_IO;
	if (ext2fs_is_fast_symlink(EXT2_INODE(inode))) {
		if (size >= sizeof(inode->i_block))
			return MASIX_E_IO;
		memcpy(target, inode->i_block, size);
	} else {
		if (size > volume->fs->blocksize)
			return MASIX_E_IO;
		if (ext2fs_bmap2(volume->fs, (ext2_ino_t)node->stat.ino, EXT2_INODE(inode),
			    volume->scratch, 0, 0, NULL, &block) ||
			block == 0 ||
			io_channel_read_blk64(volume->fs->io, block, 1, volume->scratch))
			return MASIX_E_IO;
		memcpy(target, volume->scratch, size);
	}
	*length = size;
	return 0;
}

/* A block for the new inode with the given contents (one block); those of a directory may carry a
 * checksum. */
static int add_block(
	struct ext2_volume *volume, ext2_ino_t ino, struct ext2_inode_large *inode, char *contents)
{
	ext2_filsys fs = volume->fs;
	blk64_t block;
	int error;

	error = ext2_error(ext2fs_new_block2(
		fs, ext2fs_find_inode_goal(fs, ino, EXT2_INODE(inode), 0), NULL, &block));
	if (error)
		return error;
	if (LINUX_S_ISDIR(inode->i_mode)) {
		/* For the checksum it reads the inode. */
		error = write_inode(volume, ino, inode);
		if (!error)
			error = ext2_error(ext2fs_write_dir_block4(fs, block, contents, 0, ino));
	} else {
		error = ext2_error(io_channel_write_blk64(fs->io, block, 1, contents));
	}
	if (error)
		return error;
	ext2fs_block_alloc_stats2(fs, block, 1);
	inode->i_block[0] = (uint32_t)block;
	return ext2_error(ext2fs_iblk_set(fs, EXT2_INODE(inode), 1));
}

static int make_directory_block(struct ext2_volume *volume, ext2_ino_t parent, ext2_ino_t ino,
	struct ext2_inode_large *inode)
{
	char *block;
	int error;

	inode->i_links_count = 2;
	inode->i_size = volume->fs->blocksize;
	error = ext2_error(ext2fs_new_dir_block(volume->fs, ino, parent, &block));
	if (error)
		return error;
	error = add_block(volume, ino, inode, block);
	ext2fs_free_mem(&block);
	return error;
}

static int make_link_target(struct ext2_volume *volume, ext2_ino_t ino,
	struct ext2_inode_large *inode, const struct node_seed *seed)
{
	inode->i_size = seed->target_length;
	if (seed->target_length < sizeof(inode->i_block)) {
		memcpy(inode->i_block, seed->target, seed->target_length);
		return 0;
	}
	if (seed->target_length >= volume->fs->blocksize)
		return MASIX_E_NAME_TOO_LONG;
	memset(volume->scratch, 0, volume->fs->blocksize);
	memcpy(volume->scratch, seed->target, seed->target_length);
	return add_block(volume, ino, inode, volume->scratch);
}

int ext2_inode_make(struct node *directory, const struct node_seed *seed, ext2_ino_t *result)
{
	struct ext2_volume *volume = ext2_volume_of(directory);
	ext2_ino_t parent = (ext2_ino_t)directory->stat.ino, ino;
	struct ext2_inode_large inode = { 0 };
	struct masix_stat stat = { 0 };
	int64_t now = volume->volume.now();
	int error;

	error = ext2_error(ext2fs_new_inode(volume->fs, parent, (int)seed->mode, NULL, &ino));
	if (error)
		return error;
	stat.mode = seed->mode;
	stat.uid = seed->uid;
	stat.gid = seed->gid;
	stat.nlink = 1;
	stat.atime = stat.mtime = stat.ctime = now / 1000000000;
	stat.atime_nsec = stat.mtime_nsec = stat.ctime_nsec = (uint32_t)(now % 1000000000);
	if (EXT2_INODE_SIZE(volume->fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
		inode.i_extra_isize = sizeof(inode) - EXT2_GOOD_OLD_INODE_SIZE;
	inode.i_crtime = (uint32_t)stat.ctime;
	inode.i_crtime_extra = encode_extra(stat.ctime, stat.ctime_nsec);
	inode.i_generation = (uint32_t)(now ^ now >> 32) + ino;
	encode(volume, &stat, &inode);
	error = ext2_flush_note_inode(volume, ino);
	if (error)
		return error;
	if (S_ISDIR(seed->mode))
		error = make_directory_block(volume, parent, ino, &inode);
	else if (S_ISLNK(seed->mode))
		error = make_link_target(volume, ino, &inode, seed);
	else if (S_ISCHR(seed->mode) || S_ISBLK(seed->mode))
		encode_rdev(&inode, seed->rdev);
	if (error)
		return error;
	error = write_inode(volume, ino, &inode);
	if (error)
		ext2_inode_abandon(volume, ino);
	*result = ino;
	return error;
}

void ext2_inode_commit(struct ext2_volume *volume, ext2_ino_t ino, bool directory)
{
	ext2fs_inode_alloc_stats2(volume->fs, ino, 1, directory);
	ext2_counts_changed(volume, ext2fs_group_of_ino(volume->fs, ino));
}

/* The inode was never counted, so only its block has to go back. */
void ext2_inode_abandon(struct ext2_volume *volume, ext2_ino_t ino)
{
	struct ext2_inode_large inode;

	ext2_flush_forget_inode(volume, ino);
	if (ext2fs_read_inode_full(volume->fs, ino, EXT2_INODE(&inode), sizeof(inode)))
		return;
	if (ext2fs_inode_has_valid_blocks2(volume->fs, EXT2_INODE(&inode)) && inode.i_block[0])
		ext2fs_block_alloc_stats2(volume->fs, inode.i_block[0], -1);
	memset(&inode, 0, sizeof(inode));
	volume_note_error(&volume->volume, write_inode(volume, ino, &inode));
}
