/* INT 21h: files by handle. */
#include <string.h>

#include "con.h"
#include "files.h"
#include "int21.h"
#include "path.h"
#include "psp.h"
#include "search.h"

/* --- Opening and closing --- */

static int open_with(
	struct dos *dos, uint16_t offset, uint8_t mode, unsigned how, uint8_t attributes)
{
	struct dos_path path;
	struct dos_file *f;
	uint16_t action, handle;
	int error = path_parse_at(dos, dos->cpu.ds, offset, &path);

	if (error)
		return error;
	if ((mode & 7) > 2 || (mode >> 4 & 7) > 4)
		return DOS_E_MODE;
	if ((how & (FILES_CREATE | FILES_EXCLUSIVE)) &&
		(attributes & (ATTRIBUTE_LABEL | ATTRIBUTE_DIRECTORY)))
		return DOS_E_ACCESS;
	error = files_open(dos, &path, mode, how, attributes, &f, &action);
	if (error)
		return error;
	error = files_enter(dos, f, &handle);
	if (error) {
		files_drop(dos, f);
		return error;
	}
	dos->cpu.ax = handle;

	return DOS_OK;
}

static int create(struct dos *dos)
{
	return open_with(dos, dos->cpu.dx, 2, FILES_CREATE | FILES_OPEN, dos->cpu.cl);
}

static int create_new(struct dos *dos)
{
	return open_with(dos, dos->cpu.dx, 2, FILES_EXCLUSIVE, dos->cpu.cl);
}

static int open(struct dos *dos)
{
	return open_with(dos, dos->cpu.dx, dos->cpu.al, FILES_OPEN, 0);
}

static int extended_open(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	unsigned if_there = cpu->dl & 15, if_not = cpu->dl >> 4, how;
	uint16_t cx = cpu->cx;
	int error;

	if (cpu->al || if_there > 2 || if_not > 1 || (!if_there && !if_not))
		return DOS_E_FUNCTION;
	if (if_there == 0)
		how = FILES_EXCLUSIVE;
	else if (if_there == 1)
		how = FILES_OPEN;
	else
		how = FILES_CREATE;
	if (if_there == 1 && if_not) {
		/* Open it, or make it. */
		error = open_with(dos, cpu->si, cpu->bl, FILES_OPEN, 0);
		if (!error)
			cpu->cx = 1;
		if (error != DOS_E_FILE)
			return error;
		how = FILES_EXCLUSIVE;
	} else if (if_there == 2 && !if_not) {
		struct dos_path path;
		char file[WORLD_PATH_MAX];
		struct world_stat stat;

		error = path_parse_at(dos, cpu->ds, cpu->si, &path);
		if (!error && path.device == DOS_FILE_FREE)
			error = path_resolve(dos, &path, file, &stat);
		if (error)
			return error;
	}
	error = open_with(dos, cpu->si, cpu->bl, how, (uint8_t)cx);
	if (!error)
		cpu->cx = how == FILES_OPEN ? 1 : how == FILES_EXCLUSIVE ? 2 : 3;
	return error;
}

static int close(struct dos *dos)
{
	return files_close(dos, dos->cpu.bx);
}

static int create_temporary(struct dos *dos)
{
	uint8_t *s = dos_block(dos, dos->cpu.ds, dos->cpu.dx, PATH_TEXT);
	size_t n;

	if (!s || !memchr(s, '\0', PATH_TEXT - NAME_SHORT))
		return DOS_E_PATH;
	n = strlen((char *)s);
	if (n && s[n - 1] != '\\' && s[n - 1] != '/')
		s[n++] = '\\';
	for (unsigned tries = 0; tries < 4096; tries++) {
		uint32_t number =
			(uint32_t)dos->world->now_ns(dos->world->context) / 1000 + dos->temporary++;
		int error;

		for (unsigned i = 0; i < 8; i++)
			s[n + i] = (uint8_t)('A' + (number >> 4 * i & 15));
		s[n + 8] = '\0';
		error = open_with(dos, dos->cpu.dx, 2, FILES_EXCLUSIVE, dos->cpu.cl);
		if (error != DOS_E_EXISTS)
			return error;
	}
	return DOS_E_EXISTS;
}

/* --- Reading and writing --- */

static int read(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_file *f = files_get(dos, cpu->bx);
	uint8_t *to = dos_block(dos, cpu->ds, cpu->dx, cpu->cx);
	uint16_t done;
	int error;

	if (!f)
		return DOS_E_HANDLE;
	if (!to)
		return DOS_E_ACCESS;
	error = files_read(dos, f, to, cpu->cx, &done);
	if (!error && !dos->is_broken)
		cpu->ax = done;
	return error;
}

static int write(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_file *f = files_get(dos, cpu->bx);
	const uint8_t *from = dos_block(dos, cpu->ds, cpu->dx, cpu->cx);
	uint16_t done;
	int error;

	if (!f)
		return DOS_E_HANDLE;
	if (!from)
		return DOS_E_ACCESS;
	error = files_write(dos, f, from, cpu->cx, &done);
	if (!error)
		cpu->ax = done;
	return error;
}

static int seek(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_file *f = files_get(dos, cpu->bx);
	int error = f ? files_seek(dos, f, cpu->al, (int32_t)((uint32_t)cpu->cx << 16 | cpu->dx))
		      : DOS_E_HANDLE;

	if (error)
		return error;
	cpu->ax = (uint16_t)f->position;
	cpu->dx = (uint16_t)(f->position >> 16);
	return DOS_OK;
}

static int commit(struct dos *dos)
{
	const struct dos_file *f = files_get(dos, dos->cpu.bx);

	if (!f)
		return DOS_E_HANDLE;
	return f->kind == DOS_FILE_DISK ? dos->world->sync(dos->world->context, f->file) : DOS_OK;
}

static int duplicate(struct dos *dos)
{
	uint16_t handle;
	int error = files_duplicate(dos, dos->cpu.bx, &handle);

	if (!error)
		dos->cpu.ax = handle;
	return error;
}

static int force_duplicate(struct dos *dos)
{
	return files_force(dos, dos->cpu.bx, dos->cpu.cx);
}

static int file_time(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const struct dos_file *f = files_get(dos, cpu->bx);
	struct world_stat stat;
	int64_t moment;
	int error;

	if (!f)
		return DOS_E_HANDLE;
	if (cpu->al > 1)
		return DOS_E_FUNCTION;
	if (cpu->al == 1) {
		moment = dos_moment(cpu->dx, cpu->cx);
		if (moment < 0)
			return DOS_E_DATA;
		return f->kind == DOS_FILE_DISK
			       ? dos->world->set_time(dos->world->context, f->file, moment)
			       : DOS_OK;
	}
	moment = dos->world->now_ns(dos->world->context) / 1000000000;
	if (f->kind == DOS_FILE_DISK) {
		error = dos->world->file_stat(dos->world->context, f->file, &stat);
		if (error)
			return error;
		moment = stat.mtime;
	}
	dos_stamp(moment, &cpu->dx, &cpu->cx);
	return DOS_OK;
}

/* --- Locks: of other opens of the file, here and in other machines --- */

static bool overlaps(const struct dos *dos, const struct dos_lock *l, const struct dos_file *f,
	uint32_t start, uint32_t end)
{
	return l->used && files_same(&dos->files[l->file], f) && l->start < end && start < l->end;
}

static int unlock(struct dos *dos, const struct dos_file *f, uint32_t start, uint32_t end)
{
	for (unsigned i = 0; i < sizeof(dos->locks) / sizeof(dos->locks[0]); i++) {
		struct dos_lock *l = &dos->locks[i];

		if (l->used && l->file == files_index(dos, f) && l->start == start &&
			l->end == end) {
			l->used = false;
			return dos->world->lock(
				dos->world->context, files_index(dos, f), false, start, end);
		}
	}
	return DOS_E_LOCK;
}

static int lock(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const struct dos_file *f = files_get(dos, cpu->bx);
	uint32_t start = (uint32_t)cpu->cx << 16 | cpu->dx, n = (uint32_t)cpu->si << 16 | cpu->di;
	uint32_t end = start + n < start ? ~0u : start + n;
	struct dos_lock *free_one = NULL;
	int error;

	if (!f)
		return DOS_E_HANDLE;
	if (cpu->al > 1 || f->kind != DOS_FILE_DISK)
		return DOS_E_FUNCTION;
	if (cpu->al == 1)
		return unlock(dos, f, start, end);
	for (unsigned i = 0; i < sizeof(dos->locks) / sizeof(dos->locks[0]); i++) {
		struct dos_lock *l = &dos->locks[i];

		if (!l->used)
			free_one = l;
		else if (overlaps(dos, l, f, start, end))
			return DOS_E_LOCK;
	}
	if (!free_one)
		return DOS_E_SHARE_BUFFER;
	error = dos->world->lock(dos->world->context, files_index(dos, f), true, start, end);
	if (error)
		return error;
	*free_one = (struct dos_lock){ true, (uint8_t)files_index(dos, f), dos->psp, start, end };
	return DOS_OK;
}

/* More handles than the PSP has room for are in a block of the program's own. */
static int set_handle_count(struct dos *dos)
{
	uint8_t *psp = dos_at(dos, dos->psp, 0), *from, *to;
	uint16_t count = dos->cpu.bx < PSP_FILES_COUNT ? PSP_FILES_COUNT : dos->cpu.bx,
		 old = get16(psp + PSP_HANDLES), segment = dos->psp, offset = PSP_FILES, largest;
	int error = DOS_OK;

	from = dos_block(dos, get16(psp + PSP_TABLE + 2), get16(psp + PSP_TABLE), old);
	if (!from || old > FILES_TABLE_MAX)
		return DOS_E_HANDLE;
	/* None that is open may go. */
	for (uint16_t i = count; i < old; i++)
		if (from[i] != 0xff)
			return DOS_E_HANDLES;
	if (count > FILES_TABLE_MAX)
		return DOS_E_HANDLES;
	if (count > PSP_FILES_COUNT) {
		error = arena_allocate(
			&dos->arena, dos->psp, (uint16_t)((count + 15) / 16), &segment, &largest);
		offset = 0;
	}
	if (error)
		return error;
	to = dos_at(dos, segment, offset);
	memmove(to, from, old < count ? old : count);
	if (old < count)
		memset(to + old, 0xff, count - old);
	if (get16(psp + PSP_TABLE + 2) != dos->psp && get16(psp + PSP_TABLE) == 0)
		(void)arena_free(&dos->arena, get16(psp + PSP_TABLE + 2));
	put16(psp + PSP_HANDLES, count);
	put_far(psp + PSP_TABLE, segment, offset);
	return DOS_OK;
}

const struct int21_function int21_files[0x100] = {
	[0x3c] = { create, 0, "create file" },
	[0x3d] = { open, 0, "open file" },
	[0x3e] = { close, 0, "close handle" },
	[0x3f] = { read, INT21_BREAK, "read" },
	[0x40] = { write, INT21_BREAK, "write" },
	[0x42] = { seek, 0, "seek" },
	[0x45] = { duplicate, 0, "duplicate handle" },
	[0x46] = { force_duplicate, 0, "force duplicate" },
	[0x57] = { file_time, 0, "date and time of a file" },
	[0x5a] = { create_temporary, 0, "create temporary file" },
	[0x5b] = { create_new, 0, "create new file" },
	[0x5c] = { lock, 0, "lock" },
	[0x67] = { set_handle_count, 0, "handle count" },
	[0x68] = { commit, 0, "commit" },
	[0x6a] = { commit, 0, "commit" },
	[0x6c] = { extended_open, 0, "extended open" },
};
