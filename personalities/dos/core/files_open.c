/* Opening files: what is there, what may be made, who else has it open. */
#include <string.h>

#include "files.h"
#include "sharing.h"

static bool is_shared_badly(const struct dos *dos, const char *path, uint8_t mode)
{
	for (unsigned i = 0; i < DOS_FILES; i++) {
		const struct dos_file *f = &dos->files[i];

		if (f->kind == DOS_FILE_DISK && strcmp(f->path, path) == 0 &&
			(sharing_denies(f->mode, mode) || sharing_denies(mode, f->mode)))
			return true;
	}
	return false;
}

/* Other machines are asked before the file is emptied; one that is not there yet is nobody's. */
static int open_shared(struct dos *dos, struct dos_file *f, const struct dos_path *path,
	unsigned flags, struct world_stat *stat)
{
	const struct world *world = dos->world;
	unsigned slot = files_index(dos, f);
	bool is_new = (flags & WORLD_EXCLUSIVE) != 0;
	int error = is_new ? DOS_OK : world->share(world->context, slot, stat, f->mode);

	if (error)
		return error;
	error = world->open(world->context, f->path, flags, &f->file, stat);
	if (error) {
		if (!is_new)
			world->unshare(world->context, slot);
		return error;
	}
	if (is_new)
		error = world->share(world->context, slot, stat, f->mode);
	if (error) {
		world->close(world->context, f->file);
		return error;
	}
	f->kind = DOS_FILE_DISK;
	f->mtime = stat->mtime;
	f->inode = stat->inode;
	f->device = stat->device;
	f->drive = path->drive;
	memcpy(f->field, path->field, NAME_FIELD);
	return DOS_OK;
}

static int open_disk(struct dos *dos, struct dos_file *f, const struct dos_path *path, unsigned how,
	uint16_t *action)
{
	static const unsigned access[4] = { WORLD_READ, WORLD_WRITE, WORLD_READ | WORLD_WRITE, 0 };
	unsigned flags = access[f->mode & 3];
	struct world_stat stat;
	int error;

	if (path->is_root)
		return DOS_E_ACCESS;
	error = path_resolve(dos, path, f->path, &stat);
	*action = 1;
	if (error == DOS_E_FILE && (how & (FILES_CREATE | FILES_EXCLUSIVE))) {
		flags |= WORLD_CREATE | WORLD_EXCLUSIVE;
		*action = 2;
	} else if (error) {
		return error;
	} else if (how & FILES_EXCLUSIVE) {
		return DOS_E_EXISTS;
	} else if (!stat.is_file || ((flags & WORLD_WRITE) && !stat.is_writable)) {
		return DOS_E_ACCESS;
	} else if (how & FILES_CREATE) {
		flags |= WORLD_TRUNCATE;
		*action = 3;
	} else if (!(how & FILES_OPEN)) {
		return DOS_E_EXISTS;
	}
	if (is_shared_badly(dos, f->path, f->mode))
		return DOS_E_SHARE;
	return open_shared(dos, f, path, flags, &stat);
}

int files_open(struct dos *dos, const struct dos_path *path, uint8_t mode, unsigned how,
	uint8_t attributes, struct dos_file **file, uint16_t *action)
{
	struct dos_file *f = files_new(dos);
	int error = DOS_OK;

	if (!f)
		return DOS_E_HANDLES;
	f->mode = mode;
	*action = 1;
	if (path->device != DOS_FILE_FREE) {
		f->kind = path->device;
		memcpy(f->field, path->field, NAME_FIELD);
		memset(f->field + 8, ' ', 3);
	} else if (path->is_pattern) {
		error = DOS_E_FILE;
	} else {
		error = open_disk(dos, f, path, how, action);
	}
	if (!error && *action == 2 && (attributes & 1))
		error = dos->world->set_writable(dos->world->context, f->path, false);
	if (error) {
		files_drop(dos, f);
		return error;
	}
	*file = f;
	return DOS_OK;
}
