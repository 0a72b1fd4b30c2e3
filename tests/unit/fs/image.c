#include "image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <masix/error.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int image_read(struct disk *disk, uint64_t offset, uint32_t length, void **data)
{
	struct image *image = (struct image *)disk;

	if (image->fail_reads || offset + length > disk->size || offset % DISK_SECTOR ||
		length % DISK_SECTOR)
		return MASIX_E_IO;
	*data = malloc(length);
	memcpy(*data, image->bytes + offset, length);
	return 0;
}

static int image_write(struct disk *disk, uint64_t offset, uint32_t length, const void *data)
{
	struct image *image = (struct image *)disk;

	if (offset + length > disk->size || offset % DISK_SECTOR || length % DISK_SECTOR)
		return MASIX_E_IO;
	memcpy(image->bytes + offset, data, length);
	if (image->record) {
		struct image_write *write;

		image->log = realloc(image->log, (image->log_count + 1) * sizeof(*write));
		write = &image->log[image->log_count++];
		write->offset = offset;
		write->length = length;
		write->data = malloc(length);
		memcpy(write->data, data, length);
	}
	return 0;
}

static void *image_allocate(struct disk *disk, uint32_t length)
{
	(void)disk;
	return calloc(1, length);
}

static void image_release(struct disk *disk, void *data, uint32_t length)
{
	(void)disk;
	(void)length;
	free(data);
}

static void make_path(char *path, size_t size)
{
	int file;

	snprintf(path, size, "/tmp/masix-fs-XXXXXX");
	file = mkstemp(path);
	if (file < 0)
		die("mkstemp");
	close(file);
}

struct image *image_make(unsigned kib, const char *options)
{
	struct image *image = calloc(1, sizeof(*image));
	char path[64], command[512];
	FILE *file;

	make_path(path, sizeof(path));
	snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F %s %s %uk",
		options, path, kib);
	if (truncate(path, 0) || system(command))
		die(command);
	image->disk.size = (uint64_t)kib * 1024;
	image->disk.read = image_read;
	image->disk.write = image_write;
	image->disk.allocate = image_allocate;
	image->disk.release = image_release;
	image->bytes = calloc(1, image->disk.size);
	file = fopen(path, "rb");
	if (!file || fread(image->bytes, 1, image->disk.size, file) == 0)
		die(path);
	fclose(file);
	unlink(path);
	return image;
}

void image_free(struct image *image)
{
	for (unsigned i = 0; i < image->log_count; i++)
		free(image->log[i].data);
	free(image->log);
	free(image->bytes);
	free(image);
}

int image_check(unsigned char *bytes, uint64_t size, const char *options, bool show)
{
	char path[64], command[512];
	FILE *file;
	int status;

	make_path(path, sizeof(path));
	file = fopen(path, "r+b");
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
		die(path);
	snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin e2fsck %s %s %s", options,
		path, show ? ">&2" : ">/dev/null 2>&1");
	status = system(command);
	file = fopen(path, "rb");
	if (!file || fread(bytes, 1, size, file) != size || fclose(file))
		die(path);
	unlink(path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
