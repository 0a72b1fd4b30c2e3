#include "load.h"

#include <string.h>

#include "exec.h"
#include "files.h"
#include "psp.h"

#define HEADER 28u
#define ENVIRONMENT_MAX 0x7f00u
#define CHUNK 0xc000u

int load_examine(const uint8_t *head, uint32_t n, uint32_t size, struct load_header *h)
{
	uint32_t pages, last, end;

	memset(h, 0, sizeof(*h));
	h->image_size = size;
	if (n < 2 || !((head[0] == 'M' && head[1] == 'Z') || (head[0] == 'Z' && head[1] == 'M')))
		return DOS_OK;
	if (n < HEADER)
		return DOS_E_FORMAT;
	h->is_exe = true;
	last = get16(head + 2);
	pages = get16(head + 4);
	h->relocations = get16(head + 6);
	h->image_offset = (uint32_t)get16(head + 8) * 16;
	h->min_extra = get16(head + 10);
	h->max_extra = get16(head + 12);
	h->ss = get16(head + 14);
	h->sp = get16(head + 16);
	h->ip = get16(head + 20);
	h->cs = get16(head + 22);
	h->relocation_offset = get16(head + 24);
	if (pages == 0 || last >= 512)
		return DOS_E_FORMAT;
	end = pages * 512 - (last ? 512 - last : 0);
	if (end > size)
		end = size; /* a linker may round up */
	if (h->image_offset >= end || h->image_offset < HEADER ||
		h->relocation_offset + 4u * h->relocations > h->image_offset)
		return DOS_E_FORMAT;
	h->image_size = end - h->image_offset;
	if (h->image_size > 0xa0000 || ((uint32_t)h->cs << 4) + h->ip >= h->image_size)
		return DOS_E_FORMAT;
	return DOS_OK;
}

struct program {
	int file;
	struct load_header header;
	uint32_t size;
};

static int open_program(struct dos *dos, const char *path, struct program *p)
{
	struct world_stat stat;
	uint8_t head[HEADER];
	uint32_t n = 0;
	int error = dos->world->open(dos->world->context, path, WORLD_READ, &p->file, &stat);

	if (error)
		return error;
	p->size = stat.size;
	error = stat.is_file
			? dos->world->read(dos->world->context, p->file, 0, head, sizeof(head), &n)
			: DOS_E_ACCESS;
	if (!error)
		error = load_examine(head, n, p->size, &p->header);
	if (error)
		dos->world->close(dos->world->context, p->file);
	return error;
}

static int read_image(struct dos *dos, const struct program *p, uint16_t segment)
{
	uint32_t done = 0;

	if (p->header.image_size > GUEST_MEMORY - ((uint32_t)segment << 4))
		return DOS_E_MEMORY;
	while (done < p->header.image_size) {
		uint32_t n = p->header.image_size - done, got = 0;
		int error = dos->world->read(dos->world->context, p->file,
			p->header.image_offset + done,
			dos->memory + ((uint32_t)segment << 4) + done, n < CHUNK ? n : CHUNK, &got);

		if (error)
			return error;
		if (!got)
			return DOS_E_FORMAT; /* it became shorter */
		done += got;
	}
	return DOS_OK;
}

static int relocate(struct dos *dos, const struct program *p, uint16_t segment, uint16_t factor)
{
	uint8_t table[256];

	for (uint32_t i = 0; i < p->header.relocations; i++) {
		uint32_t at, got = 0, in_table = i % (sizeof(table) / 4);

		if (in_table == 0) {
			uint32_t n = (p->header.relocations - i) * 4u;

			n = n < sizeof(table) ? n : sizeof(table);
			if (dos->world->read(dos->world->context, p->file,
				    p->header.relocation_offset + 4 * i, table, n, &got) ||
				got != n)
				return DOS_E_FORMAT;
		}
		at = ((uint32_t)get16(table + 4 * in_table + 2) << 4) + get16(table + 4 * in_table);
		if (at + 2 > p->header.image_size)
			return DOS_E_FORMAT;
		at += (uint32_t)segment << 4;
		put16(dos->memory + at, (uint16_t)(get16(dos->memory + at) + factor));
	}
	return DOS_OK;
}

/* Bytes of the strings at the segment, with the empty one behind them; 0: they do not end. */
static uint32_t environment_size(struct dos *dos, uint16_t segment)
{
	const uint8_t *s = dos_at(dos, segment, 0);
	uint32_t room = GUEST_MEMORY - ((uint32_t)segment << 4);

	if (room > ENVIRONMENT_MAX)
		room = ENVIRONMENT_MAX;
	for (uint32_t i = 0; i + 1 < room; i++)
		if (!s[i] && !s[i + 1])
			return i + 2;
	return 0;
}

/* Strings, the number 1, the program's name. */
static int make_environment(struct dos *dos, uint16_t from, const char *name, uint16_t *segment)
{
	uint32_t size = from ? environment_size(dos, from) : 2;
	uint32_t whole = size + 2 + (uint32_t)strlen(name) + 1;
	uint16_t largest;
	uint8_t *to;
	int error;

	if (!size)
		return DOS_E_ENVIRONMENT;
	error = arena_allocate(&dos->arena, dos->psp ? dos->psp : 8, (uint16_t)((whole + 15) / 16),
		segment, &largest);
	if (error)
		return error;
	to = dos_at(dos, *segment, 0);
	memset(to, 0, size);
	if (from)
		memmove(to, dos_at(dos, from, 0), size);
	put16(to + size, 1);
	memcpy(to + size + 2, name, strlen(name) + 1);
	return DOS_OK;
}

/* How many paragraphs the program gets, PSP and all, of `largest`; 0: not enough. */
static uint16_t paragraphs_for(const struct program *p, uint16_t largest)
{
	uint32_t image = (p->header.image_size + 15) / 16 + 0x10,
		 least = image + p->header.min_extra, most = image + p->header.max_extra;

	if (!p->header.is_exe) {
		least = image + 0x10; /* a stack */
		most = 0xffff;
		if (p->size > 0xff00 - 0x100)
			return 0;
	}
	if (most < least)
		most = least;
	if (least > largest)
		return 0;
	return (uint16_t)(most < largest ? most : largest);
}

static void place(const struct program *p, uint16_t psp, uint16_t size, bool high, struct loaded *l)
{
	uint16_t base = (uint16_t)(psp + 0x10);

	l->psp = psp;
	if (p->header.is_exe) {
		if (high)
			base = (uint16_t)(psp + size - (p->header.image_size + 15) / 16);
		l->cs = (uint16_t)(base + p->header.cs);
		l->ip = p->header.ip;
		l->ss = (uint16_t)(base + p->header.ss);
		l->sp = p->header.sp;
	} else {
		l->cs = l->ss = psp;
		l->ip = 0x100;
		l->sp = size >= 0x1000 ? 0xfffe : (uint16_t)(size * 16 - 2);
	}
}

static int load_open(struct dos *dos, const struct program *p, const char *name,
	uint16_t environment, struct loaded *l)
{
	uint16_t segment, psp, largest, size, base;
	char base_name[NAME_SHORT] = "";
	const char *last = strrchr(name, '\\');
	bool high = p->header.is_exe && !p->header.min_extra && !p->header.max_extra;
	int error = make_environment(dos, environment, name, &segment);

	if (error)
		return error;
	error = arena_allocate(&dos->arena, 8, 0xffff, &psp, &largest);
	size = error == DOS_E_MEMORY ? paragraphs_for(p, largest) : 0;
	if (error == DOS_E_MEMORY && size)
		error = arena_allocate(&dos->arena, 8, high ? largest : size, &psp, &largest);
	if (error)
		goto out;
	size = arena_size(&dos->arena, psp);
	place(p, psp, size, high, l);
	base = p->header.is_exe ? (uint16_t)(l->cs - p->header.cs) : (uint16_t)(psp + 0x10);
	error = read_image(dos, p, base);
	if (!error)
		error = relocate(dos, p, base, base);
	if (error) {
		(void)arena_free(&dos->arena, psp);
		goto out;
	}
	psp_create(dos, psp, dos->psp ? dos->psp : 0xffff, segment, (uint16_t)(psp + size));
	if (!p->header.is_exe)
		put16(dos_at(dos, psp, l->sp),
			0); /* a near return ends it by the INT 20h in its PSP */
	for (unsigned i = 0; last && i < 8 && last[1 + i] && last[1 + i] != '.'; i++)
		base_name[i] = last[1 + i];
	/* Both blocks are there. */
	(void)arena_set_owner(&dos->arena, psp, psp, base_name);
	(void)arena_set_owner(&dos->arena, segment, psp, NULL);
	return DOS_OK;
out:
	(void)arena_free(&dos->arena, segment);
	return error;
}

int load_program(
	struct dos *dos, const char *path, const char *name, uint16_t environment, struct loaded *l)
{
	struct program p;
	int error = open_program(dos, path, &p);

	if (error)
		return error;
	if (!environment && dos->psp)
		environment = get16(dos_at(dos, dos->psp, PSP_ENVIRONMENT));
	error = load_open(dos, &p, name, environment, l);
	dos->world->close(dos->world->context, p.file);
	return error;
}

int load_overlay(struct dos *dos, const char *path, uint16_t segment, uint16_t factor)
{
	struct program p;
	int error = open_program(dos, path, &p);

	if (error)
		return error;
	error = read_image(dos, &p, segment);
	if (!error)
		error = relocate(dos, &p, segment, factor);
	dos->world->close(dos->world->context, p.file);
	return error;
}
