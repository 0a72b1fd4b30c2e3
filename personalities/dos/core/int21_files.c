/* INT 21h: files by handle, directories, drives. */
#include <string.h>

#include "con.h"
#include "files.h"
#include "int21.h"
#include "path.h"
#include "search.h"

static int with_path(struct dos *dos, struct dos_path *path)
{
	return path_parse_at(dos, dos->cpu.ds, dos->cpu.dx, path);
}

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

/* --- Locks: between the programs of one machine --- */

static bool overlaps(const struct dos_lock *l, uint8_t file, uint32_t start, uint32_t end)
{
	return l->used && l->file == file && l->start < end && start < l->end;
}

static int lock(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const struct dos_file *f = files_get(dos, cpu->bx);
	uint32_t start = (uint32_t)cpu->cx << 16 | cpu->dx, n = (uint32_t)cpu->si << 16 | cpu->di;
	uint32_t end = start + n < start ? ~0u : start + n;
	struct dos_lock *free_one = NULL;

	if (!f)
		return DOS_E_HANDLE;
	if (cpu->al > 1 || f->kind != DOS_FILE_DISK)
		return DOS_E_FUNCTION;
	for (unsigned i = 0; i < sizeof(dos->locks) / sizeof(dos->locks[0]); i++) {
		struct dos_lock *l = &dos->locks[i];

		if (!l->used)
			free_one = l;
		else if (cpu->al == 0 && overlaps(l, (uint8_t)files_index(dos, f), start, end))
			return DOS_E_LOCK;
		else if (cpu->al == 1 && l->file == files_index(dos, f) && l->start == start &&
			 l->end == end) {
			l->used = false;
			return DOS_OK;
		}
	}
	if (cpu->al == 1)
		return DOS_E_LOCK;
	if (!free_one)
		return 36; /* sharing buffer overflow */
	*free_one = (struct dos_lock){ true, (uint8_t)files_index(dos, f), dos->psp, start, end };
	return DOS_OK;
}

/* --- Names --- */

static int make_directory(struct dos *dos)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX];
	struct world_stat stat;
	int error = with_path(dos, &path);

	if (error)
		return error;
	if (path.is_root || path.is_pattern || path.device != DOS_FILE_FREE)
		return DOS_E_ACCESS;
	error = path_resolve(dos, &path, file, &stat);
	if (error == DOS_OK)
		return DOS_E_ACCESS;
	return error == DOS_E_FILE ? dos->world->make_directory(dos->world->context, file) : error;
}

static int remove_directory(struct dos *dos)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX];
	struct world_stat stat;
	int error = with_path(dos, &path);

	if (!error && path.is_root)
		return DOS_E_ACCESS;
	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (error == DOS_E_FILE)
		error = DOS_E_PATH;
	if (error)
		return error;
	if (!stat.is_directory)
		return DOS_E_PATH;
	if (strcmp(path.text, dos->drives[path.drive].directory) == 0)
		return DOS_E_CURRENT;
	return dos->world->remove(dos->world->context, file, true);
}

static int change_directory(struct dos *dos)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX];
	struct world_stat stat;
	int error = with_path(dos, &path);

	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (error == DOS_E_FILE || (!error && !stat.is_directory))
		error = DOS_E_PATH;
	if (error)
		return error;
	if (path.length >= DOS_DIRECTORY_MAX)
		return DOS_E_PATH;
	strcpy(dos->drives[path.drive].directory, path.text);
	return DOS_OK;
}

static int current_directory(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t drive = cpu->dl ? (uint8_t)(cpu->dl - 1) : dos->drive;
	uint8_t *to = dos_block(dos, cpu->ds, cpu->si, 64);

	if (drive >= DOS_DRIVES || !dos->drives[drive].is_there)
		return DOS_E_DRIVE;
	if (!to || strlen(dos->drives[drive].directory) > 63)
		return DOS_E_PATH;
	strcpy((char *)to, dos->drives[drive].directory);
	cpu->ax = 0x100;
	return DOS_OK;
}

static int delete (struct dos *dos)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX];
	struct world_stat stat;
	int error = with_path(dos, &path);

	if (!error && (path.is_pattern || path.device != DOS_FILE_FREE))
		error = path.is_pattern ? DOS_E_FILE : DOS_E_ACCESS;
	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (error)
		return error;
	if (stat.is_directory || !stat.is_writable)
		return DOS_E_ACCESS;
	return dos->world->remove(dos->world->context, file, false);
}

static int attributes(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_path path;
	char file[WORLD_PATH_MAX], *name;
	struct world_stat stat;
	uint8_t now;
	int error = cpu->al <= 1 ? with_path(dos, &path) : DOS_E_FUNCTION;

	if (!error && path.is_pattern)
		error = DOS_E_FILE;
	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (error)
		return error;
	name = strrchr(file, '/');
	now = search_attribute(name ? name + 1 : file, &stat);
	if (cpu->al == 0) {
		cpu->cx = now;
		cpu->ax = now;
		return DOS_OK;
	}
	/* Hidden is a matter of names here, and there are no system files. */
	if (stat.is_directory ||
		((cpu->cx ^ now) & ~(ATTRIBUTE_READ_ONLY | ATTRIBUTE_ARCHIVE)) != 0)
		return DOS_E_ACCESS;
	return dos->world->set_writable(
		dos->world->context, file, !(cpu->cx & ATTRIBUTE_READ_ONLY));
}

static int rename_file(struct dos *dos)
{
	struct dos_path from, to;
	char from_file[WORLD_PATH_MAX], to_file[WORLD_PATH_MAX];
	struct world_stat stat;
	int error = with_path(dos, &from);

	if (!error)
		error = path_parse_at(dos, dos->cpu.es, dos->cpu.di, &to);
	if (error)
		return error;
	if (from.is_pattern || to.is_pattern || to.device != DOS_FILE_FREE || from.is_root ||
		to.is_root)
		return DOS_E_ACCESS;
	if (from.drive != to.drive)
		return 17; /* not the same device */
	error = path_resolve(dos, &from, from_file, &stat);
	if (error)
		return error;
	error = path_resolve(dos, &to, to_file, &stat);
	if (error == DOS_OK)
		return DOS_E_ACCESS;
	return error == DOS_E_FILE ? dos->world->rename(dos->world->context, from_file, to_file)
				   : error;
}

/* --- Searching --- */

static void fill_dta(uint8_t *dta, const struct search_entry *entry)
{
	dta[21] = entry->attribute;
	put16(dta + 22, entry->time);
	put16(dta + 24, entry->date);
	put32(dta + 26, entry->size);
	memset(dta + 30, 0, NAME_SHORT);
	if (entry->field[0] == '.') {
		dta[30] = '.';
		dta[31] = entry->field[1] == '.' ? '.' : 0;
	} else {
		name_from_field(entry->field, (char *)dta + 30);
	}
}

static int find_first(struct dos *dos)
{
	uint8_t *dta = dos_block(dos, dos->dta_segment, dos->dta_offset, 43);
	struct search_entry entry;
	struct dos_path path;
	int error = dta ? with_path(dos, &path) : DOS_E_ACCESS;

	if (error == DOS_E_FILE)
		error = DOS_E_PATH;
	if (!error)
		error = search_first(dos, &path, dos->cpu.cl, dta, &entry);
	if (!error)
		fill_dta(dta, &entry);
	return error;
}

static int find_next(struct dos *dos)
{
	uint8_t *dta = dos_block(dos, dos->dta_segment, dos->dta_offset, 43);
	struct search_entry entry;
	int error = dta ? search_next(dos, dta, &entry) : DOS_E_ACCESS;

	if (!error)
		fill_dta(dta, &entry);
	return error;
}

/* --- Drives --- */

static int select_drive(struct dos *dos)
{
	if (dos->cpu.dl < DOS_DRIVES && dos->drives[dos->cpu.dl].is_there)
		dos->drive = dos->cpu.dl;
	dos->cpu.al = DOS_DRIVES;
	return DOS_OK;
}

static int current_drive(struct dos *dos)
{
	dos->cpu.al = dos->drive;
	return DOS_OK;
}

static int reset_disks(struct dos *dos)
{
	(void)dos; /* nothing is kept back here */
	return DOS_OK;
}

/* Clusters that fit in 16 bits, as few bytes each as may be. */
static int space_of(
	struct dos *dos, uint8_t drive, uint16_t *sectors, uint32_t *total, uint32_t *free)
{
	struct world_space space;
	const char *root;
	uint64_t bytes, free_bytes;
	int error;

	drive = drive ? (uint8_t)(drive - 1) : dos->drive;
	if (drive >= DOS_DRIVES || !dos->drives[drive].is_there)
		return DOS_E_DRIVE;
	root = dos->drives[drive].root;
	error = dos->world->space(dos->world->context, *root ? root : "/", &space);
	if (error)
		return error;
	bytes = space.blocks * space.block_size;
	free_bytes = space.blocks_free * space.block_size;
	for (*sectors = 8; *sectors < 64 && bytes / (512u * *sectors) > 65000; *sectors *= 2)
		continue;
	bytes /= 512u * *sectors;
	free_bytes /= 512u * *sectors;
	*total = bytes > 65000 ? 65000 : (uint32_t)bytes;
	*free = free_bytes > 65000 ? 65000 : (uint32_t)free_bytes;
	return DOS_OK;
}

static int disk_space(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t sectors;
	uint32_t total, free;

	if (space_of(dos, cpu->dl, &sectors, &total, &free)) {
		cpu->ax = 0xffff;
		return DOS_OK;
	}
	cpu->ax = sectors;
	cpu->bx = (uint16_t)free;
	cpu->cx = 512;
	cpu->dx = (uint16_t)total;
	return DOS_OK;
}

/* Functions 1Bh and 1Ch: as 36h, and the media byte. */
static int allocation(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t sectors;
	uint32_t total, free;

	if (space_of(dos, cpu->ah == 0x1b ? 0 : cpu->dl, &sectors, &total, &free)) {
		cpu->al = 0xff;
		return DOS_OK;
	}
	cpu->al = (uint8_t)sectors;
	cpu->cx = 512;
	cpu->dx = (uint16_t)total;
	cpu->ds = SEGMENT_ROM;
	cpu->bx = ROM_MEDIA;
	return DOS_OK;
}

/* The full path of a name, that need not be there. */
static int true_name(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_path path;
	uint8_t *to = dos_block(dos, cpu->es, cpu->di, PATH_TEXT);
	int error = path_parse_at(dos, cpu->ds, cpu->si, &path);

	if (error)
		return error;
	if (!to)
		return DOS_E_PATH;
	to[0] = (uint8_t)('A' + path.drive);
	to[1] = ':';
	to[2] = path.device != DOS_FILE_FREE ? '/' : '\\';
	if (path.length + 4 > PATH_TEXT)
		return DOS_E_PATH;
	memcpy(to + 3, path.text, path.length + 1);
	return DOS_OK;
}

static int set_verify(struct dos *dos)
{
	dos->verify = dos->cpu.al & 1;
	return DOS_OK;
}

static int get_verify(struct dos *dos)
{
	dos->cpu.al = dos->verify;
	return DOS_OK;
}

/* --- IOCTL --- */

static int device_control(struct dos *dos, struct dos_file *f)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t key;

	switch (cpu->al) {
	case 0x00:
		cpu->dx = files_device_word(dos, f);
		cpu->ax = cpu->dx;
		return DOS_OK;
	case 0x01:
		if (cpu->dh)
			return DOS_E_DATA;
		if (files_is_device(f))
			f->binary = (cpu->dl & 0x20) != 0;
		return DOS_OK;
	case 0x06:
		if (f->kind == DOS_FILE_CONSOLE) {
			cpu->al = dos->line_at < dos->line_length || console_peek_key(dos, &key)
					  ? 0xff
					  : 0;
		} else if (f->kind == DOS_FILE_DISK) {
			struct world_stat stat;
			int error = dos->world->file_stat(dos->world->context, f->file, &stat);

			if (error)
				return error;
			cpu->al = f->position < stat.size ? 0xff : 0;
		} else {
			cpu->al = f->at_end ? 0 : 0xff;
		}
		return DOS_OK;
	case 0x07:
		cpu->al = 0xff;
		return DOS_OK;
	case 0x0a:
		cpu->dx = 0; /* not remote */
		return DOS_OK;
	default:
		return DOS_E_FUNCTION; /* no control strings */
	}
}

static int control(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_file *f;
	uint8_t drive = cpu->bl ? (uint8_t)(cpu->bl - 1) : dos->drive;

	switch (cpu->al) {
	case 0x08:
	case 0x09:
	case 0x0e:
	case 0x0f:
		if (drive >= DOS_DRIVES || !dos->drives[drive].is_there)
			return DOS_E_DRIVE;
		if (cpu->al == 0x08)
			cpu->ax = 1; /* a fixed disk */
		else if (cpu->al == 0x09)
			cpu->dx = 0x1000; /* as a network drive: no sectors can be read */
		else
			cpu->al = 0; /* one letter each */
		return DOS_OK;
	case 0x0b:
		return DOS_OK; /* how often to try again when a file is shared: nobody is waited for */
	default:
		f = files_get(dos, cpu->bx);
		return f ? device_control(dos, f) : DOS_E_HANDLE;
	}
}

static int set_handle_count(struct dos *dos)
{
	/* The table in the PSP has room for 20, and files of more than that are seldom open. */
	return dos->cpu.bx <= 20 ? DOS_OK : DOS_E_HANDLES;
}

const struct int21_function int21_files[0x100] = {
	[0x0d] = { reset_disks, INT21_PLAIN, "reset disks" },
	[0x0e] = { select_drive, INT21_PLAIN, "select drive" },
	[0x19] = { current_drive, INT21_PLAIN, "current drive" },
	[0x1b] = { allocation, INT21_PLAIN, "allocation of the current drive" },
	[0x1c] = { allocation, INT21_PLAIN, "allocation of a drive" },
	[0x2e] = { set_verify, INT21_PLAIN, "set verify" },
	[0x36] = { disk_space, INT21_PLAIN, "free space" },
	[0x39] = { make_directory, 0, "make directory" },
	[0x3a] = { remove_directory, 0, "remove directory" },
	[0x3b] = { change_directory, 0, "change directory" },
	[0x3c] = { create, 0, "create file" },
	[0x3d] = { open, 0, "open file" },
	[0x3e] = { close, 0, "close handle" },
	[0x3f] = { read, INT21_BREAK, "read" },
	[0x40] = { write, INT21_BREAK, "write" },
	[0x41] = { delete, 0, "delete file" },
	[0x42] = { seek, 0, "seek" },
	[0x43] = { attributes, 0, "attributes" },
	[0x44] = { control, 0, "IOCTL" },
	[0x45] = { duplicate, 0, "duplicate handle" },
	[0x46] = { force_duplicate, 0, "force duplicate" },
	[0x47] = { current_directory, 0, "current directory" },
	[0x4e] = { find_first, 0, "find first" },
	[0x4f] = { find_next, 0, "find next" },
	[0x54] = { get_verify, INT21_PLAIN, "verify" },
	[0x56] = { rename_file, 0, "rename" },
	[0x57] = { file_time, 0, "date and time of a file" },
	[0x5a] = { create_temporary, 0, "create temporary file" },
	[0x5b] = { create_new, 0, "create new file" },
	[0x5c] = { lock, 0, "lock" },
	[0x60] = { true_name, 0, "true name" },
	[0x67] = { set_handle_count, 0, "handle count" },
	[0x68] = { commit, 0, "commit" },
	[0x6a] = { commit, 0, "commit" },
	[0x6c] = { extended_open, 0, "extended open" },
};
