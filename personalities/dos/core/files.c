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
	if (f->kind == DOS_FILE_DISK) {
		dos->world->unshare(dos->world->context, files_index(dos, f));
		dos->world->close(dos->world->context, f->file);
	}
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

bool files_same(const struct dos_file *a, const struct dos_file *b)
{
	return a->kind == DOS_FILE_DISK && b->kind == DOS_FILE_DISK && a->inode == b->inode &&
	       a->device == b->device;
}

bool files_is_device(const struct dos_file *f)
{
	return f->kind >= DOS_FILE_CONSOLE;
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

/* Has a program locked some of these bytes by another open of the file? */
static bool is_locked(const struct dos *dos, const struct dos_file *f, uint32_t start, uint32_t n)
{
	for (unsigned i = 0; i < sizeof(dos->locks) / sizeof(dos->locks[0]); i++) {
		const struct dos_lock *l = &dos->locks[i];

		if (l->used && l->file != files_index(dos, f) &&
			files_same(&dos->files[l->file], f) && l->start < start + n &&
			start < l->end)
			return true;
	}
	return false;
}

static int read_disk(struct dos *dos, struct dos_file *f, uint8_t *to, uint16_t n, uint16_t *done)
{
	uint32_t got = 0;
	int error;

	if (is_locked(dos, f, f->position, n))
		return DOS_E_LOCK;
	error = dos->world->read(dos->world->context, f->file, f->position, to, n, &got);
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

	if (is_locked(dos, f, f->position, n))
		return DOS_E_LOCK;
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
