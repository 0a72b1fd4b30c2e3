/* Names: directories, links, rename, permissions, what crosses mounts. */
#include "client.h"

#include <masix/mach.h>
#include <string.h>

#include "dir.h"
#include "file_system.h"
#include "io.h"
#include "mach_port.h"

static unsigned count_entries(mach_port_t dir, const char *path, const char *wanted, bool *found)
{
	mach_port_t list;
	int64_t cookie = 0;
	unsigned count = 0;

	*found = false;
	WANT(0, open_path(dir, path, MASIX_OPEN_READ, 0, &list));
	for (;;) {
		masix_inline_t data;
		mach_msg_type_number_t size = sizeof(data), at = 0;
		int64_t next;

		WANT(0, dir_entries(list, cookie, 512, data, &size, &next));
		if (size == 0)
			break;
		while (at < size) {
			struct masix_dirent *entry = (struct masix_dirent *)(data + at);

			if (entry->name_length == strlen(wanted) &&
				memcmp(entry->name, wanted, entry->name_length) == 0)
				*found = true;
			count++;
			at += entry->length;
		}
		cookie = next;
	}
	drop(list);
	return count;
}

static void test_directories(mach_port_t dir)
{
	masix_stat_t stat;
	masix_path_t path;
	mach_msg_type_number_t length = sizeof(path);
	mach_port_t deep;
	char name[32];
	bool found;

	WANT(0, make_directory(dir, "d", 0755));
	WANT(MASIX_E_EXISTS, make_directory(dir, "d", 0755));
	WANT(0, make_directory(dir, "d/e/", 0700));
	WANT(MASIX_E_NOT_FOUND, make_directory(dir, "x/e", 0700));
	WANT(0, stat_path(dir, "d", 0, &stat));
	CHECK(stat.nlink == 3);
	WANT(0, open_path(dir, "d//e/.", MASIX_OPEN_READ, 0, &deep));
	WANT(0, dir_path(deep, path, &length));
	CHECK(length == 14 && memcmp(path, "/boot-test/d/e", 14) == 0);
	WANT(0, stat_path(deep, "..", 0, &stat));
	CHECK(stat.nlink == 3);
	for (int i = 0; i < 300; i++) {
		strcpy(name, "file-number-000");
		name[12] += i / 100;
		name[13] += i / 10 % 10;
		name[14] += i % 10;
		WANT(0, put_file(deep, name, name, 15));
	}
	CHECK(count_entries(dir, "d/e", "file-number-123", &found) == 302 && found);
	WANT(MASIX_E_NOT_EMPTY, remove_path(dir, "d/e", MASIX_UNLINK_DIRECTORY));
	WANT(MASIX_E_IS_DIRECTORY, remove_path(dir, "d/e", 0));
	for (int i = 0; i < 300; i++) {
		strcpy(name, "file-number-000");
		name[12] += i / 100;
		name[13] += i / 10 % 10;
		name[14] += i % 10;
		WANT(0, remove_path(deep, name, 0));
	}
	WANT(MASIX_E_NOT_DIRECTORY, stat_path(dir, "d/e/x/y", 0, &stat) == MASIX_E_NOT_FOUND
					    ? MASIX_E_NOT_DIRECTORY
					    : 0);
	WANT(0, remove_path(dir, "d/e", MASIX_UNLINK_DIRECTORY));
	WANT(MASIX_E_NOT_FOUND, make_directory(deep, "late", 0777));
	drop(deep);
	WANT(0, remove_path(dir, "d", MASIX_UNLINK_DIRECTORY));
}

static void test_links(mach_port_t dir)
{
	static char long_target[200];
	masix_stat_t stat;
	masix_path_t target;
	mach_msg_type_number_t length = sizeof(target);
	struct opened opened;
	mach_port_t file;

	WANT(0, put_file(dir, "a", "aaa", 3));
	WANT(0, open_path(dir, "a", MASIX_OPEN_READ, 0, &file));
	WANT(0, dir_link(dir, "b", 1, file));
	drop(file);
	WANT(0, stat_path(dir, "b", 0, &stat));
	CHECK(stat.nlink == 2 && stat.size == 3);
	WANT(0, make_link(dir, "s", "a"));
	WANT(0, stat_path(dir, "s", 0, &stat));
	CHECK(stat.size == 3);
	WANT(0, stat_path(dir, "s", MASIX_OPEN_NOFOLLOW, &stat));
	CHECK((stat.mode & 0170000) == 0120000 && stat.size == 1);
	WANT(MASIX_E_LOOP, open_path(dir, "s", MASIX_OPEN_READ | MASIX_OPEN_NOFOLLOW, 0, &file));
	memset(long_target, 'q', sizeof(long_target) - 1);
	WANT(0, make_link(dir, "long", long_target));
	WANT(0, dir_readlink(dir, "long", 4, target, &length));
	CHECK(length == 199 && memcmp(target, long_target, 199) == 0);
	WANT(0, make_link(dir, "loop", "loop"));
	WANT(MASIX_E_LOOP, stat_path(dir, "loop", 0, &stat));
	WANT(0, make_link(dir, "absolute", "/boot-test/a"));
	WANT(0, open_full(dir, "absolute", MASIX_OPEN_READ, 0, &opened));
	CHECK(opened.kind == MASIX_KIND_FILE);
	drop(opened.object);
	for (const char *const *name =
			(const char *const[]){ "a", "b", "s", "long", "loop", "absolute", NULL };
		*name; name++)
		WANT(0, remove_path(dir, *name, 0));
}

static void test_rename(mach_port_t dir)
{
	masix_stat_t stat;

	WANT(0, put_file(dir, "one", "1", 1));
	WANT(0, put_file(dir, "two", "22", 2));
	WANT(MASIX_E_EXISTS, move(dir, "one", "two", MASIX_RENAME_NOREPLACE));
	WANT(0, move(dir, "one", "two", 0));
	WANT(MASIX_E_NOT_FOUND, stat_path(dir, "one", 0, &stat));
	WANT(0, stat_path(dir, "two", 0, &stat));
	CHECK(stat.size == 1);
	WANT(0, make_directory(dir, "p", 0777));
	WANT(0, make_directory(dir, "p/q", 0777));
	WANT(MASIX_E_INVALID, move(dir, "p", "p/q/r", 0));
	WANT(MASIX_E_NOT_DIRECTORY, move(dir, "p", "two", 0));
	WANT(MASIX_E_IS_DIRECTORY, move(dir, "two", "p", 0));
	WANT(0, move(dir, "two", "p/q/three", 0));
	WANT(0, move(dir, "p/q", "moved", 0));
	WANT(0, stat_path(dir, "moved/three", 0, &stat));
	WANT(0, stat_path(dir, "p", 0, &stat));
	CHECK(stat.nlink == 2);
	WANT(0, remove_path(dir, "moved/three", 0));
	WANT(0, remove_path(dir, "moved", MASIX_UNLINK_DIRECTORY));
	WANT(0, remove_path(dir, "p", MASIX_UNLINK_DIRECTORY));
}

static void test_permissions(const struct roots *roots, mach_port_t dir)
{
	masix_stat_t stat;
	mach_port_t file, own;

	WANT(0, put_file(dir, "secret", "s", 1));
	WANT(0, open_path(dir, "secret", MASIX_OPEN_READ, 0, &file));
	WANT(0, io_set_mode(file, 0600));
	drop(file);
	WANT(MASIX_E_ACCESS, open_path(roots->user, "boot-test/secret", MASIX_OPEN_READ, 0, &file));
	WANT(0, stat_path(roots->user, "boot-test/secret", 0, &stat));
	WANT(0, make_directory(dir, "closed", 0700));
	WANT(MASIX_E_ACCESS, stat_path(roots->user, "boot-test/closed/x", 0, &stat));
	WANT(MASIX_E_ACCESS, make_directory(roots->user, "boot-test/closed/x", 0777));
	WANT(0, make_directory(dir, "sticky", 01777));
	WANT(0, put_file(dir, "sticky/roots", "x", 1));
	WANT(MASIX_E_PERMISSION, remove_path(roots->user, "boot-test/sticky/roots", 0));
	WANT(0, put_file(roots->user, "boot-test/sticky/users", "x", 1));
	WANT(0, open_path(roots->user, "boot-test/sticky/users", MASIX_OPEN_READ, 0, &own));
	WANT(0, io_stat(own, &stat));
	CHECK(stat.uid == 1000 && stat.gid == 1000);
	WANT(MASIX_E_PERMISSION, io_set_owner(own, 0, 0xffffffff));
	WANT(0, io_set_owner(own, 0xffffffff, 50));
	WANT(MASIX_E_PERMISSION,
		dir_make_node(roots->user, "boot-test/sticky/n", 18, 020666, 0x103));
	drop(own);
	WANT(0, remove_path(roots->user, "boot-test/sticky/users", 0));
	WANT(0, remove_path(dir, "sticky/roots", 0));
	WANT(0, remove_path(dir, "sticky", MASIX_UNLINK_DIRECTORY));
	WANT(0, remove_path(dir, "closed", MASIX_UNLINK_DIRECTORY));
	WANT(0, remove_path(dir, "secret", 0));
}

static void test_crossing(const struct roots *roots, mach_port_t dir)
{
	const uint32_t ids[] = { 0, 0 };
	mach_port_t mounted;
	struct opened opened;

	WANT(0, make_directory(dir, "m", 0755));
	WANT(0, make_link(dir, "out", "/some/where"));
	WANT(0, fs_mint(roots->control, ids, 2, "boot-test", 9, MASIX_MINT_MOUNTED, &mounted));
	WANT(0, fs_cover(roots->control, "boot-test/m", 11, 7));
	WANT(0, open_full(mounted, "m/x/y", MASIX_OPEN_READ, 0, &opened));
	CHECK(opened.kind == MASIX_CROSS_MOUNT && opened.object == MACH_PORT_NULL);
	CHECK(opened.stat.rdev == 7 && strcmp(opened.rest, "x/y") == 0);
	WANT(MASIX_E_CROSS, make_directory(mounted, "m/x", 0777));
	WANT(MASIX_E_BUSY, remove_path(mounted, "m", MASIX_UNLINK_DIRECTORY));
	WANT(0, open_full(mounted, "../else", MASIX_OPEN_READ, 0, &opened));
	CHECK(opened.kind == MASIX_CROSS_PARENT && strcmp(opened.rest, "else") == 0);
	WANT(0, open_full(mounted, "out/there", MASIX_OPEN_READ, 0, &opened));
	CHECK(opened.kind == MASIX_CROSS_ROOT && strcmp(opened.rest, "/some/where/there") == 0);
	WANT(0, fs_cover(roots->control, "boot-test/m", 11, 0));
	WANT(0, remove_path(mounted, "m", MASIX_UNLINK_DIRECTORY));
	WANT(0, remove_path(mounted, "out", 0));
	drop(mounted);
}

/* What a personality asks about rights that programs hand in. */
static void test_handed_in(const struct roots *roots, mach_port_t dir)
{
	const uint32_t nobody[] = { 65534, 65534 };
	mach_port_t file, other, adopted, object;
	masix_stat_t stat;
	int rights;

	WANT(0, make_directory(dir, "mine", 0700));
	WANT(0, open_path(dir, "mine/f", MASIX_OPEN_WRITE | MASIX_OPEN_CREATE, 04711, &file));
	WANT(0, fs_identify(roots->control, file, &rights, &stat));
	CHECK(rights == MASIX_OPEN_WRITE && (stat.mode & 07777) == 04711 && stat.uid == 0);
	WANT(0, mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &other));
	WANT(0, mach_port_insert_right(mach_task_self(), other, other, MACH_MSG_TYPE_MAKE_SEND));
	WANT(MASIX_E_NOT_FOUND, fs_identify(roots->control, other, &rights, &stat));
	WANT(MASIX_E_NOT_FOUND, fs_identify(roots->control, MACH_PORT_NULL, &rights, &stat));
	WANT(MASIX_E_NOT_FOUND, fs_identify(roots->control, mach_task_self(), &rights, &stat));
	WANT(MASIX_E_NOT_FOUND, fs_identify(roots->control, roots->control, &rights, &stat));
	WANT(KERN_INVALID_ARGUMENT, fs_identify(file, file, &rights, &stat));
	WANT(MASIX_E_NOT_FOUND, fs_adopt(roots->control, other, nobody, 2, &adopted));
	WANT(MASIX_E_INVALID, fs_adopt(roots->control, file, nobody, 1, &adopted));
	/* The directory is open for somebody else, who may do what he may do there. */
	WANT(0, fs_adopt(roots->control, dir, nobody, 2, &adopted));
	WANT(MASIX_E_ACCESS, open_path(adopted, "mine/f", MASIX_OPEN_READ, 0, &object));
	WANT(0, fs_identify(roots->control, adopted, &rights, &stat));
	drop(adopted);
	drop(file);
	WANT(0, mach_port_mod_refs(mach_task_self(), other, MACH_PORT_RIGHT_RECEIVE, -1));
	drop(other);
	WANT(0, remove_path(dir, "mine/f", 0));
	WANT(0, remove_path(dir, "mine", MASIX_UNLINK_DIRECTORY));
}

static void test_nodes(mach_port_t dir)
{
	struct opened opened;

	WANT(0, dir_make_node(dir, "null", 4, 020666, 0x103));
	WANT(0, open_full(dir, "null", MASIX_OPEN_READ | MASIX_OPEN_WRITE, 0, &opened));
	CHECK(opened.kind == MASIX_KIND_CHAR && opened.stat.rdev == 0x103);
	CHECK(MACH_PORT_VALID(opened.object));
	drop(opened.object);
	WANT(0, dir_make_node(dir, "fifo", 4, 010644, 0));
	WANT(0, open_full(dir, "fifo", MASIX_OPEN_READ, 0, &opened));
	CHECK(opened.kind == MASIX_KIND_FIFO && MACH_PORT_VALID(opened.object));
	drop(opened.object);
	WANT(0, remove_path(dir, "null", 0));
	WANT(0, remove_path(dir, "fifo", 0));
}

static void test_locks(mach_port_t dir)
{
	mach_port_t one, two;

	WANT(0, put_file(dir, "lock", "x", 1));
	WANT(0, open_path(dir, "lock", MASIX_OPEN_READ, 0, &one));
	WANT(0, open_path(dir, "lock", MASIX_OPEN_READ, 0, &two));
	WANT(0, io_lock(one, 1, 0, MASIX_LOCK_EXCLUSIVE));
	WANT(MASIX_E_WOULD_BLOCK, io_lock(two, 1, MASIX_IO_NONBLOCK, MASIX_LOCK_SHARED));
	WANT(0, io_lock(one, 1, 0, MASIX_LOCK_NONE));
	WANT(0, io_lock(two, 1, MASIX_IO_NONBLOCK, MASIX_LOCK_SHARED));
	drop(one);
	drop(two);
	WANT(0, remove_path(dir, "lock", 0));
}

void test_names(const struct roots *roots, mach_port_t dir)
{
	test_directories(dir);
	test_links(dir);
	test_rename(dir);
	test_permissions(roots, dir);
	test_crossing(roots, dir);
	test_handed_in(roots, dir);
	test_nodes(dir);
	test_locks(dir);
}
