#include "search.h"

#include <string.h>

#include "files.h"

#define FIRST_ROOM 4096u
#define MOST_ROOM (1u << 20)

/* The state: drive, pattern, attributes, then ours. */
#define STATE_PATTERN 1
#define STATE_ATTRIBUTE 12
#define STATE_AT 13
#define STATE_SLOT 17
#define STATE_SERIAL 18

static void forget(struct dos *dos, struct dos_search *s)
{
	if (s->names)
		dos->world->free(dos->world->context, s->names, s->room);
	memset(s, 0, sizeof(*s));
}

void search_end_all(struct dos *dos)
{
	for (unsigned i = 0; i < DOS_SEARCHES; i++)
		forget(dos, &dos->searches[i]);
}

/* A free one, or that which was not used for the longest time: programs seldom search to the end. */
static struct dos_search *new_search(struct dos *dos)
{
	struct dos_search *s = &dos->searches[0];

	for (unsigned i = 1; i < DOS_SEARCHES && s->serial; i++)
		if (!dos->searches[i].serial || dos->searches[i].used < s->used)
			s = &dos->searches[i];
	forget(dos, s);
	if (++dos->search_serial == 0)
		dos->search_serial = 1;
	s->serial = dos->search_serial;
	return s;
}

struct collector {
	struct dos *dos;
	struct dos_search *search;
	const uint8_t *pattern;
	int error;
};

static bool grow(struct dos *dos, struct dos_search *s, uint32_t need)
{
	uint32_t room = s->room ? s->room : FIRST_ROOM;
	char *names;

	while (room < need)
		room *= 2;
	if (room == s->room)
		return true;
	if (room > MOST_ROOM)
		return false;
	names = dos->world->allocate(dos->world->context, room);
	if (!names)
		return false;
	if (s->names) {
		memcpy(names, s->names, s->size);
		dos->world->free(dos->world->context, s->names, s->room);
	}
	s->names = names;
	s->room = room;
	return true;
}

static bool collect(void *argument, const char *name)
{
	struct collector *c = argument;
	uint32_t n = (uint32_t)strlen(name) + 1;
	uint8_t field[NAME_FIELD];
	bool plain = true;

	if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
		(void)name_parse(name, n - 1, field);
	else
		plain = name_to_field(name, field);
	if (!name_matches(c->pattern, field)) {
		if (!plain)
			return true;
		name_stand_in(name, field);
		if (!name_matches(c->pattern, field))
			return true;
	}
	if (!grow(c->dos, c->search, c->search->size + n)) {
		c->error = DOS_E_MEMORY;
		return false;
	}
	memcpy(c->search->names + c->search->size, name, n);
	c->search->size += n;
	return true;
}

uint8_t search_attribute(const char *name, const struct world_stat *stat)
{
	uint8_t attribute = stat->is_directory ? ATTRIBUTE_DIRECTORY : ATTRIBUTE_ARCHIVE;

	if (!stat->is_writable && !stat->is_directory)
		attribute |= ATTRIBUTE_READ_ONLY;
	if (name[0] == '.' && name[1] && !(name[1] == '.' && !name[2]))
		attribute |= ATTRIBUTE_HIDDEN;
	return attribute;
}

/* Has another name of the directory the same field, and the first claim to it (path_find)? */
static bool is_hidden_by_other(
	struct dos *dos, const char *directory, const char *name, const uint8_t *field)
{
	for (unsigned i = 0; i < 2; i++) {
		char other[NAME_SHORT], path[WORLD_PATH_MAX];
		struct world_stat stat;

		if (i == 0)
			name_to_create(field, other);
		else
			name_from_field(field, other);
		if (strcmp(other, name) == 0)
			return false;
		strcpy(path, directory);
		if (path_append(path, other) == DOS_OK &&
			dos->world->stat(dos->world->context, path, &stat) == DOS_OK)
			return true;
	}
	return false;
}

/* The entry for one name; false: it is gone, or not of the kind that is wanted. */
static bool describe(struct dos *dos, const struct dos_search *s, const char *name,
	const uint8_t *state, struct search_entry *entry)
{
	char path[WORLD_PATH_MAX];
	struct world_stat stat;
	uint8_t wanted = state[STATE_ATTRIBUTE];

	strcpy(path, s->directory);
	if (path_append(path, name) || dos->world->stat(dos->world->context, path, &stat))
		return false;
	entry->attribute = search_attribute(name, &stat);
	if (entry->attribute & ~wanted &
		(ATTRIBUTE_DIRECTORY | ATTRIBUTE_HIDDEN | ATTRIBUTE_SYSTEM))
		return false;
	if (name[0] == '.' && !(entry->attribute & ATTRIBUTE_HIDDEN))
		(void)name_parse(name, (unsigned)strlen(name), entry->field);
	else if (name_to_field(name, entry->field) &&
		 is_hidden_by_other(dos, s->directory, name, entry->field))
		name_stand_in(name, entry->field);
	if (!name_matches(state + STATE_PATTERN, entry->field))
		return false;
	entry->size = stat.is_directory ? 0 : stat.size;
	dos_stamp(stat.mtime, &entry->date, &entry->time);
	return true;
}

static int search_on(struct dos *dos, uint8_t *state, struct search_entry *entry)
{
	unsigned slot = state[STATE_SLOT];
	struct dos_search *s = slot < DOS_SEARCHES ? &dos->searches[slot] : NULL;
	uint32_t at = get32(state + STATE_AT);

	if (!s || !s->serial || s->serial != get16(state + STATE_SERIAL))
		return DOS_E_NO_MORE;
	s->used = ++dos->search_clock;
	while (at < s->size) {
		const char *name = s->names + at;

		at += (uint32_t)strlen(name) + 1;
		if (describe(dos, s, name, state, entry)) {
			put32(state + STATE_AT, at);
			return DOS_OK;
		}
	}
	forget(dos, s);
	return DOS_E_NO_MORE;
}

/* A device is in each directory that is there: programs look for NUL to know of one. */
static int find_device(
	struct dos *dos, const struct dos_path *path, uint8_t *state, struct search_entry *entry)
{
	char directory[WORLD_PATH_MAX];
	int error = path_resolve_parent(dos, path, directory);

	if (error)
		return error;
	memset(state, 0, SEARCH_STATE);
	state[STATE_SLOT] = DOS_SEARCHES; /* there is no next one */
	*entry = (struct search_entry){ .attribute = ATTRIBUTE_DEVICE };
	memcpy(entry->field, path->field, 8);
	memset(entry->field + 8, ' ', NAME_FIELD - 8);
	dos_stamp(dos->world->now_ns(dos->world->context) / 1000000000, &entry->date, &entry->time);
	return DOS_OK;
}

int search_first(struct dos *dos, const struct dos_path *path, uint8_t attributes,
	uint8_t state[SEARCH_STATE], struct search_entry *entry)
{
	struct collector c = { .dos = dos, .pattern = path->field };
	int error;

	/* Disks have no labels. */
	if (path->is_root || (attributes & 0x3f) == ATTRIBUTE_LABEL)
		return DOS_E_NO_MORE;
	if (path->device != DOS_FILE_FREE)
		return find_device(dos, path, state, entry);
	c.search = new_search(dos);
	error = path_resolve_parent(dos, path, c.search->directory);
	if (!error && path->last > 0 && (attributes & ATTRIBUTE_DIRECTORY)) {
		(void)collect(&c, ".");
		(void)collect(&c, "..");
	}
	if (!error)
		error = dos->world->list(dos->world->context,
			c.search->directory[0] ? c.search->directory : "/", collect, &c);
	if (!error)
		error = c.error;
	if (error) {
		forget(dos, c.search);
		return error;
	}
	memset(state, 0, SEARCH_STATE);
	state[0] = (uint8_t)(path->drive + 1);
	memcpy(state + STATE_PATTERN, path->field, NAME_FIELD);
	state[STATE_ATTRIBUTE] = attributes;
	state[STATE_SLOT] = (uint8_t)(c.search - dos->searches);
	put16(state + STATE_SERIAL, c.search->serial);
	return search_on(dos, state, entry);
}

int search_next(struct dos *dos, uint8_t state[SEARCH_STATE], struct search_entry *entry)
{
	return search_on(dos, state, entry);
}
