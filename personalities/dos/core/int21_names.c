/* INT 21h: names of files and directories, and searching them. */
#include <string.h>

#include "files.h"
#include "int21.h"
#include "path.h"
#include "search.h"

static int with_path(struct dos *dos, struct dos_path *path)
{
	return path_parse_at(dos, dos->cpu.ds, dos->cpu.dx, path);
}

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

const struct int21_function int21_names[0x100] = {
	[0x39] = { make_directory, 0, "make directory" },
	[0x3a] = { remove_directory, 0, "remove directory" },
	[0x3b] = { change_directory, 0, "change directory" },
	[0x41] = { delete, 0, "delete file" },
	[0x43] = { attributes, 0, "attributes" },
	[0x47] = { current_directory, 0, "current directory" },
	[0x4e] = { find_first, 0, "find first" },
	[0x4f] = { find_next, 0, "find next" },
	[0x56] = { rename_file, 0, "rename" },
	[0x60] = { true_name, 0, "true name" },
};
