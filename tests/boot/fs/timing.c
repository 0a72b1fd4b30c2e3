/* How long the usual calls take: printed, not judged. */
#include "client.h"

#include <masix/mach.h>
#include <string.h>

#include "io.h"
#include "mach.h"

#define ROUNDS 500

static char data[64u << 10];

static void tell(const char *name, const char *what, uint64_t start, unsigned rounds)
{
	masix_log("%s: %s %u us", name, what,
		(unsigned)((masix_monotonic_ns() - start) / rounds / 1000));
}

/* A file that grows, 64 KiB at a time, and its way to the disk. */
static void time_growth(const char *name, mach_port_t dir)
{
	mach_port_t file;
	uint64_t start;
	size_t got;

	WANT(0, open_path(dir, "grown", MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE,
			0600, &file));
	start = masix_monotonic_ns();
	for (int i = 0; i < 16; i++)
		WANT(0, write_at(file, MASIX_STREAM, data, sizeof(data), NULL));
	tell(name, "write 65536 at the end", start, 16);
	start = masix_monotonic_ns();
	WANT(0, io_sync(file));
	tell(name, "sync of 1 MiB", start, 1);
	WANT(0, io_set_size(file, 0));
	start = masix_monotonic_ns();
	for (int i = 0; i < 256; i++)
		WANT(0, write_at(file, MASIX_STREAM, data, 4096, NULL));
	tell(name, "write 4096 at the end", start, 256);
	drop(file);
	WANT(0, remove_path(dir, "grown", 0));
	WANT(0, put_file(dir, "cold", data, sizeof(data)));
	start = masix_monotonic_ns();
	WANT(0, open_path(dir, "cold", MASIX_OPEN_READ, 0, &file));
	WANT(0, read_at(file, 0, data, sizeof(data), &got));
	tell(name, "open and read 65536, not yet mapped", start, 1);
	drop(file);
	WANT(0, remove_path(dir, "cold", 0));
}

void test_timing(const char *name, mach_port_t dir)
{
	masix_inline_t in;
	mach_msg_type_number_t count;
	masix_stat_t stat;
	mach_port_t file, object;
	uint64_t start;
	int64_t size;
	size_t got;

	WANT(0, put_file(dir, "timed", data, sizeof(data)));
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++)
		WANT(0, stat_path(dir, "timed", 0, &stat));
	tell(name, "stat", start, ROUNDS);
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++) {
		WANT(0, open_path(dir, "timed", MASIX_OPEN_READ, 0, &file));
		drop(file);
	}
	tell(name, "open+close", start, ROUNDS);
	WANT(0, open_path(dir, "timed", MASIX_OPEN_READ | MASIX_OPEN_WRITE, 0, &file));
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++) {
		count = sizeof(in);
		WANT(0, io_read(file, 0, 0, 0, 1, in, &count));
	}
	tell(name, "read 1", start, ROUNDS);
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++) {
		count = sizeof(in);
		WANT(0, io_read(file, 0, 0, 0, 4096, in, &count));
	}
	tell(name, "read 4096", start, ROUNDS);
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++)
		WANT(0, read_at(file, 0, data, sizeof(data), &got));
	tell(name, "read 65536", start, ROUNDS);
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++)
		WANT(0, write_at(file, 0, data, 4096, NULL));
	tell(name, "write 4096", start, ROUNDS);
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++)
		WANT(0, write_at(file, 0, data, sizeof(data), NULL));
	tell(name, "write 65536", start, ROUNDS);
	drop(file);
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++) {
		WANT(0, open_path(dir, "made", MASIX_OPEN_WRITE | MASIX_OPEN_CREATE, 0600, &file));
		drop(file);
		WANT(0, remove_path(dir, "made", 0));
	}
	tell(name, "creat+unlink", start, ROUNDS);
	start = masix_monotonic_ns();
	for (int i = 0; i < 100; i++) {
		WANT(0, put_file(dir, "made", data, 4096));
		WANT(0, remove_path(dir, "made", 0));
	}
	tell(name, "creat+write 4096+unlink", start, 100);
	WANT(0, open_path(dir, "timed", MASIX_OPEN_READ, 0, &file));
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++) {
		WANT(0, io_map(file, &object, &size));
		drop(object);
	}
	tell(name, "io_map read-only (proxy)", start, ROUNDS);
	drop(file);
	WANT(0, open_path(dir, "timed", MASIX_OPEN_READ | MASIX_OPEN_WRITE, 0, &file));
	start = masix_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++) {
		WANT(0, io_map(file, &object, &size));
		drop(object);
	}
	tell(name, "io_map", start, ROUNDS);
	drop(file);
	WANT(0, remove_path(dir, "timed", 0));
	time_growth(name, dir);
}
