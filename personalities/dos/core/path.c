#include "path.h"

#include <string.h>

static bool is_separator(char c)
{
	return c == '\\' || c == '/';
}

enum dos_file_kind path_device(const uint8_t field[NAME_FIELD])
{
	static const struct {
		char name[9];
		enum dos_file_kind kind;
	} devices[] = {
		{ "CON     ", DOS_FILE_CONSOLE },
		{ "NUL     ", DOS_FILE_NUL },
		{ "AUX     ", DOS_FILE_AUX },
		{ "COM1    ", DOS_FILE_AUX },
		{ "PRN     ", DOS_FILE_PRN },
		{ "LPT1    ", DOS_FILE_PRN },
		{ "CLOCK$  ", DOS_FILE_CLOCK },
		{ "EMMXXXX0", DOS_FILE_EMS },
	};

	for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (memcmp(field, devices[i].name, 8) == 0)
			return devices[i].kind;
	return DOS_FILE_FREE;
}

/* Take the last name away; false: there is none. */
static bool up(struct dos_path *p)
{
	if (p->length == 0)
		return false;
	while (p->length > 0 && p->text[--p->length] != '\\')
		continue;
	p->text[p->length] = '\0';
	return true;
}

static int add(struct dos_path *p, const uint8_t field[NAME_FIELD])
{
	char name[NAME_SHORT];
	unsigned n;

	name_from_field(field, name);
	n = (unsigned)strlen(name);
	if (p->length + 1 + n >= PATH_TEXT)
		return DOS_E_PATH;
	if (p->length)
		p->text[p->length++] = '\\';
	p->last = p->length;
	memcpy(p->text + p->length, name, n + 1);
	p->length += n;
	memcpy(p->field, field, NAME_FIELD);
	return DOS_OK;
}

static int add_names(struct dos_path *p, const char *s)
{
	while (*s) {
		const char *end = s;
		uint8_t field[NAME_FIELD];
		int error = DOS_OK;

		while (*end && !is_separator(*end))
			end++;
		if (p->is_pattern || !name_parse(s, (unsigned)(end - s), field))
			return *end ? DOS_E_PATH : DOS_E_FILE;
		if (field[0] != '.') {
			error = add(p, field);
			p->is_pattern = name_is_pattern(field);
		} else if (field[1] == '.' && !up(p)) {
			error = DOS_E_PATH;
		}
		if (error)
			return error;
		s = end;
		while (is_separator(*s))
			s++;
	}
	return DOS_OK;
}

/* Where the last name lies, when . or .. has moved it. */
static void find_last(struct dos_path *p)
{
	p->last = p->length;
	while (p->last > 0 && p->text[p->last - 1] != '\\')
		p->last--;
	if (!name_parse(p->text + p->last, p->length - p->last, p->field))
		memset(p->field, ' ', NAME_FIELD);
}

int path_parse(struct dos *dos, const char *s, struct dos_path *p)
{
	int error = DOS_OK;

	memset(p, 0, sizeof(*p));
	p->drive = dos->drive;
	if (s[0] && s[1] == ':') {
		p->drive = (uint8_t)(name_upper((uint8_t)s[0]) - 'A');
		s += 2;
	}
	if (p->drive >= DOS_DRIVES || !dos->drives[p->drive].is_there)
		return DOS_E_DRIVE;
	if (is_separator(*s)) {
		while (is_separator(*s))
			s++;
	} else {
		error = add_names(p, dos->drives[p->drive].directory);
	}
	if (!error)
		error = add_names(p, s);
	if (error)
		return error;
	find_last(p);
	p->is_root = p->length == 0;
	p->device = p->is_root ? DOS_FILE_FREE : path_device(p->field);
	return DOS_OK;
}

int path_parse_at(struct dos *dos, uint16_t segment, uint16_t offset, struct dos_path *p)
{
	const uint8_t *s = dos_block(dos, segment, offset, PATH_TEXT);

	/* At the end of memory, or too long. */
	if (!s || !memchr(s, '\0', PATH_TEXT))
		return DOS_E_PATH;
	return path_parse(dos, (const char *)s, p);
}

int path_append(char directory[WORLD_PATH_MAX], const char *name)
{
	size_t length = strlen(directory), n = strlen(name);

	if (length + 1 + n >= WORLD_PATH_MAX)
		return DOS_E_PATH;
	directory[length] = '/';
	memcpy(directory + length + 1, name, n + 1);
	return DOS_OK;
}

struct lookup {
	const uint8_t *field;
	char name[WORLD_NAME_MAX];
};

static bool compare(void *argument, const char *name)
{
	struct lookup *l = argument;
	uint8_t field[NAME_FIELD];
	bool plain = name_to_field(name, field), found = memcmp(field, l->field, NAME_FIELD) == 0;

	if (!found && plain) { /* another one may hide it under its own name */
		name_stand_in(name, field);
		found = memcmp(field, l->field, NAME_FIELD) == 0;
	}
	if (found && strlen(name) < sizeof(l->name))
		strcpy(l->name, name);
	return !found;
}

static int try_name(
	struct dos *dos, char directory[WORLD_PATH_MAX], const char *name, struct world_stat *stat)
{
	size_t length = strlen(directory);
	int error = path_append(directory, name);

	if (!error)
		error = dos->world->stat(dos->world->context, directory, stat);
	if (error)
		directory[length] = '\0';
	return error;
}

int path_find(struct dos *dos, char directory[WORLD_PATH_MAX], const uint8_t field[NAME_FIELD],
	struct world_stat *stat)
{
	struct lookup l = { .field = field };
	char name[NAME_SHORT];
	int error;

	name_to_create(field, name);
	error = try_name(dos, directory, name, stat);
	if (error != DOS_E_FILE)
		return error;
	name_from_field(field, name);
	error = try_name(dos, directory, name, stat);
	if (error != DOS_E_FILE)
		return error;
	error = dos->world->list(dos->world->context, *directory ? directory : "/", compare, &l);
	if (error)
		return error;
	return l.name[0] ? try_name(dos, directory, l.name, stat) : DOS_E_FILE;
}

/* The first `length` characters of the path. */
static int resolve(struct dos *dos, const struct dos_path *p, unsigned length,
	char out[WORLD_PATH_MAX], struct world_stat *stat)
{
	const char *s = p->text, *end = p->text + length;
	int error;

	strcpy(out, dos->drives[p->drive].root);
	if (s == end)
		return dos->world->stat(dos->world->context, *out ? out : "/", stat);
	while (s < end) {
		unsigned n = 0;
		uint8_t field[NAME_FIELD];
		char name[NAME_SHORT];

		while (s + n < end && s[n] != '\\')
			n++;
		if (!name_parse(s, n, field))
			return DOS_E_PATH;
		error = path_find(dos, out, field, stat);
		s += n;
		if (error == DOS_E_FILE && s == end) {
			name_to_create(field, name);
			return path_append(out, name) ? DOS_E_PATH : DOS_E_FILE;
		}
		if (error)
			return error == DOS_E_FILE ? DOS_E_PATH : error;
		if (s < end) {
			if (!stat->is_directory)
				return DOS_E_PATH;
			s++;
		}
	}
	return DOS_OK;
}

int path_resolve(struct dos *dos, const struct dos_path *p, char out[WORLD_PATH_MAX],
	struct world_stat *stat)
{
	return resolve(dos, p, p->length, out, stat);
}

int path_resolve_parent(struct dos *dos, const struct dos_path *p, char out[WORLD_PATH_MAX])
{
	struct world_stat stat;
	int error = resolve(dos, p, p->last ? p->last - 1 : 0, out, &stat);

	if (error == DOS_E_FILE || (!error && !stat.is_directory))
		error = DOS_E_PATH;
	return error;
}

/* The drive whose root is the longest beginning of the path. */
static int find_drive(const struct dos *dos, const char *path, uint8_t *drive)
{
	size_t best = 0;
	bool found = false;

	for (uint8_t i = 0; i < DOS_DRIVES; i++) {
		const struct dos_drive *d = &dos->drives[i];
		size_t n = strlen(d->root);

		if (!d->is_there || strncmp(path, d->root, n) != 0 ||
			(path[n] != '/' && path[n] != '\0') || (found && n <= best))
			continue;
		best = n;
		*drive = i;
		found = true;
	}
	return found ? DOS_OK : DOS_E_PATH;
}

int path_from_world(struct dos *dos, const char *path, uint8_t *drive, char text[PATH_TEXT])
{
	unsigned length = 0;
	int error = find_drive(dos, path, drive);

	if (error)
		return error;
	path += strlen(dos->drives[*drive].root);
	while (*path == '/')
		path++;
	while (*path) {
		char name[WORLD_NAME_MAX], short_name[NAME_SHORT];
		uint8_t field[NAME_FIELD];
		size_t n = strcspn(path, "/");

		if (n >= sizeof(name))
			return DOS_E_PATH;
		memcpy(name, path, n);
		name[n] = '\0';
		(void)name_to_field(name, field);
		name_from_field(field, short_name);
		if (length + 1 + strlen(short_name) >= PATH_TEXT)
			return DOS_E_PATH;
		if (length)
			text[length++] = '\\';
		strcpy(text + length, short_name);
		length += (unsigned)strlen(short_name);
		path += n;
		while (*path == '/')
			path++;
	}
	text[length] = '\0';
	return DOS_OK;
}
