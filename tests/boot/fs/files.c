/* Contents: write, read, append, truncate, holes, deleted but open. */
#include "client.h"

#include <masix/mach.h>
#include <string.h>

#include "io.h"

#define BIG (300u * 1024 + 17)

static char buffer[BIG], pattern[BIG];

static void fill(char *data, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (char)(i * 7 + i / 4096 + seed);
}

static void test_small(mach_port_t dir)
{
	mach_port_t file;
	masix_stat_t stat;
	size_t got;
	masix_inline_t data;
	mach_msg_type_number_t count = sizeof(data);

	WANT(0, open_path(dir, "small", MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE,
			0640, &file));
	WANT(0, write_at(file, 0, "hello, world\n", 13, NULL));
	WANT(0, read_at(file, 0, buffer, 100, &got));
	CHECK(got == 13 && memcmp(buffer, "hello, world\n", 13) == 0);
	WANT(0, io_read(file, 0, 0, 7, 100, data, &count));
	CHECK(count == 6 && memcmp(data, "world\n", 6) == 0);
	count = sizeof(data);
	WANT(0, io_read(file, 0, 0, 13, 100, data, &count));
	CHECK(count == 0);
	WANT(0, write_at(file, MASIX_STREAM, "more", 4, NULL));
	WANT(0, io_stat(file, &stat));
	CHECK(stat.size == 17 && (stat.mode & 07777) == 0640 && stat.nlink == 1);
	WANT(0, io_sync(file));
	drop(file);
	WANT(0, open_path(dir, "small", MASIX_OPEN_READ, 0, &file));
	WANT(MASIX_E_ACCESS, write_at(file, 0, "x", 1, NULL));
	WANT(0, read_at(file, 0, buffer, 100, &got));
	CHECK(got == 17 && memcmp(buffer, "hello, world\nmore", 17) == 0);
	drop(file);
	WANT(MASIX_E_EXISTS,
		open_path(dir, "small", MASIX_OPEN_WRITE | MASIX_OPEN_CREATE | MASIX_OPEN_EXCLUSIVE,
			0600, &file));
	WANT(0, remove_path(dir, "small", 0));
	WANT(MASIX_E_NOT_FOUND, open_path(dir, "small", MASIX_OPEN_READ, 0, &file));
}

static void test_big(mach_port_t dir)
{
	mach_port_t file;
	size_t got;

	fill(pattern, BIG, 1);
	WANT(0, open_path(dir, "big", MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE, 0600,
			&file));
	WANT(0, write_at(file, 0, pattern, BIG, NULL));
	WANT(0, read_at(file, 0, buffer, BIG, &got));
	CHECK(got == BIG && memcmp(buffer, pattern, BIG) == 0);
	WANT(0, io_sync(file));
	WANT(0, read_at(file, 4095, buffer, 70000, &got));
	CHECK(got == 70000 && memcmp(buffer, pattern + 4095, 70000) == 0);
	drop(file);
	WANT(0, open_path(dir, "big", MASIX_OPEN_READ, 0, &file));
	WANT(0, read_at(file, 1, buffer, BIG, &got));
	CHECK(got == BIG - 1 && memcmp(buffer, pattern + 1, BIG - 1) == 0);
	drop(file);
	WANT(0, remove_path(dir, "big", 0));
}

static bool is_zero(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i])
			return false;
	return true;
}

static void test_sizes(mach_port_t dir)
{
	mach_port_t file;
	masix_stat_t stat;
	size_t got;

	fill(pattern, BIG, 2);
	WANT(0, put_file(dir, "sizes", pattern, 20000));
	WANT(0, open_path(dir, "sizes", MASIX_OPEN_READ | MASIX_OPEN_WRITE, 0, &file));
	WANT(0, io_set_size(file, 5000));
	WANT(0, read_at(file, 0, buffer, 20000, &got));
	CHECK(got == 5000 && memcmp(buffer, pattern, 5000) == 0);
	/* What was cut off does not come back. */
	WANT(0, io_set_size(file, 30000));
	WANT(0, read_at(file, 0, buffer, 40000, &got));
	CHECK(got == 30000 && memcmp(buffer, pattern, 5000) == 0);
	CHECK(is_zero(buffer + 5000, 25000));
	/* A hole before a write far out. */
	WANT(0, write_at(file, 1000000, "end", 3, NULL));
	WANT(0, read_at(file, 900000, buffer, 200000, &got));
	CHECK(got == 100003 && is_zero(buffer, 100000) && memcmp(buffer + 100000, "end", 3) == 0);
	WANT(0, io_stat(file, &stat));
	CHECK(stat.size == 1000003 && stat.blocks < 1000);
	WANT(0, io_sync(file));
	drop(file);
	WANT(0, open_path(dir, "sizes", MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_TRUNCATE, 0,
			&file));
	WANT(0, io_stat(file, &stat));
	CHECK(stat.size == 0);
	WANT(0, read_at(file, 0, buffer, 100, &got));
	CHECK(got == 0);
	drop(file);
	WANT(0, remove_path(dir, "sizes", 0));
}

static void test_deleted(mach_port_t dir)
{
	mach_port_t file;
	masix_stat_t stat;
	size_t got;

	WANT(0, open_path(dir, "deleted", MASIX_OPEN_READ | MASIX_OPEN_WRITE | MASIX_OPEN_CREATE,
			0600, &file));
	WANT(0, write_at(file, 0, "still here", 10, NULL));
	WANT(0, remove_path(dir, "deleted", 0));
	WANT(MASIX_E_NOT_FOUND, stat_path(dir, "deleted", 0, &stat));
	WANT(0, write_at(file, 10, "!", 1, NULL));
	WANT(0, read_at(file, 0, buffer, 100, &got));
	CHECK(got == 11 && memcmp(buffer, "still here!", 11) == 0);
	WANT(0, io_stat(file, &stat));
	CHECK(stat.nlink == 0);
	drop(file);
}

static void test_hostile(mach_port_t dir)
{
	mach_port_t file;
	masix_stat_t stat;
	size_t got;

	WANT(0, put_file(dir, "hostile", "x", 1));
	WANT(0, open_path(dir, "hostile", MASIX_OPEN_READ | MASIX_OPEN_WRITE, 0, &file));
	WANT(MASIX_E_INVALID, read_at(file, -5, buffer, 10, &got));
	WANT(MASIX_E_INVALID, io_set_size(file, -1));
	WANT(MASIX_E_TOO_BIG, io_set_size(file, 1ll << 40));
	WANT(MASIX_E_TOO_BIG, write_at(file, 1ll << 40, "x", 1, NULL));
	WANT(MASIX_E_NOT_DIRECTORY, stat_path(file, "x", 0, &stat));
	WANT(MASIX_E_NOT_FOUND, io_cancel(file, 1));
	drop(file);
	WANT(0, remove_path(dir, "hostile", 0));
}

void test_files(mach_port_t dir)
{
	test_small(dir);
	test_big(dir);
	test_sizes(dir);
	test_deleted(dir);
	test_hostile(dir);
}
