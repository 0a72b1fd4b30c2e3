/* struct masix_stat and masix_statfs as the structures of the i386 Linux interface.  Pure. */
#ifndef EMUL_STAT_CONVERT_H
#define EMUL_STAT_CONVERT_H

#include <stdint.h>

#include <masix/types.h>

/* Sizes and offsets are those of i386 whatever the compiler's alignment. */
struct stat32 { /* newstat(2): struct stat */
	uint32_t dev, ino;
	uint16_t mode, nlink, uid, gid;
	uint32_t rdev, size, block_size, blocks;
	uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	uint32_t unused[2];
};

struct stat64_i386 { /* stat64(2): struct stat64 */
	uint64_t dev;
	uint32_t pad0;
	uint32_t ino32;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad3;
	uint64_t size;
	uint32_t block_size;
	uint64_t blocks;
	uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	uint64_t ino;
} __attribute__((packed));

struct statx_time {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t reserved;
};

struct statx_result { /* statx(2): struct statx */
	uint32_t mask, block_size;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare0;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mount_id;
	uint32_t dio_memory_align, dio_offset_align;
	uint64_t spare[12];
};

struct statfs32 {
	uint32_t type, block_size, blocks, blocks_free, blocks_available, files, files_free;
	uint32_t id[2];
	uint32_t name_max, fragment_size, flags, spare[4];
};

struct statfs64_i386 {
	uint32_t type, block_size;
	uint64_t blocks, blocks_free, blocks_available, files, files_free;
	uint32_t id[2];
	uint32_t name_max, fragment_size, flags, spare[4];
} __attribute__((packed));

/* 0, or -EOVERFLOW where a field does not fit. */
int stat_to_32(const struct masix_stat *from, struct stat32 *to);
void stat_to_64(const struct masix_stat *from, struct stat64_i386 *to);
void stat_to_statx(const struct masix_stat *from, uint32_t mount, struct statx_result *to);
int statfs_to_32(const struct masix_statfs *from, uint32_t mount, struct statfs32 *to);
void statfs_to_64(const struct masix_statfs *from, uint32_t mount, struct statfs64_i386 *to);

#endif
