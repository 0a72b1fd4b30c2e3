/* Image files as disks, and e2fsck to judge them. */
#ifndef FS_TEST_IMAGE_H
#define FS_TEST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "disk.h"

/* A write, as it would reach a real disk. */
struct image_write {
	uint64_t offset;
	uint32_t length;
	void *data;
};

struct image {
	struct disk disk;
	unsigned char *bytes;
	bool record; /* keep all writes in `log` */
	struct image_write *log;
	unsigned log_count;
	bool fail_reads; /* as if the disk had gone bad */
};

/* A fresh file system made by mke2fs with these options; ends the test program if that fails. */
struct image *image_make(unsigned kib, const char *options);
void image_free(struct image *image);

/* The exit status of `e2fsck OPTIONS` on the bytes, which it may repair. */
int image_check(unsigned char *bytes, uint64_t size, const char *options, bool show);

#endif
