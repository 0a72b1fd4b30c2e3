#include "files.h"

#include <string.h>

#include "con.h"
#include "psp.h"

#define NO_FILE 0xffu

unsigned files_index(const struct dos *dos, const struct dos_file *file)
{
	return (unsigned)(file - dos->files);
}

/* The byte of the job file table for the handle; NULL: it has none. */
static uint8_t *slot(struct dos *dos, uint16_t psp, uint16_t handle)
{
	const uint8_t *p = dos_at(dos, psp, 0);
	uint16_t count = get16(p + PSP_HANDLES), offset = get16(p + PSP_TABLE);
	uint8_t *table = dos_block(dos, get16(p + PSP_TABLE + 2), offset, count);

	return table && handle < count ? table + handle : NULL;
}

struct dos_file *files_get(struct dos *dos, uint16_t handle)
{
	const uint8_t *entry = slot(dos, dos->psp, handle);

	if (!entry || *entry >= DOS_FILES || dos->files[*entry].kind == DOS_FILE_FREE)
		return NULL;
	return &dos->files[*entry];
}

struct dos_file *files_new(struct dos *dos)
{
	for (unsigned i = 0; i < DOS_FILES; i++) {
		struct dos_file *f = &dos->files[i];

		if (f->kind != DOS_FILE_FREE)
			continue;
		memset(f, 0, sizeof(*f));
		f->kind = DOS_FILE_NUL;
		f->uses = 1;
		f->owner = dos->psp;
		return f;
	}
	return NULL;
}

void files_drop(struct dos *dos, struct dos_file *f)
{
	if (--f->uses)
		return;
	for (unsigned i = 0; i < sizeof(dos->locks) / sizeof(dos->locks[0]); i++)
		if (dos->locks[i].file == files_index(dos, f))
			dos->locks[i].used = false;
	if (f->kind == DOS_FILE_DISK)
		dos->world->close(dos->world->context, f->file);
	f->kind = DOS_FILE_FREE;
}

int files_enter(struct dos *dos, struct dos_file *f, uint16_t *handle)
{
	uint8_t *entry;

	for (uint16_t i = 0; (entry = slot(dos, dos->psp, i)) != NULL; i++) {
		if (*entry != NO_FILE)
			continue;
		*entry = (uint8_t)files_index(dos, f);
		*handle = i;
		return DOS_OK;
	}
	return DOS_E_HANDLES;
}

bool files_is_device(const struct dos_file *f)
{
	return f->kind >= DOS_FILE_CONSOLE;
}

/* May the two be open together?  `mode`: access in bits 0 to 2, what is denied to others in bits 4 to 6. */
static bool denies(uint8_t mode, uint8_t other)
{
	unsigned access = other & 3;

	switch (mode >> 4 & 7) {
	case 1:
		return true;
	case 2:
		return access != 0;
	case 3:
		return access != 1;
	default:
		return false;
	}
}

static bool is_shared_badly(const struct dos *dos, const char *path, uint8_t mode)
{
	for (unsigned i = 0; i < DOS_FILES; i++) {
		const struct dos_file *f = &dos->files[i];

		if (f->kind == DOS_FILE_DISK && strcmp(f->path, path) == 0 &&
			(denies(f->mode, mode) || denies(mode, f->mode)))
			return true;
	}
	return false;
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
	error = dos->world->open(dos->world->context, f->path, flags, &f->file, &stat);
	if (error)
		return error;
	f->kind = DOS_FILE_DISK;
	f->mtime = stat.mtime;
	f->drive = path->drive;
	memcpy(f->field, path->field, NAME_FIELD);
	return DOS_OK;
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

int files_close(struct dos *dos, uint16_t handle)
{
	struct dos_file *f = files_get(dos, handle);

	if (!f)
		return DOS_E_HANDLE;
	*slot(dos, dos->psp, handle) = NO_FILE;
	files_drop(dos, f);
	return DOS_OK;
}

static int read_stream(struct dos *dos, struct dos_file *f, uint8_t *to, uint16_t n, uint16_t *done)
{
	int got = dos->world->stream_read(dos->world->context, f->stream, to, n);

	if (got < 0)
		return DOS_E_READ;
	f->at_end = got == 0;
	*done = (uint16_t)got;
	return DOS_OK;
}

static int read_disk(struct dos *dos, struct dos_file *f, uint8_t *to, uint16_t n, uint16_t *done)
{
	uint32_t got = 0;
	int error = dos->world->read(dos->world->context, f->file, f->position, to, n, &got);

	f->position += got;
	*done = (uint16_t)got;
	return got ? DOS_OK : error;
}

int files_read(struct dos *dos, struct dos_file *f, uint8_t *to, uint16_t n, uint16_t *done)
{
	*done = 0;
	if ((f->mode & 7) == 1)
		return DOS_E_ACCESS;
	if (n == 0)
		return DOS_OK;
	switch (f->kind) {
	case DOS_FILE_DISK:
		return read_disk(dos, f, to, n, done);
	case DOS_FILE_STREAM:
		return read_stream(dos, f, to, n, done);
	case DOS_FILE_CONSOLE:
		*done = console_read(dos, to, n, f->binary);
		f->at_end = *done == 0;
		return DOS_OK;
	default: /* nothing ever comes from there */
		f->at_end = true;
		return DOS_OK;
	}
}

static int write_disk(
	struct dos *dos, struct dos_file *f, const uint8_t *from, uint16_t n, uint16_t *done)
{
	uint32_t put = 0;
	int error;

	f->written = true;
	if (n == 0) /* ends the file here */
		return dos->world->set_size(dos->world->context, f->file, f->position);
	error = dos->world->write(dos->world->context, f->file, f->position, from, n, &put);
	f->position += put;
	*done = (uint16_t)put;
	/* A full disk takes less, and that is no error. */
	return put || error == DOS_E_FULL ? DOS_OK : error;
}

int files_write(
	struct dos *dos, struct dos_file *f, const uint8_t *from, uint16_t n, uint16_t *done)
{
	int put;

	*done = 0;
	if ((f->mode & 7) == 0)
		return DOS_E_ACCESS;
	switch (f->kind) {
	case DOS_FILE_DISK:
		return write_disk(dos, f, from, n, done);
	case DOS_FILE_STREAM:
		put = n ? dos->world->stream_write(dos->world->context, f->stream, from, n) : 0;
		if (put < 0)
			return DOS_E_WRITE;
		*done = (uint16_t)put;
		return DOS_OK;
	case DOS_FILE_CONSOLE:
		console_write(dos, from, n);
		break;
	default:
		break;
	}
	*done = n;
	return DOS_OK;
}

int files_duplicate(struct dos *dos, uint16_t handle, uint16_t *to)
{
	struct dos_file *f = files_get(dos, handle);
	int error = f ? files_enter(dos, f, to) : DOS_E_HANDLE;

	if (!error)
		f->uses++;
	return error;
}

int files_force(struct dos *dos, uint16_t handle, uint16_t to)
{
	struct dos_file *f = files_get(dos, handle);
	uint8_t *entry = slot(dos, dos->psp, to);

	if (!f || !entry)
		return DOS_E_HANDLE;
	if (handle == to)
		return DOS_OK;
	f->uses++;
	(void)files_close(dos, to); /* it need not be open */
	*entry = (uint8_t)files_index(dos, f);
	return DOS_OK;
}

int files_seek(struct dos *dos, struct dos_file *f, uint8_t from, int32_t by)
{
	struct world_stat stat;
	int error;

	switch (from) {
	case 0:
		f->position = (uint32_t)by;
		return DOS_OK;
	case 1:
		f->position += (uint32_t)by;
		return DOS_OK;
	case 2:
		if (f->kind != DOS_FILE_DISK)
			return DOS_OK;
		error = dos->world->file_stat(dos->world->context, f->file, &stat);
		if (!error)
			f->position = stat.size + (uint32_t)by;
		return error;
	default:
		return DOS_E_FUNCTION;
	}
}

void files_close_all(struct dos *dos, uint16_t psp)
{
	uint8_t *entry;

	for (uint16_t i = 0; (entry = slot(dos, psp, i)) != NULL; i++) {
		if (*entry < DOS_FILES && dos->files[*entry].kind != DOS_FILE_FREE)
			files_drop(dos, &dos->files[*entry]);
		*entry = NO_FILE;
	}
}

void files_inherit(struct dos *dos, uint16_t psp, uint16_t parent)
{
	uint8_t *to = dos_at(dos, psp, PSP_FILES);

	memset(to, NO_FILE, PSP_FILES_COUNT);
	for (uint16_t i = 0; i < PSP_FILES_COUNT; i++) {
		const uint8_t *from = slot(dos, parent, i);

		if (!from || *from >= DOS_FILES || dos->files[*from].kind == DOS_FILE_FREE ||
			(dos->files[*from].mode & 0x80))
			continue;
		to[i] = *from;
		dos->files[*from].uses++;
	}
}

void files_init(struct dos *dos)
{
	uint8_t *table = dos_at(dos, dos->psp, PSP_FILES);

	for (uint8_t i = 0; i < 5; i++) {
		struct dos_file *f = files_new(dos);

		f->mode = i == 0 ? 0 : i == 4 ? 1 : 2;
		f->stream = i;
		f->kind = i == 3 ? DOS_FILE_AUX : i == 4 ? DOS_FILE_PRN : DOS_FILE_STREAM;
		if (i < 3 && dos->world->stream_is_terminal(dos->world->context, i)) {
			f->kind = DOS_FILE_CONSOLE;
			f->mode = 2;
		}
		memcpy(f->field,
			i == 3	 ? "AUX        "
			: i == 4 ? "PRN        "
				 : "CON        ",
			NAME_FIELD);
		table[i] = (uint8_t)files_index(dos, f);
	}
}

uint16_t files_device_word(const struct dos *dos, const struct dos_file *f)
{
	uint16_t word = 0x80;

	switch (f->kind) {
	case DOS_FILE_DISK:
		return (uint16_t)(f->drive | (f->written ? 0 : 0x40));
	case DOS_FILE_STREAM: /* as if COMMAND.COM had opened a file */
		return (uint16_t)(dos->drive | 0x40);
	case DOS_FILE_CONSOLE:
		word |= 0x13;
		break;
	case DOS_FILE_NUL:
		word |= 4;
		break;
	case DOS_FILE_CLOCK:
		word |= 8;
		break;
	default:
		break;
	}
	return (uint16_t)(word | 0x8000u | (f->at_end ? 0 : 0x40) | (f->binary ? 0x20 : 0));
}
