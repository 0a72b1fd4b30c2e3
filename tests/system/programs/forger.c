/* forger FIFO FILE: asks the Unix server for what is behind nodes, and for locks, with rights that do not
 * show that it may have them.  FIFO and FILE are not this user's.  Prints what came of each. */
#include <masix/client.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <string.h>

#include "dir.h"
#include "mach.h"
#include "mach_port.h"
#include "process.h"

#define ROOT 0
#define PTS 4

static mach_port_t process, root;

static void tell(const char *what, kern_return_t kr)
{
	printf("%s: %s\n", what, kr == KERN_SUCCESS ? "GRANTED" : masix_strerror(kr));
}

static mach_port_t open_path(mach_port_t dir, const char *path, int flags)
{
	mach_port_t object = MACH_PORT_NULL;
	masix_stat_t stat;
	masix_path_t rest;
	mach_msg_type_number_t count = sizeof rest;
	int kind;

	if (dir_open(dir, path, strlen(path), flags, 0, &kind, &object, &stat, rest, &count) !=
		KERN_SUCCESS)
		printf("cannot open %s\n", path);
	return object;
}

static void try_device(const char *what, uint32_t mount, mach_port_t node, int flags)
{
	mach_port_t object;
	int is_tty;

	tell(what, process_open_device(process, mount, node, flags, &object, &is_tty));
}

static void try_fifo(const char *what, uint32_t mount, mach_port_t node)
{
	mach_port_t object;

	tell(what, process_open_fifo(
			   process, 1, mount, node, MASIX_OPEN_READ, MASIX_IO_NONBLOCK, &object));
}

static void try_lock(const char *what, mach_port_t file, int how)
{
	tell(what,
		process_lock_records(process, 1, MASIX_IO_NONBLOCK, ROOT, file, how, 0, INT64_MAX));
}

int main(int argc, char **argv)
{
	const int both = MASIX_OPEN_READ | MASIX_OPEN_WRITE;
	mach_port_t own, pts, fifo, console, terminal, file;

	if (argc != 3 || masix_client_process(&process) != KERN_SUCCESS ||
		process_mount_root(process, ROOT, &root) != KERN_SUCCESS ||
		process_mount_root(process, PTS, &pts) != KERN_SUCCESS ||
		mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &own) !=
			KERN_SUCCESS ||
		mach_port_insert_right(mach_task_self(), own, own, MACH_MSG_TYPE_MAKE_SEND) !=
			KERN_SUCCESS)
		return 1;
	console = open_path(root, "dev/console", MASIX_OPEN_PATH);
	fifo = open_path(root, argv[1], MASIX_OPEN_PATH);
	file = open_path(root, argv[2], MASIX_OPEN_PATH);
	terminal = open_path(pts, "0", MASIX_OPEN_PATH);

	try_device("a port of its own", ROOT, own, both);
	try_device("no port", ROOT, MACH_PORT_NULL, both);
	try_device("its process", ROOT, process, both);
	try_device("a directory", ROOT, root, both);
	try_device("the console's node, not opened", ROOT, console, MASIX_OPEN_READ);
	try_device("another mount's number", PTS, console, MASIX_OPEN_READ);
	try_device("another user's terminal", PTS, terminal, MASIX_OPEN_READ);
	try_fifo("a port of its own", ROOT, own);
	try_fifo("the fifo's node, not opened", ROOT, fifo);
	try_fifo("a device's node", ROOT, open_path(root, "dev/null", MASIX_OPEN_READ));
	try_lock("a port of its own", own, MASIX_LOCK_SHARED);
	try_lock("a file, not opened", file, MASIX_LOCK_SHARED);
	try_lock("a file, opened to read", open_path(root, "etc/passwd", MASIX_OPEN_READ),
		MASIX_LOCK_EXCLUSIVE);
	try_lock("a file, opened to read, shared", open_path(root, "etc/passwd", MASIX_OPEN_READ),
		MASIX_LOCK_SHARED);
	return 0;
}
