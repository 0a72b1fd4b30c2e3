/* Files that are opened again: the server gives out the handle of the one who has closed it. */
#include "client.h"

#include <masix/error.h>
#include <masix/mach.h>

#include "dir.h"
#include "io.h"

static void test_apart(mach_port_t dir)
{
	mach_port_t one, two;

	WANT(0, open_path(dir, "again", MASIX_OPEN_READ, 0, &one));
	WANT(0, open_path(dir, "again", MASIX_OPEN_READ, 0, &two));
	CHECK(one != two);
	drop(one);
	WANT(0, open_path(dir, "again", MASIX_OPEN_READ, 0, &one));
	CHECK(one != two);
	drop(two);
	drop(one);
}

/* What the last one did with it is over. */
static void test_nothing_stays(mach_port_t dir)
{
	mach_port_t file;

	WANT(0, open_path(dir, "again", MASIX_OPEN_READ, 0, &file));
	WANT(0, io_lock(file, 1, 0, MASIX_LOCK_EXCLUSIVE));
	drop(file);
	WANT(0, open_path(dir, "again", MASIX_OPEN_READ | MASIX_OPEN_WRITE, 0, &file));
	/* Waits until the lock is free. */
	WANT(0, io_lock(file, 1, 0, MASIX_LOCK_EXCLUSIVE));
	WANT(0, write_at(file, 0, "y", 1, NULL));
	drop(file);
	WANT(0, open_path(dir, "again", MASIX_OPEN_READ, 0, &file));
	WANT(MASIX_E_ACCESS, write_at(file, 0, "z", 1, NULL));
	WANT(0, io_lock(file, 1, 0, MASIX_LOCK_SHARED));
	drop(file);
}

/* The file of a handle that nobody has, and that of one that somebody has. */
static void test_removed(mach_port_t dir)
{
	masix_statfs_t before, after;
	masix_stat_t stat;
	mach_port_t file, other;

	WANT(0, remove_path(dir, "again", 0));
	WANT(0, dir_statfs(dir, &before));
	WANT(0, open_path(dir, "again", MASIX_OPEN_WRITE | MASIX_OPEN_CREATE, 0600, &file));
	drop(file);
	for (int flags = MASIX_OPEN_READ; flags <= (MASIX_OPEN_READ | MASIX_OPEN_WRITE); flags++) {
		WANT(0, open_path(dir, "again", flags, 0, &file));
		drop(file);
	}
	WANT(0, remove_path(dir, "again", 0));
	WANT(0, dir_statfs(dir, &after));
	/* The one removed before may have been in use by the kernel until now. */
	CHECK(after.files_free >= before.files_free);

	WANT(0, put_file(dir, "again", "x", 1));
	WANT(0, open_path(dir, "again", MASIX_OPEN_READ, 0, &file));
	WANT(0, put_file(dir, "other", "x", 1));
	WANT(0, move(dir, "other", "again", 0));
	WANT(0, io_stat(file, &stat));
	CHECK(stat.nlink == 0);
	WANT(0, open_path(dir, "again", MASIX_OPEN_READ, 0, &other));
	WANT(0, io_stat(other, &stat));
	CHECK(other != file && stat.nlink == 1);
	drop(file);
	drop(other);
	WANT(0, remove_path(dir, "again", 0));
}

/* More files than handles are kept. */
static void test_many(mach_port_t dir)
{
	char name[] = "many/xxx";
	mach_port_t file;

	WANT(0, make_directory(dir, "many", 0700));
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 300; i++) {
			name[5] = (char)('0' + i / 100);
			name[6] = (char)('0' + i / 10 % 10);
			name[7] = (char)('0' + i % 10);
			WANT(0, open_path(dir, name, MASIX_OPEN_READ | MASIX_OPEN_CREATE, 0600,
					&file));
			drop(file);
			if (round == 1)
				WANT(0, remove_path(dir, name, 0));
		}
	WANT(0, remove_path(dir, "many", MASIX_UNLINK_DIRECTORY));
}

void test_again(mach_port_t dir)
{
	WANT(0, put_file(dir, "again", "x", 1));
	test_apart(dir);
	test_nothing_stays(dir);
	test_removed(dir);
	test_many(dir);
}
