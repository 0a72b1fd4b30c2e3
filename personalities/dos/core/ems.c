#include "ems.h"

#include <string.h>

#define NAME 8u
#define CONTEXT_SIZE (2 * DOS_EMS_PLACES)
#define MAPPINGS_MAX 4096u /* in one call: more than there are places is only repetition */

bool ems_is_there(const struct dos *dos)
{
	return dos->world->expanded_make != NULL;
}

void ems_init(struct dos *dos)
{
	for (unsigned i = 0; i < DOS_EMS_PLACES; i++)
		dos->ems.mapped[i] = EMS_UNMAPPED;
	if (ems_is_there(dos))
		memcpy(dos_at(dos, SEGMENT_ROM, 0x0a), "EMMXXXX0", NAME);
}

/* --- The state of the frame --- */

static void put_context(uint8_t *to, const uint16_t from[DOS_EMS_PLACES])
{
	for (unsigned i = 0; i < DOS_EMS_PLACES; i++)
		put16(to + 2 * i, from[i]);
}

static bool is_page(uint16_t page)
{
	return page < DOS_EMS_PAGES || page == EMS_UNMAPPED;
}

static int set_context(struct dos *dos, const uint8_t *from)
{
	int error = EMS_OK;

	for (unsigned i = 0; i < DOS_EMS_PLACES; i++)
		if (!is_page(get16(from + 2 * i)))
			return EMS_CORRUPT;
	for (unsigned i = 0; i < DOS_EMS_PLACES && !error; i++)
		error = ems_map(dos, i, get16(from + 2 * i));
	return error;
}

static int save(struct dos *dos, uint16_t handle)
{
	struct dos_ems_handle *h = ems_find(dos, handle);

	if (!h)
		return EMS_HANDLE;
	if (h->is_saved)
		return EMS_CONTEXT_SAVED;
	memcpy(h->saved, dos->ems.mapped, sizeof(h->saved));
	h->is_saved = true;
	return EMS_OK;
}

static int restore(struct dos *dos, uint16_t handle)
{
	struct dos_ems_handle *h = ems_find(dos, handle);
	int error = EMS_OK;

	if (!h)
		return EMS_HANDLE;
	if (!h->is_saved)
		return EMS_CONTEXT_NONE;
	for (unsigned i = 0; i < DOS_EMS_PLACES && !error; i++)
		error = ems_map(dos, i, h->saved[i]);
	h->is_saved = false;
	return error;
}

static int page_map(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *to = dos_block(dos, cpu->es, cpu->di, CONTEXT_SIZE);
	const uint8_t *from = dos_block(dos, cpu->ds, cpu->si, CONTEXT_SIZE);
	uint8_t next[CONTEXT_SIZE];

	if (cpu->al == 3) {
		cpu->al = CONTEXT_SIZE;
		return EMS_OK;
	}
	if (cpu->al > 3)
		return EMS_SUBFUNCTION;
	if ((cpu->al != 1 && !to) || (cpu->al != 0 && !from))
		return EMS_CORRUPT;
	if (cpu->al != 0)
		memcpy(next, from, sizeof(next));
	if (cpu->al != 1)
		put_context(to, dos->ems.mapped);
	return cpu->al != 0 ? set_context(dos, next) : EMS_OK;
}

/* A place of the frame by its segment; DOS_EMS_PLACES or more: none. */
static uint16_t place_of(uint16_t segment)
{
	uint16_t at = (uint16_t)(segment - SEGMENT_EMS_FRAME);

	return at % (DOS_EMS_PAGE / 16) ? DOS_EMS_PLACES : (uint16_t)(at / (DOS_EMS_PAGE / 16));
}

/* A count, and for each place that is meant its number and its page. */
static int get_part(struct dos *dos)
{
	const uint8_t *list = dos_block(dos, dos->cpu.ds, dos->cpu.si, 2);
	unsigned count = list ? get16(list) : 0;
	uint8_t *to = dos_block(dos, dos->cpu.es, dos->cpu.di, 2 + 4 * count);

	if (!list || !to || !dos_block(dos, dos->cpu.ds, dos->cpu.si, 2 + 2 * count))
		return EMS_CORRUPT;
	if (count > DOS_EMS_PLACES)
		return EMS_PHYSICAL;
	for (unsigned i = 0; i < count; i++)
		if (place_of(get16(list + 2 + 2 * i)) >= DOS_EMS_PLACES)
			return EMS_PHYSICAL;
	for (unsigned i = 0; i < count; i++) {
		uint16_t place = place_of(get16(list + 2 + 2 * i));

		put16(to + 2 + 4 * i, place);
		put16(to + 4 + 4 * i, dos->ems.mapped[place]);
	}
	put16(to, (uint16_t)count);
	return EMS_OK;
}

static int set_part(struct dos *dos)
{
	const uint8_t *from = dos_block(dos, dos->cpu.ds, dos->cpu.si, 2);
	unsigned count = from ? get16(from) : 0;
	int error = EMS_OK;

	if (!from || count > DOS_EMS_PLACES ||
		!dos_block(dos, dos->cpu.ds, dos->cpu.si, 2 + 4 * count))
		return EMS_CORRUPT;
	for (unsigned i = 0; i < count; i++)
		if (get16(from + 2 + 4 * i) >= DOS_EMS_PLACES || !is_page(get16(from + 4 + 4 * i)))
			return EMS_CORRUPT;
	for (unsigned i = 0; i < count && !error; i++)
		error = ems_map(dos, get16(from + 2 + 4 * i), get16(from + 4 + 4 * i));
	return error;
}

static int part_map(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	switch (cpu->al) {
	case 0:
		return get_part(dos);
	case 1:
		return set_part(dos);
	case 2:
		if (cpu->bx > DOS_EMS_PLACES)
			return EMS_PHYSICAL;
		cpu->al = (uint8_t)(2 + 4 * cpu->bx);
		return EMS_OK;
	default:
		return EMS_SUBFUNCTION;
	}
}

/* `count` pairs of a logical page and a place: its number, or (by_segment) its segment. */
static int map_many(
	struct dos *dos, uint16_t handle, const uint8_t *list, uint16_t count, bool by_segment)
{
	int error = EMS_OK;

	if (!ems_find(dos, handle))
		return EMS_HANDLE;
	if (!list || count > MAPPINGS_MAX)
		return EMS_CORRUPT;
	for (uint16_t i = 0; i < count && !error; i++, list += 4) {
		uint16_t place = get16(list + 2);

		error = ems_map_logical(
			dos, handle, by_segment ? place_of(place) : place, get16(list));
	}
	return error;
}

static int map_multiple(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	if (cpu->al > 1)
		return EMS_SUBFUNCTION;
	return map_many(dos, cpu->dx, dos_block(dos, cpu->ds, cpu->si, 4u * cpu->cx), cpu->cx,
		cpu->al == 1);
}

/* --- Control that passes with the pages --- */

/* The caller's address goes off its stack, if the call came through the handler in ROM. */
static void take_return(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	if (cpu->cs != SEGMENT_ROM)
		return;
	cpu->ip = dos_pop(dos);
	cpu->cs = dos_pop(dos);
	cpu->flags = dos_pop(dos);
}

static int map_list(struct dos *dos, const uint8_t *p)
{
	return map_many(dos, dos->cpu.dx, dos_block(dos, get16(p + 3), get16(p + 1), 4u * p[0]),
		p[0], dos->cpu.al == 1);
}

static int jump(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *p = dos_block(dos, cpu->ds, cpu->si, 9);
	int error;

	if (cpu->al > 1)
		return EMS_SUBFUNCTION;
	error = p ? map_list(dos, p + 4) : EMS_CORRUPT;
	if (error)
		return error;
	take_return(dos);
	cpu->cs = get16(p + 2);
	cpu->eip = get16(p);
	return EMS_OK;
}

#define CALL_STACK 8u /* bytes that a call takes, with the return to the machine */

static int call(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *p = dos_block(dos, cpu->ds, cpu->si, 14);
	int error;

	if (cpu->al == 2) {
		cpu->bx = CALL_STACK + 10;
		return EMS_OK;
	}
	if (cpu->al > 2)
		return EMS_SUBFUNCTION;
	error = p ? map_list(dos, p + 4) : EMS_CORRUPT;
	if (error)
		return error;
	take_return(dos);
	dos_push(dos, cpu->cs);
	dos_push(dos, cpu->ip);
	dos_push(dos, cpu->dx);
	dos_push(dos, cpu->al);
	dos_push(dos, cpu->ds);
	dos_push(dos, cpu->si);
	dos_push(dos, SEGMENT_ROM);
	dos_push(dos, ROM_HANDLERS + 4 * ROM_ENTRY_EMS);
	cpu->cs = get16(p + 2);
	cpu->eip = get16(p);
	return EMS_OK;
}

void ems_return(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t offset = dos_pop(dos), segment = dos_pop(dos), how = dos_pop(dos),
		 handle = dos_pop(dos);
	const uint8_t *p = dos_block(dos, segment, offset, 14);

	cpu->eip = dos_pop(dos);
	cpu->cs = dos_pop(dos);
	if (p)
		(void)map_many(dos, handle, dos_block(dos, get16(p + 12), get16(p + 10), 4u * p[9]),
			p[9], how == 1); /* nobody is left to be told of an error */
}

/* --- Names and numbers --- */

static int find_name(struct dos *dos, const uint8_t name[NAME])
{
	static const uint8_t none[NAME];

	if (memcmp(name, none, NAME) == 0)
		return -1;
	for (int i = 0; i < DOS_EMS_HANDLES; i++)
		if (ems_find(dos, (uint16_t)i) && memcmp(dos->ems.handles[i].name, name, NAME) == 0)
			return i;
	return -1;
}

static int handle_name(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dos_ems_handle *h = ems_find(dos, cpu->dx);
	uint8_t *to = dos_block(dos, cpu->es, cpu->di, NAME);
	const uint8_t *from = dos_block(dos, cpu->ds, cpu->si, NAME);
	int other;

	if (cpu->al > 1)
		return EMS_SUBFUNCTION;
	if (!h)
		return EMS_HANDLE;
	if (cpu->al == 0) {
		if (to)
			memcpy(to, h->name, NAME);
		return to ? EMS_OK : EMS_WRAP;
	}
	if (!from)
		return EMS_WRAP;
	other = find_name(dos, from);
	if (other >= 0 && other != cpu->dx)
		return EMS_NAME_TAKEN;
	memcpy(h->name, from, NAME);
	return EMS_OK;
}

static unsigned count_handles(struct dos *dos)
{
	unsigned n = 0;

	for (uint16_t i = 0; i < DOS_EMS_HANDLES; i++)
		n += ems_find(dos, i) != NULL;
	return n;
}

/* For each handle: it, and `size` bytes of its name or its pages. */
static int list_handles(struct dos *dos, bool names)
{
	unsigned size = names ? 2 + NAME : 4;
	uint8_t *to = dos_block(dos, dos->cpu.es, dos->cpu.di, size * count_handles(dos));

	if (!to)
		return EMS_WRAP;
	for (uint16_t i = 0; i < DOS_EMS_HANDLES; i++) {
		const struct dos_ems_handle *h = ems_find(dos, i);

		if (!h)
			continue;
		put16(to, i);
		if (names)
			memcpy(to + 2, h->name, NAME);
		else
			put16(to + 2, h->pages);
		to += size;
	}
	return EMS_OK;
}

static int directory(struct dos *dos)
{
	static const uint8_t none[NAME];
	struct cpu *cpu = &dos->cpu;
	const uint8_t *name = dos_block(dos, cpu->ds, cpu->si, NAME);
	int error, found;

	switch (cpu->al) {
	case 0:
		error = list_handles(dos, true);
		cpu->al = (uint8_t)count_handles(dos);
		return error;
	case 1:
		if (!name)
			return EMS_WRAP;
		if (memcmp(name, none, NAME) == 0)
			return EMS_NAME_TAKEN;
		found = find_name(dos, name);
		if (found < 0)
			return EMS_NO_NAME;
		cpu->dx = (uint16_t)found;
		return EMS_OK;
	case 2:
		cpu->bx = DOS_EMS_HANDLES;
		return EMS_OK;
	default:
		return EMS_SUBFUNCTION;
	}
}

static int attribute(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	if (cpu->al > 2)
		return EMS_SUBFUNCTION;
	if (cpu->al != 2 && !ems_find(dos, cpu->dx))
		return EMS_HANDLE;
	if (cpu->al == 1)
		return cpu->bl == 0 ? EMS_OK : cpu->bl == 1 ? EMS_NOT_VOLATILE : 0x90;
	cpu->al = 0; /* volatile, as all are */
	return EMS_OK;
}

static int places(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *to = dos_block(dos, cpu->es, cpu->di, 4 * DOS_EMS_PLACES);

	if (cpu->al > 1)
		return EMS_SUBFUNCTION;
	cpu->cx = DOS_EMS_PLACES;
	if (cpu->al == 1)
		return EMS_OK;
	if (!to)
		return EMS_WRAP;
	for (unsigned i = 0; i < DOS_EMS_PLACES; i++, to += 4) {
		put16(to, (uint16_t)(SEGMENT_EMS_FRAME + i * (DOS_EMS_PAGE / 16)));
		put16(to + 2, (uint16_t)i);
	}
	return EMS_OK;
}

static int hardware(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *to = dos_block(dos, cpu->es, cpu->di, 10);

	if (cpu->al > 1)
		return EMS_SUBFUNCTION;
	if (cpu->al == 1) {
		cpu->bx = (uint16_t)ems_free_pages(dos);
		cpu->dx = DOS_EMS_PAGES;
		return EMS_OK;
	}
	if (!to)
		return EMS_WRAP;
	memset(to, 0, 10); /* no further register sets, no DMA */
	put16(to, DOS_EMS_PAGE / 16);
	put16(to + 4, CONTEXT_SIZE);
	return EMS_OK;
}

static int allocate(struct dos *dos, bool may_be_none)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t handle;
	int error;

	if (cpu->bx == 0 && !may_be_none)
		return EMS_NONE;
	error = ems_allocate(dos, cpu->bx, &handle);
	if (!error)
		cpu->dx = handle;
	return error;
}

static int resize(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	int error;

	if (!ems_find(dos, cpu->dx) || cpu->dx == 0)
		return EMS_HANDLE;
	error = ems_resize(dos, cpu->dx, cpu->bx);
	cpu->bx = (uint16_t)ems_count(dos, cpu->dx);
	return error;
}

static int serve(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	switch (cpu->ah) {
	case 0x40:
		return EMS_OK;
	case 0x41:
		cpu->bx = SEGMENT_EMS_FRAME;
		return EMS_OK;
	case 0x42:
		cpu->bx = (uint16_t)ems_free_pages(dos);
		cpu->dx = DOS_EMS_PAGES;
		return EMS_OK;
	case 0x43:
		return allocate(dos, false);
	case 0x44:
		return ems_map_logical(dos, cpu->dx, cpu->al, cpu->bx);
	case 0x45:
		return ems_free(dos, cpu->dx);
	case 0x46:
		cpu->al = 0x40;
		return EMS_OK;
	case 0x47:
		return save(dos, cpu->dx);
	case 0x48:
		return restore(dos, cpu->dx);
	case 0x4b:
		cpu->bx = (uint16_t)count_handles(dos);
		return EMS_OK;
	case 0x4c:
		if (!ems_find(dos, cpu->dx))
			return EMS_HANDLE;
		cpu->bx = (uint16_t)ems_count(dos, cpu->dx);
		return EMS_OK;
	case 0x4d:
		cpu->bx = (uint16_t)count_handles(dos);
		return list_handles(dos, false);
	case 0x4e:
		return page_map(dos);
	case 0x4f:
		return part_map(dos);
	case 0x50:
		return map_multiple(dos);
	case 0x51:
		return resize(dos);
	case 0x52:
		return attribute(dos);
	case 0x53:
		return handle_name(dos);
	case 0x54:
		return directory(dos);
	case 0x55:
		return jump(dos);
	case 0x56:
		return call(dos);
	case 0x57:
		return ems_move(dos);
	case 0x58:
		return places(dos);
	case 0x59:
		return hardware(dos);
	case 0x5a:
		return cpu->al > 1 ? EMS_SUBFUNCTION : allocate(dos, true);
	case 0x5c: /* a warm boot leaves nothing behind anyway */
		return EMS_OK;
	case 0x5b: /* register sets, and who may use them: an operating system has taken them */
	case 0x5d:
		return EMS_DENIED;
	default: /* also of VCPI */
		return EMS_FUNCTION;
	}
}

void ems_interrupt(struct dos *dos)
{
	dos->cpu.ah = (uint8_t)(ems_is_there(dos) ? serve(dos) : EMS_FUNCTION);
}
