/* Attributes in Linux's layouts. */
#include <asm/errno.h>
#include <stddef.h>
#include <string.h>

#include "stat_convert.h"

#define STATX_BASIC_STATS 0x7ffu
#define STATX_MNT_ID 0x1000u
#define ST_VALID 0x20u /* statfs: the flags mean something */

_Static_assert(sizeof(struct stat32) == 64, "struct stat");
_Static_assert(sizeof(struct stat64_i386) == 96, "struct stat64");
_Static_assert(offsetof(struct stat64_i386, size) == 44, "st_size");
_Static_assert(offsetof(struct stat64_i386, ino) == 88, "st_ino");
_Static_assert(sizeof(struct statx_result) == 256, "struct statx");
_Static_assert(offsetof(struct statx_result, rdev_major) == 128, "stx_rdev_major");
_Static_assert(sizeof(struct statfs32) == 64, "struct statfs");
_Static_assert(sizeof(struct statfs64_i386) == 84, "struct statfs64");

/* Ids beyond 16 bits show as 65534. */
static uint16_t id16(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (uint16_t)id;
}

static uint32_t major(uint32_t dev)
{
	return (dev >> 8) & 0xfff;
}

static uint32_t minor(uint32_t dev)
{
	return (dev & 0xff) | ((dev >> 12) & 0xfff00);
}

int stat_to_32(const struct masix_stat *from, struct stat32 *to)
{
	if (from->size > INT32_MAX || from->ino > UINT32_MAX || from->nlink > UINT16_MAX ||
		from->blocks > UINT32_MAX)
		return -EOVERFLOW;
	*to = (struct stat32){
		.dev = from->dev,
		.ino = (uint32_t)from->ino,
		.mode = (uint16_t)from->mode,
		.nlink = (uint16_t)from->nlink,
		.uid = id16(from->uid),
		.gid = id16(from->gid),
		.rdev = from->rdev,
		.size = (uint32_t)from->size,
		.block_size = from->block_size,
		.blocks = (uint32_t)from->blocks,
		.atime = (uint32_t)from->atime,
		.atime_nsec = from->atime_nsec,
		.mtime = (uint32_t)from->mtime,
		.mtime_nsec = from->mtime_nsec,
		.ctime = (uint32_t)from->ctime,
		.ctime_nsec = from->ctime_nsec,
	};
	return 0;
}

void stat_to_64(const struct masix_stat *from, struct stat64_i386 *to)
{
	*to = (struct stat64_i386){
		.dev = from->dev,
		.ino32 = (uint32_t)from->ino,
		.mode = from->mode,
		.nlink = from->nlink,
		.uid = from->uid,
		.gid = from->gid,
		.rdev = from->rdev,
		.size = from->size,
		.block_size = from->block_size,
		.blocks = from->blocks,
		.atime = (uint32_t)from->atime,
		.atime_nsec = from->atime_nsec,
		.mtime = (uint32_t)from->mtime,
		.mtime_nsec = from->mtime_nsec,
		.ctime = (uint32_t)from->ctime,
		.ctime_nsec = from->ctime_nsec,
		.ino = from->ino,
	};
}

void stat_to_statx(const struct masix_stat *from, uint32_t mount, struct statx_result *to)
{
	*to = (struct statx_result){
		.mask = STATX_BASIC_STATS | STATX_MNT_ID,
		.block_size = from->block_size,
		.nlink = from->nlink,
		.uid = from->uid,
		.gid = from->gid,
		.mode = (uint16_t)from->mode,
		.ino = from->ino,
		.size = from->size,
		.blocks = from->blocks,
		.atime = { .seconds = from->atime, .nanoseconds = from->atime_nsec },
		.ctime = { .seconds = from->ctime, .nanoseconds = from->ctime_nsec },
		.mtime = { .seconds = from->mtime, .nanoseconds = from->mtime_nsec },
		.rdev_major = major(from->rdev),
		.rdev_minor = minor(from->rdev),
		.dev_major = major(from->dev),
		.dev_minor = minor(from->dev),
		.mount_id = mount,
	};
}

int statfs_to_32(const struct masix_statfs *from, uint32_t mount, struct statfs32 *to)
{
	if (from->blocks > UINT32_MAX || from->blocks_free > UINT32_MAX ||
		from->blocks_available > UINT32_MAX || from->files > UINT32_MAX ||
		from->files_free > UINT32_MAX)
		return -EOVERFLOW;
	*to = (struct statfs32){
		.type = from->type,
		.block_size = from->block_size,
		.blocks = (uint32_t)from->blocks,
		.blocks_free = (uint32_t)from->blocks_free,
		.blocks_available = (uint32_t)from->blocks_available,
		.files = (uint32_t)from->files,
		.files_free = (uint32_t)from->files_free,
		.id = { mount },
		.name_max = from->name_max,
		.fragment_size = from->block_size,
		.flags = from->flags | ST_VALID,
	};
	return 0;
}

void statfs_to_64(const struct masix_statfs *from, uint32_t mount, struct statfs64_i386 *to)
{
	*to = (struct statfs64_i386){
		.type = from->type,
		.block_size = from->block_size,
		.blocks = from->blocks,
		.blocks_free = from->blocks_free,
		.blocks_available = from->blocks_available,
		.files = from->files,
		.files_free = from->files_free,
		.id = { mount },
		.name_max = from->name_max,
		.fragment_size = from->block_size,
		.flags = from->flags | ST_VALID,
	};
}
