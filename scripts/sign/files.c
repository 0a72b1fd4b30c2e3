/* Whole files. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define FILE_SIZE_MAX (64u << 20)

void die(const char *format, ...)
{
	va_list arguments;

	fputs("masix-sign: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

struct file file_read(const char *path)
{
	struct file file = { NULL, 0 };
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat) != 0)
		die("%s: %s", path, strerror(errno));
	if (!S_ISREG(stat.st_mode) || stat.st_size > FILE_SIZE_MAX)
		die("%s: not a file of a reasonable size", path);
	file.bytes = malloc(stat.st_size + 1);
	if (file.bytes == NULL)
		die("%s: out of memory", path);
	while (file.size < (size_t)stat.st_size) {
		ssize_t got = read(fd, file.bytes + file.size, stat.st_size - file.size);

		if (got < 0 && errno != EINTR)
			die("%s: %s", path, strerror(errno));
		if (got == 0)
			die("%s: became shorter while it was read", path);
		if (got > 0)
			file.size += got;
	}
	file.bytes[file.size] = '\0';
	close(fd);
	return file;
}

void file_write(const char *path, const void *bytes, size_t size, unsigned mode)
{
	char temporary[4096];
	size_t done = 0;
	int fd;

	if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
		die("%s: path is too long", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || fchmod(fd, mode) != 0)
		die("%s: %s", temporary, strerror(errno));
	while (done < size) {
		ssize_t put = write(fd, (const char *)bytes + done, size - done);

		if (put < 0 && errno != EINTR)
			die("%s: %s", temporary, strerror(errno));
		if (put > 0)
			done += put;
	}
	if (close(fd) != 0 || rename(temporary, path) != 0)
		die("%s: %s", path, strerror(errno));
}
