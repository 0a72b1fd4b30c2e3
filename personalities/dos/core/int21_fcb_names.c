/* INT 21h: names in file control blocks: parsing, searching, deleting, renaming. */
#include <string.h>

#include "fcb.h"
#include "files.h"
#include "int21.h"
#include "search.h"

uint8_t *fcb_at(struct dos *dos, uint8_t *attribute)
{
	uint8_t *fcb = dos_block(dos, dos->cpu.ds, dos->cpu.dx, 7 + FCB_SIZE);

	*attribute = 0;
	if (fcb && fcb[0] == 0xff) {
		*attribute = fcb[6];
		fcb += 7;
	}
	return fcb;
}

int fcb_path(struct dos *dos, uint8_t drive, const uint8_t *field, struct dos_path *path)
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

int fcb_answer(struct dos *dos, int error)
{
	dos->cpu.al = error ? 0xff : 0;
	return error;
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
	int error = fcb ? fcb_path(dos, fcb[0], fcb + 1, &path) : DOS_E_ACCESS;

	if (!error)
		error = search_first(dos, &path, attribute, state, &entry);
	if (error)
		return fcb_answer(dos, error);
	/* What a FCB of a search keeps lies behind its name. */
	memcpy(fcb + 12, state + 12, SEARCH_STATE - 12);
	fill_entry(dos, fcb, &entry, fcb != dos_at(dos, dos->cpu.ds, dos->cpu.dx));
	return fcb_answer(dos, DOS_OK);
}

static int find_next(struct dos *dos)
{
	uint8_t attribute, *fcb = fcb_at(dos, &attribute), state[SEARCH_STATE] = { 0 };
	struct search_entry entry;
	int error;

	if (!fcb)
		return fcb_answer(dos, DOS_E_ACCESS);
	for (unsigned i = 0; i < NAME_FIELD; i++)
		state[1 + i] = name_upper(fcb[1 + i]);
	memcpy(state + 12, fcb + 12, SEARCH_STATE - 12);
	error = search_next(dos, state, &entry);
	memcpy(fcb + 12, state + 12, SEARCH_STATE - 12);
	if (!error)
		fill_entry(dos, fcb, &entry, fcb != dos_at(dos, dos->cpu.ds, dos->cpu.dx));
	return fcb_answer(dos, error);
}

/* Call `act` for each file that the pattern matches; DOS_E_FILE: none did. */
static int for_each(struct dos *dos, uint8_t drive, const uint8_t *pattern,
	int (*act)(struct dos *dos, uint8_t drive, const uint8_t *field, const uint8_t *argument),
	const uint8_t *argument)
{
	uint8_t state[SEARCH_STATE];
	struct search_entry entry;
	struct dos_path path;
	int error = fcb_path(dos, drive, pattern, &path);

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
	int error = fcb_path(dos, drive, field, &path);

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

	return fcb_answer(
		dos, fcb ? for_each(dos, fcb[0], fcb + 1, delete_one, NULL) : DOS_E_ACCESS);
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
	error = fcb_path(dos, drive, field, &from_path);
	if (!error)
		error = fcb_path(dos, drive, name, &to_path);
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

	return fcb_answer(
		dos, fcb ? for_each(dos, fcb[0], fcb + 1, rename_one, fcb + 17) : DOS_E_ACCESS);
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

const struct int21_function int21_fcb_names[0x100] = {
	[0x11] = { find_first, INT21_PLAIN, "find first by FCB" },
	[0x12] = { find_next, INT21_PLAIN, "find next by FCB" },
	[0x13] = { delete, INT21_PLAIN, "delete by FCB" },
	[0x17] = { rename_files, INT21_PLAIN, "rename by FCB" },
	[0x29] = { parse_name, INT21_PLAIN, "parse name" },
};
