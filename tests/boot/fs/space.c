/* A full disk. */
#include "client.h"

#include <masix/mach.h>
#include <string.h>

#include "dir.h"
#include "io.h"

#define CHUNK (1u << 20)

void test_space(mach_port_t dir)
{
	static char data[CHUNK];
	masix_statfs_t info;
	mach_port_t file;
	size_t written;
	uint64_t total = 0;
	char byte;
	size_t got;
	int error;

	memset(data, 'f', sizeof(data));
	WANT(0, open_path(dir, "full", MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE, 0600,
			&file));
	for (;;) {
		error = write_at(file, (int64_t)total, data, sizeof(data), &written);
		if (error)
			break;
		total += written;
	}
	WANT(MASIX_E_NO_SPACE, error);
	WANT(0, dir_statfs(dir, &info));
	masix_log("full after %u MiB, %u blocks left", (unsigned)(total >> 20),
		(unsigned)info.blocks_free);
	WANT(0, io_sync(file));
	WANT(0, read_at(file, (int64_t)total - 1, &byte, 1, &got));
	CHECK(got == 1 && byte == 'f');
	WANT(0, io_set_size(file, 100));
	WANT(0, write_at(file, 100, data, sizeof(data), NULL));
	drop(file);
	WANT(0, remove_path(dir, "full", 0));
}
