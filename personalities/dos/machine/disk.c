/* Files over the directory ports that the caller handed in: nothing else can be reached, and each open is checked by the
 * file server with the credentials of these ports. */
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>

#include "dir.h"
#include "io.h"
#include "mach.h"
#include "mach_port.h"
#include "machine.h"
#include "walk.h"
#include "window.h"

#define FILES WINDOW_SLOTS
#define PERMISSIONS 07777u
#define TYPE_MASK 0170000u
#define TYPE_DIRECTORY 0040000u
#define TYPE_FILE 0100000u
#define WRITE_BITS 0222u

static mach_port_t files[FILES];

static int dos_error(kern_return_t kr)
{
	switch (kr) {
	case KERN_SUCCESS:
		return DOS_OK;
	case MASIX_E_NOT_FOUND:
		return DOS_E_FILE;
	case MASIX_E_NOT_DIRECTORY:
	case MASIX_E_LOOP:
	case MASIX_E_NAME_TOO_LONG:
		return DOS_E_PATH;
	case MASIX_E_ACCESS:
	case MASIX_E_PERMISSION:
	case MASIX_E_IS_DIRECTORY:
	case MASIX_E_NOT_EMPTY:
	case MASIX_E_READ_ONLY:
		return DOS_E_ACCESS;
	case MASIX_E_EXISTS:
		return DOS_E_EXISTS;
	case MASIX_E_OTHER_SYSTEM:
		return DOS_E_DEVICE;
	case MASIX_E_NO_SPACE:
		return DOS_E_FULL;
	case MASIX_E_LIMIT:
		return DOS_E_HANDLES;
	case KERN_RESOURCE_SHORTAGE:
		return DOS_E_MEMORY;
	default:
		return DOS_E_GENERAL;
	}
}

static void drop(mach_port_t port)
{
	(void)mach_port_deallocate(mach_task_self(), port);
}

static void convert(const struct masix_stat *from, struct world_stat *to)
{
	to->is_directory = (from->mode & TYPE_MASK) == TYPE_DIRECTORY;
	to->is_file = (from->mode & TYPE_MASK) == TYPE_FILE;
	to->is_writable = (from->mode & WRITE_BITS) != 0;
	to->size = from->size > 0xffffffffu ? 0xffffffffu : (uint32_t)from->size;
	to->mtime = from->mtime;
	to->inode = from->ino;
	to->device = from->dev;
}

static int disk_open(
	void *context, const char *path, unsigned flags, int *file, struct world_stat *stat)
{
	static const struct {
		unsigned of_world;
		int of_masix;
	} map[] = {
		{ WORLD_READ, MASIX_OPEN_READ },
		{ WORLD_WRITE, MASIX_OPEN_WRITE },
		{ WORLD_CREATE, MASIX_OPEN_CREATE },
		{ WORLD_EXCLUSIVE, MASIX_OPEN_EXCLUSIVE },
		{ WORLD_TRUNCATE, MASIX_OPEN_TRUNCATE },
	};
	struct masix_stat found;
	int masix_flags = 0, kind;
	unsigned slot = 0;
	mach_port_t port;
	kern_return_t kr;

	(void)context;
	window_doubt();
	while (slot < FILES && files[slot] != MACH_PORT_NULL)
		slot++;
	if (slot == FILES)
		return DOS_E_HANDLES;
	for (unsigned i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (flags & map[i].of_world)
			masix_flags |= map[i].of_masix;
	kr = walk_open(path, masix_flags, 0666 & ~machine_boot()->numbers[MASIX_PROGRAM_UMASK],
		&kind, &port, &found);
	if (kr != KERN_SUCCESS)
		return dos_error(kr);
	if (kind != MASIX_KIND_FILE) { /* devices and fifos are not the program's to open */
		drop(port);
		return DOS_E_ACCESS;
	}
	convert(&found, stat);
	files[slot] = port;
	*file = (int)slot;
	return DOS_OK;
}

static void disk_close(void *context, int file)
{
	(void)context;
	window_close((unsigned)file);
	drop(files[file]);
	files[file] = MACH_PORT_NULL;
}

/* What no window has comes in parts that a message carries: remapping pages costs more than copying so few. */
static int disk_read(void *context, int file, uint32_t offset, void *to, uint32_t n, uint32_t *done)
{
	(void)context;
	*done = window_read((unsigned)file, files[file], offset, to, n);
	if (*done < n)
		window_doubt();
	while (*done < n) {
		uint32_t part = n - *done < MASIX_INLINE_MAX ? n - *done : MASIX_INLINE_MAX;
		mach_msg_type_number_t size = part;
		kern_return_t kr = io_read(files[file], 0, 0, (int64_t)offset + *done, part,
			(char *)to + *done, &size);

		if (kr != KERN_SUCCESS)
			return *done ? DOS_OK : dos_error(kr);
		*done += size < part ? size : part;
		if (size < part)
			break;
	}
	return DOS_OK;
}

static int disk_write(
	void *context, int file, uint32_t offset, const void *from, uint32_t n, uint32_t *done)
{
	(void)context;
	window_doubt();
	*done = 0;
	while (*done < n) {
		uint32_t part = n - *done < MASIX_INLINE_MAX ? n - *done : MASIX_INLINE_MAX, put;
		int64_t end;
		kern_return_t kr = io_write(files[file], 0, 0, (int64_t)offset + *done,
			(char *)from + *done, part, &put, &end);

		if (kr != KERN_SUCCESS)
			return dos_error(kr);
		if (put == 0)
			break;
		*done += put;
	}
	return DOS_OK;
}

static int disk_set_size(void *context, int file, uint32_t size)
{
	(void)context;
	window_doubt();
	return dos_error(io_set_size(files[file], size));
}

static int disk_file_stat(void *context, int file, struct world_stat *stat)
{
	struct masix_stat found;
	kern_return_t kr = io_stat(files[file], &found);

	(void)context;
	window_doubt();
	if (kr == KERN_SUCCESS)
		convert(&found, stat);
	return dos_error(kr);
}

static int disk_set_time(void *context, int file, int64_t mtime)
{
	const uint32_t leave = 0x3ffffffe;

	(void)context;
	return dos_error(io_set_times(files[file], 0, leave, mtime, 0));
}

static int disk_sync(void *context, int file)
{
	(void)context;
	return dos_error(io_sync(files[file]));
}

/* An object by its path. */
static int reach(const char *path, int flags, mach_port_t *port, struct masix_stat *stat)
{
	int kind;

	window_doubt();
	return dos_error(walk_open(path, flags, 0, &kind, port, stat));
}

static int reach_directory(const char *path, mach_port_t *port)
{
	struct masix_stat stat;

	return reach(path, MASIX_OPEN_READ | MASIX_OPEN_DIRECTORY, port, &stat);
}

/* The directory above it. */
static int reach_above(const char *path, mach_port_t *above, const char **name)
{
	window_doubt();
	return dos_error(walk_parent(path, above, name));
}

static int disk_stat(void *context, const char *path, struct world_stat *stat)
{
	struct masix_stat found;
	int error = reach(path, 0, NULL, &found);

	(void)context;
	if (!error)
		convert(&found, stat);
	return error;
}

/* The names in one answer of dir_entries; false: `each` has had enough. */
static bool pass_names(const char *data, uint32_t size,
	bool (*each)(void *argument, const char *name), void *argument)
{
	const struct masix_dirent *entry;

	for (uint32_t at = 0; at + sizeof(*entry) <= size; at += entry->length) {
		char name[WORLD_NAME_MAX];

		entry = (const struct masix_dirent *)(data + at);
		if (entry->length < sizeof(*entry) || entry->length > size - at)
			return true;
		memcpy(name, entry->name, entry->name_length);
		name[entry->name_length] = '\0';
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !each(argument, name))
			return false;
	}
	return true;
}

static int disk_list(void *context, const char *path,
	bool (*each)(void *argument, const char *name), void *argument)
{
	static masix_inline_t data;
	mach_msg_type_number_t n;
	mach_port_t port;
	int64_t cookie = 0;
	kern_return_t kr;
	int error = reach_directory(path, &port);

	(void)context;
	if (error)
		return error;
	do {
		n = sizeof(data);
		kr = dir_entries(port, cookie, sizeof(data), data, &n, &cookie);
	} while (kr == KERN_SUCCESS && n > 0 && pass_names(data, n, each, argument));
	drop(port);
	return dos_error(kr);
}

static int disk_make_directory(void *context, const char *path)
{
	const char *name;
	mach_port_t above;
	kern_return_t kr;
	int error = reach_above(path, &above, &name);

	(void)context;
	if (error)
		return error;
	kr = dir_make_directory(above, (char *)name, strlen(name),
		0777 & ~machine_boot()->numbers[MASIX_PROGRAM_UMASK]);
	drop(above);
	return dos_error(kr);
}

static int disk_remove(void *context, const char *path, bool directory)
{
	const char *name;
	mach_port_t above;
	kern_return_t kr;
	int error = reach_above(path, &above, &name);

	(void)context;
	if (error)
		return error;
	kr = dir_unlink(above, (char *)name, strlen(name), directory ? MASIX_UNLINK_DIRECTORY : 0);
	drop(above);
	return dos_error(kr);
}

static int disk_rename(void *context, const char *from, const char *to)
{
	static char kept[WORLD_NAME_MAX];
	const char *name;
	mach_port_t from_above, to_above;
	int error = reach_above(from, &from_above, &name);

	(void)context;
	if (error)
		return error;
	strcpy(kept, name);
	error = reach_above(to, &to_above, &name);
	if (!error) {
		error = dos_error(dir_rename(from_above, kept, strlen(kept), to_above, (char *)name,
			strlen(name), MASIX_RENAME_NOREPLACE));
		drop(to_above);
	}
	drop(from_above);
	return error;
}

static int disk_set_writable(void *context, const char *path, bool writable)
{
	struct masix_stat stat;
	mach_port_t port;
	int error = reach(path, MASIX_OPEN_PATH, &port, &stat);

	(void)context;
	if (error)
		return error;
	uint32_t mode = stat.mode & PERMISSIONS;

	error = dos_error(io_set_mode(port, writable ? mode | 0200u : mode & ~WRITE_BITS));
	drop(port);
	return error;
}

static int disk_space(void *context, const char *path, struct world_space *space)
{
	struct masix_statfs info;
	mach_port_t port;
	kern_return_t kr;
	int error = reach_directory(path, &port);

	(void)context;
	if (error)
		return error;
	kr = dir_statfs(port, &info);
	drop(port);
	*space = (struct world_space){ info.block_size, info.blocks, info.blocks_available };
	return dos_error(kr);
}

static void *allocate(void *context, uint32_t size)
{
	vm_address_t memory;

	(void)context;
	return vm_allocate(mach_task_self(), &memory, size, TRUE) == KERN_SUCCESS ? (void *)memory
										  : NULL;
}

static void release(void *context, void *memory, uint32_t size)
{
	(void)context;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)memory, size);
}

void disk_init(struct world *world)
{
	walk_init();
	sharing_init(world);
	world->open = disk_open;
	world->close = disk_close;
	world->read = disk_read;
	world->write = disk_write;
	world->set_size = disk_set_size;
	world->file_stat = disk_file_stat;
	world->set_time = disk_set_time;
	world->sync = disk_sync;
	world->stat = disk_stat;
	world->list = disk_list;
	world->make_directory = disk_make_directory;
	world->remove = disk_remove;
	world->rename = disk_rename;
	world->set_writable = disk_set_writable;
	world->space = disk_space;
	world->allocate = allocate;
	world->free = release;
}
