/* INT 21h: files by file control block (FCB), as in CP/M and the first DOS.
 *
 * A FCB: 0 drive, 1 name, 12 block, 14 record size, 16 file size, 20 date, 22 time, 24 ours, 32 record in the block, 33
 * record number.  An extended one has FFh, five bytes and an attribute before it. */
#include <string.h>

#include "files.h"
#include "int21.h"
#include "path.h"
#include "search.h"

#define FCB_SIZE 37u
#define FCB_BLOCK 12
#define FCB_RECORD_SIZE 14
#define FCB_FILE_SIZE 16
#define FCB_DATE 20
#define FCB_TIME 22
#define FCB_FILE 24 /* ours: number in the system file table, + 1 */
#define FCB_RECORD 32
#define FCB_RANDOM 33

/* What al tells of a transfer. */
#define TRANSFER_OK 0
#define TRANSFER_END 1
#define TRANSFER_NO_ROOM 2
#define TRANSFER_PART 3

/* The FCB at ds:dx, behind what an extended one has before it; NULL: it is not all there. */
static uint8_t *fcb_at(struct dos *dos, uint8_t *attribute)
{
	uint8_t *fcb = dos_block(dos, dos->cpu.ds, dos->cpu.dx, 7 + FCB_SIZE);

	*attribute = 0;
	if (fcb && fcb[0] == 0xff) {
		*attribute = fcb[6];
		fcb += 7;
	}
	return fcb;
}

/* The path in the current directory of the FCB's drive, of the name at `field`. */
static int path_of(struct dos *dos, uint8_t drive, const uint8_t *field, struct dos_path *path)
{
	char text[2 + NAME_SHORT];
	uint8_t upper[NAME_FIELD];

	for (unsigned i = 0; i < NAME_FIELD; i++)
		upper[i] = name_upper(field[i]);
	text[0] = (char)(drive ? 'A' + drive - 1 : 'A' + dos->drive);
	text[1] = ':';
	name_from_field(upper, text + 2);
	return path_parse(dos, text, path);
}

static struct dos_file *file_of(struct dos *dos, const uint8_t *fcb)
{
	unsigned index = fcb[FCB_FILE] - 1u;

	if (index >= DOS_FILES || dos->files[index].kind == DOS_FILE_FREE ||
		!dos->files[index].is_fcb)
		return NULL;
	return &dos->files[index];
}

static int answer(struct dos *dos, int error)
{
	dos->cpu.al = error ? 0xff : 0;
	return error;
}

static int open_fcb(struct dos *dos, unsigned how)
{
	struct dos_path path;
	struct dos_file *f;
	uint16_t action, date, time;
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	struct world_stat stat = { 0 };
	int error = fcb ? path_of(dos, fcb[0], fcb + 1, &path) : DOS_E_ACCESS;

	if (!error)
		error = files_open(dos, &path, 2, how, attribute, &f, &action);
	if (error == DOS_E_ACCESS && !(how & FILES_CREATE))
		error = files_open(dos, &path, 0, how, attribute, &f, &action);
	if (error)
		return answer(dos, error);
	f->is_fcb = true;
	if (f->kind == DOS_FILE_DISK)
		error = dos->world->file_stat(dos->world->context, f->file, &stat);
	if (error) {
		files_drop(dos, f);
		return answer(dos, error);
	}
	if (!fcb[0])
		fcb[0] = (uint8_t)(dos->drive + 1);
	put16(fcb + FCB_BLOCK, 0);
	put16(fcb + FCB_RECORD_SIZE, 128);
	put32(fcb + FCB_FILE_SIZE, stat.size);
	dos_stamp(stat.mtime, &date, &time);
	put16(fcb + FCB_DATE, date);
	put16(fcb + FCB_TIME, time);
	fcb[FCB_FILE] = (uint8_t)(files_index(dos, f) + 1);
	return answer(dos, DOS_OK);
}

static int open(struct dos *dos)
{
	return open_fcb(dos, FILES_OPEN);
}

static int create(struct dos *dos)
{
	return open_fcb(dos, FILES_CREATE | FILES_OPEN);
}

static int close(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	struct dos_file *f = fcb ? file_of(dos, fcb) : NULL;

	if (!f)
		return answer(dos, DOS_E_HANDLE);
	files_drop(dos, f);
	fcb[FCB_FILE] = 0;
	return answer(dos, DOS_OK);
}

/* --- Searching: the state lies in the FCB, the entry goes to the DTA --- */

static void fill_entry(
	struct dos *dos, const uint8_t *fcb, const struct search_entry *entry, bool extended)
{
	uint8_t *to = dos_block(dos, dos->dta_segment, dos->dta_offset, 40);

	if (!to)
		return;
	if (extended) {
		memset(to, 0, 7);
		to[0] = 0xff;
		to[6] = entry->attribute;
		to += 7;
	}
	memset(to, 0, 33);
	to[0] = fcb[0] ? fcb[0] : (uint8_t)(dos->drive + 1);
	memcpy(to + 1, entry->field, NAME_FIELD);
	to[12] = entry->attribute;
	put16(to + 23, entry->time);
	put16(to + 25, entry->date);
	put32(to + 29, entry->size);
}

static int find_first(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute), state[SEARCH_STATE];
	struct search_entry entry;
	struct dos_path path;
	int error = fcb ? path_of(dos, fcb[0], fcb + 1, &path) : DOS_E_ACCESS;

	if (!error)
		error = search_first(dos, &path, attribute, state, &entry);
	if (error)
		return answer(dos, error);
	/* What a FCB of a search keeps lies behind its name. */
	memcpy(fcb + 12, state + 12, SEARCH_STATE - 12);
	fill_entry(dos, fcb, &entry, fcb != dos_at(dos, dos->cpu.ds, dos->cpu.dx));
	return answer(dos, DOS_OK);
}

static int find_next(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute), state[SEARCH_STATE] = { 0 };
	struct search_entry entry;
	int error;

	if (!fcb)
		return answer(dos, DOS_E_ACCESS);
	for (unsigned i = 0; i < NAME_FIELD; i++)
		state[1 + i] = name_upper(fcb[1 + i]);
	memcpy(state + 12, fcb + 12, SEARCH_STATE - 12);
	error = search_next(dos, state, &entry);
	memcpy(fcb + 12, state + 12, SEARCH_STATE - 12);
	if (!error)
		fill_entry(dos, fcb, &entry, fcb != dos_at(dos, dos->cpu.ds, dos->cpu.dx));
	return answer(dos, error);
}

/* Call `act` for each file that the pattern matches; DOS_E_FILE: none did. */
static int for_each(struct dos *dos, uint8_t drive, const uint8_t *pattern,
	int (*act)(struct dos *dos, uint8_t drive, const uint8_t *field, const uint8_t *argument),
	const uint8_t *argument)
{
	uint8_t state[SEARCH_STATE];
	struct search_entry entry;
	struct dos_path path;
	int error = path_of(dos, drive, pattern, &path);

	if (!error)
		error = search_first(dos, &path, 0, state, &entry);
	if (error == DOS_E_NO_MORE)
		return DOS_E_FILE;
	while (!error) {
		error = act(dos, drive, entry.field, argument);
		if (error)
			return error;
		error = search_next(dos, state, &entry);
	}
	return error == DOS_E_NO_MORE ? DOS_OK : error;
}

static int delete_one(struct dos *dos, uint8_t drive, const uint8_t *field, const uint8_t *argument)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX];
	struct world_stat stat;
	int error = path_of(dos, drive, field, &path);

	(void)argument;
	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (!error && !stat.is_writable)
		error = DOS_E_ACCESS;
	return error ? error : dos->world->remove(dos->world->context, file, false);
}

static int delete (struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);

	return answer(dos, fcb ? for_each(dos, fcb[0], fcb + 1, delete_one, NULL) : DOS_E_ACCESS);
}

static int rename_one(struct dos *dos, uint8_t drive, const uint8_t *field, const uint8_t *to)
{
	struct dos_path from_path, to_path;
	char from[WORLD_PATH_MAX], to_file[WORLD_PATH_MAX];
	uint8_t name[NAME_FIELD];
	struct world_stat stat;
	int error;

	for (unsigned i = 0; i < NAME_FIELD; i++)
		name[i] = to[i] == '?' ? field[i] : to[i];
	error = path_of(dos, drive, field, &from_path);
	if (!error)
		error = path_of(dos, drive, name, &to_path);
	if (!error)
		error = path_resolve(dos, &from_path, from, &stat);
	if (error)
		return error;
	error = path_resolve(dos, &to_path, to_file, &stat);
	if (error != DOS_E_FILE)
		return error ? error : DOS_E_ACCESS;
	return dos->world->rename(dos->world->context, from, to_file);
}

static int rename_files(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);

	return answer(
		dos, fcb ? for_each(dos, fcb[0], fcb + 1, rename_one, fcb + 17) : DOS_E_ACCESS);
}

/* --- Records --- */

static uint32_t record_size(const uint8_t *fcb)
{
	uint16_t size = get16(fcb + FCB_RECORD_SIZE);

	return size ? size : 128;
}

static uint32_t sequential(const uint8_t *fcb)
{
	return get16(fcb + FCB_BLOCK) * 128u + (fcb[FCB_RECORD] & 127);
}

static void set_sequential(uint8_t *fcb, uint32_t record)
{
	put16(fcb + FCB_BLOCK, (uint16_t)(record / 128));
	fcb[FCB_RECORD] = (uint8_t)(record % 128);
}

static uint32_t random_record(const uint8_t *fcb)
{
	uint32_t record = get32(fcb + FCB_RANDOM);

	return record_size(fcb) >= 64 ? record & 0xffffff
				      : record; /* the fourth byte is the program's then */
}

static void set_random(uint8_t *fcb, uint32_t record)
{
	fcb[FCB_RANDOM] = (uint8_t)record;
	put16(fcb + FCB_RANDOM + 1, (uint16_t)(record >> 8));
	if (record_size(fcb) < 64)
		fcb[FCB_RANDOM + 3] = (uint8_t)(record >> 24);
}

/* `*count` records from `record` on, to or from the DTA; *count were moved. */
static uint8_t transfer(
	struct dos *dos, uint8_t *fcb, uint32_t record, uint16_t *count, bool is_write)
{
	struct dos_file *f = file_of(dos, fcb);
	uint32_t size = record_size(fcb), bytes = size * *count;
	uint16_t done = 0;
	uint8_t *memory;
	int error;

	if (!f)
		return TRANSFER_END;
	if (bytes > 0x10000u - dos->dta_offset || bytes > 0xffff)
		return TRANSFER_NO_ROOM;
	memory = dos_block(dos, dos->dta_segment, dos->dta_offset, bytes);
	if (!memory)
		return TRANSFER_NO_ROOM;
	f->position = record * size;
	error = is_write ? files_write(dos, f, memory, (uint16_t)bytes, &done)
			 : files_read(dos, f, memory, (uint16_t)bytes, &done);
	if (is_write && f->position > get32(fcb + FCB_FILE_SIZE))
		put32(fcb + FCB_FILE_SIZE, f->position);
	*count = (uint16_t)((done + size - 1) / size);
	if (done == bytes && !error)
		return TRANSFER_OK;
	if (is_write || done == 0)
		return TRANSFER_END; /* for a write: the disk is full */
	if (done % size == 0)
		return TRANSFER_END;
	memset(memory + done, 0, size - done % size);
	return TRANSFER_PART;
}

static int move_sequential(struct dos *dos, bool is_write)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	uint16_t count = 1;

	dos->cpu.al = TRANSFER_END;
	if (!fcb)
		return DOS_OK;
	dos->cpu.al = transfer(dos, fcb, sequential(fcb), &count, is_write);
	if (dos->cpu.al == TRANSFER_OK || dos->cpu.al == TRANSFER_PART)
		set_sequential(fcb, sequential(fcb) + 1);
	return DOS_OK;
}

static int read_sequential(struct dos *dos)
{
	return move_sequential(dos, false);
}

static int write_sequential(struct dos *dos)
{
	return move_sequential(dos, true);
}

static int move_random(struct dos *dos, bool is_write)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	uint16_t count = 1;

	dos->cpu.al = TRANSFER_END;
	if (!fcb)
		return DOS_OK;
	set_sequential(fcb, random_record(fcb));
	dos->cpu.al = transfer(dos, fcb, random_record(fcb), &count, is_write);
	return DOS_OK;
}

static int read_random(struct dos *dos)
{
	return move_random(dos, false);
}

static int write_random(struct dos *dos)
{
	return move_random(dos, true);
}

static int move_block(struct dos *dos, bool is_write)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	struct dos_file *f = fcb ? file_of(dos, fcb) : NULL;

	dos->cpu.al = TRANSFER_END;
	if (!f)
		return DOS_OK;
	if (is_write && dos->cpu.cx == 0) { /* sets the size */
		uint32_t size = random_record(fcb) * record_size(fcb);

		if (f->kind == DOS_FILE_DISK &&
			dos->world->set_size(dos->world->context, f->file, size) == DOS_OK) {
			put32(fcb + FCB_FILE_SIZE, size);
			dos->cpu.al = TRANSFER_OK;
		}
		return DOS_OK;
	}
	dos->cpu.al = transfer(dos, fcb, random_record(fcb), &dos->cpu.cx, is_write);
	if (dos->cpu.al == TRANSFER_NO_ROOM)
		dos->cpu.cx = 0;
	set_random(fcb, random_record(fcb) + dos->cpu.cx);
	set_sequential(fcb, random_record(fcb));
	return DOS_OK;
}

static int read_block(struct dos *dos)
{
	return move_block(dos, false);
}

static int write_block(struct dos *dos)
{
	return move_block(dos, true);
}

static int set_random_record(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);

	if (fcb)
		set_random(fcb, sequential(fcb));
	return DOS_OK;
}

static int file_size(struct dos *dos)
{
	struct dos_path path;
	char file[WORLD_PATH_MAX];
	struct world_stat stat;
	uint8_t attribute, *fcb = fcb_at(dos, &attribute);
	int error = fcb ? path_of(dos, fcb[0], fcb + 1, &path) : DOS_E_ACCESS;

	if (!error)
		error = path_resolve(dos, &path, file, &stat);
	if (!error)
		set_random(fcb, (stat.size + record_size(fcb) - 1) / record_size(fcb));
	return answer(dos, error);
}

/* --- Function 29h: a name into an FCB --- */

static const uint8_t *skip(const uint8_t *s, const uint8_t *end, const char *set)
{
	while (s < end && *s && strchr(set, *s))
		s++;
	return s;
}

static const uint8_t *parse_part(
	const uint8_t *s, const uint8_t *end, uint8_t *to, unsigned room, bool keep)
{
	unsigned at = 0;

	for (; s < end && (*s == '*' || *s == '?' || name_character(*s)); s++) {
		if (at == 0 && keep)
			memset(to, ' ', room);
		while (*s == '*' && at < room)
			to[at++] = '?';
		if (*s != '*' && at < room)
			to[at++] = name_upper(*s);
	}
	return s;
}

static int parse_name(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *start = dos_at(dos, cpu->ds, cpu->si), *s = start;
	const uint8_t *end = s + (dos_block(dos, cpu->ds, cpu->si, 128) ? 128 : 0);
	uint8_t *fcb = dos_block(dos, cpu->es, cpu->di, FCB_SIZE), how = cpu->al;

	cpu->al = 0;
	if (!fcb)
		return DOS_OK;
	if (how & 1)
		s = skip(s, end, " \t:;,=+.");
	else
		s = skip(s, end, " \t");
	if (!(how & 2))
		fcb[0] = 0;
	if (end - s > 1 && s[1] == ':') {
		uint8_t drive = (uint8_t)(name_upper(*s) - 'A');

		fcb[0] = (uint8_t)(drive + 1);
		s += 2;
		if (drive >= DOS_DRIVES || !dos->drives[drive].is_there)
			cpu->al = 0xff;
	}
	if (!(how & 4))
		memset(fcb + 1, ' ', 8);
	if (!(how & 8))
		memset(fcb + 9, ' ', 3);
	s = parse_part(s, end, fcb + 1, 8, true);
	if (s < end && *s == '.')
		s = parse_part(s + 1, end, fcb + 9, 3, true);
	if (cpu->al == 0 && memchr(fcb + 1, '?', NAME_FIELD))
		cpu->al = 1;
	cpu->si = (uint16_t)(cpu->si + (s - start));
	return DOS_OK;
}

const struct int21_function int21_fcb[0x100] = {
	[0x0f] = { open, INT21_PLAIN, "open FCB" },
	[0x10] = { close, INT21_PLAIN, "close FCB" },
	[0x11] = { find_first, INT21_PLAIN, "find first by FCB" },
	[0x12] = { find_next, INT21_PLAIN, "find next by FCB" },
	[0x13] = { delete, INT21_PLAIN, "delete by FCB" },
	[0x14] = { read_sequential, INT21_PLAIN, "sequential read" },
	[0x15] = { write_sequential, INT21_PLAIN, "sequential write" },
	[0x16] = { create, INT21_PLAIN, "create FCB" },
	[0x17] = { rename_files, INT21_PLAIN, "rename by FCB" },
	[0x21] = { read_random, INT21_PLAIN, "random read" },
	[0x22] = { write_random, INT21_PLAIN, "random write" },
	[0x23] = { file_size, INT21_PLAIN, "file size" },
	[0x24] = { set_random_record, INT21_PLAIN, "set random record" },
	[0x27] = { read_block, INT21_PLAIN, "random block read" },
	[0x28] = { write_block, INT21_PLAIN, "random block write" },
	[0x29] = { parse_name, INT21_PLAIN, "parse name" },
};
