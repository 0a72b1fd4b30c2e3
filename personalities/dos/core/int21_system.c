/* INT 21h: memory, programs, vectors, date and time, what a program may ask of DOS itself. */
#include <string.h>

#include "exec.h"
#include "files.h"
#include "int21.h"
#include "path.h"
#include "psp.h"

/* --- Vectors and the disk transfer area --- */

static int set_vector(struct dos *dos)
{
	put_far(dos->memory + 4 * dos->cpu.al, dos->cpu.ds, dos->cpu.dx);
	return DOS_OK;
}

static int get_vector(struct dos *dos)
{
	const uint8_t *vector = dos->memory + 4 * dos->cpu.al;

	dos->cpu.bx = get16(vector);
	dos->cpu.es = get16(vector + 2);
	return DOS_OK;
}

static int set_dta(struct dos *dos)
{
	dos->dta_segment = dos->cpu.ds;
	dos->dta_offset = dos->cpu.dx;
	return DOS_OK;
}

static int get_dta(struct dos *dos)
{
	dos->cpu.es = dos->dta_segment;
	dos->cpu.bx = dos->dta_offset;
	return DOS_OK;
}

/* --- Date and time: what a program sets holds in its machine --- */

static int64_t now(const struct dos *dos)
{
	return dos->world->now_ns(dos->world->context) + (int64_t)dos->clock_seconds * 1000000000;
}

static int get_date(struct dos *dos)
{
	int64_t days = now(dos) / 1000000000 / 86400;
	int year, month, day;

	date_from_days(days, &year, &month, &day);
	dos->cpu.cx = (uint16_t)year;
	dos->cpu.dh = (uint8_t)month;
	dos->cpu.dl = (uint8_t)day;
	dos->cpu.al = (uint8_t)((days + 4) % 7); /* 1970 began with a Thursday */
	return DOS_OK;
}

static bool is_date(int year, int month, int day)
{
	int y, m, d;

	if (year < 1980 || year > 2099 || month < 1 || month > 12 || day < 1)
		return false;
	date_from_days(days_from_date(year, month, day), &y, &m, &d);
	return y == year && m == month && d == day;
}

static int set_date(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	int64_t days = now(dos) / 1000000000 / 86400;

	cpu->al = 0xff;
	if (!is_date(cpu->cx, cpu->dh, cpu->dl))
		return DOS_OK;
	dos->clock_seconds += (int32_t)((days_from_date(cpu->cx, cpu->dh, cpu->dl) - days) * 86400);
	cpu->al = 0;
	return DOS_OK;
}

static int get_time(struct dos *dos)
{
	int64_t hundredths = now(dos) / 10000000 % 8640000;

	dos->cpu.ch = (uint8_t)(hundredths / 360000);
	dos->cpu.cl = (uint8_t)(hundredths / 6000 % 60);
	dos->cpu.dh = (uint8_t)(hundredths / 100 % 60);
	dos->cpu.dl = (uint8_t)(hundredths % 100);
	return DOS_OK;
}

static int set_time(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	int32_t was = (int32_t)(now(dos) / 1000000000 % 86400);

	cpu->al = 0xff;
	if (cpu->ch > 23 || cpu->cl > 59 || cpu->dh > 59 || cpu->dl > 99)
		return DOS_OK;
	dos->clock_seconds += cpu->ch * 3600 + cpu->cl * 60 + cpu->dh - was;
	cpu->al = 0;
	return DOS_OK;
}

/* --- Memory --- */

/* Bits of the allocation strategy: where to look first. */
#define STRATEGY_UPPER_ONLY 0x40u
#define STRATEGY_UPPER_FIRST 0x80u

static int allocate_in(struct dos *dos, struct arena *arena, uint16_t *largest)
{
	uint16_t segment, here = 0;
	int error = arena_allocate(arena, dos->psp, dos->cpu.bx, &segment, &here);

	if (here > *largest)
		*largest = here;
	if (!error)
		dos->cpu.ax = segment;
	return error;
}

static int allocate(struct dos *dos)
{
	bool upper_only = dos->upper_linked && dos->arena.strategy & STRATEGY_UPPER_ONLY;
	bool upper_first = dos->upper_linked && dos->arena.strategy & STRATEGY_UPPER_FIRST;
	uint16_t largest = 0;
	int error = DOS_E_MEMORY;

	if (upper_only || upper_first)
		error = allocate_in(dos, &dos->upper, &largest);
	if (error == DOS_E_MEMORY && !upper_only)
		error = allocate_in(dos, &dos->arena, &largest);
	if (error == DOS_E_MEMORY && dos->upper_linked && !upper_only && !upper_first)
		error = allocate_in(dos, &dos->upper, &largest);
	if (error == DOS_E_MEMORY)
		dos->cpu.bx = largest;
	return error;
}

static struct arena *arena_of(struct dos *dos, uint16_t segment)
{
	return segment > SEGMENT_UPPER_MCB ? &dos->upper : &dos->arena;
}

static int release(struct dos *dos)
{
	return arena_free(arena_of(dos, dos->cpu.es), dos->cpu.es);
}

static int resize(struct dos *dos)
{
	uint16_t largest = 0;
	int error = arena_resize(arena_of(dos, dos->cpu.es), dos->cpu.es, dos->cpu.bx, &largest);

	if (error == DOS_E_MEMORY)
		dos->cpu.bx = largest;
	return error;
}

static int strategy(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t fit = cpu->bx & 0x3f, upper = cpu->bx & 0xffc0;

	switch (cpu->al) {
	case 0:
		cpu->ax = dos->arena.strategy;
		return DOS_OK;
	case 1:
		if (fit > 2 ||
			(upper && upper != STRATEGY_UPPER_ONLY && upper != STRATEGY_UPPER_FIRST))
			return DOS_E_FUNCTION;
		dos->arena.strategy = cpu->bx;
		dos->upper.strategy = fit;
		return DOS_OK;
	case 2:
		cpu->al = dos->upper_linked;
		return DOS_OK;
	case 3:
		if (cpu->bx > 1)
			return DOS_E_FUNCTION;
		dos->upper_linked = cpu->bx;
		return DOS_OK;
	default:
		return DOS_E_FUNCTION;
	}
}

/* --- Programs --- */

static int stay_resident(struct dos *dos)
{
	process_stay(dos, dos->cpu.dx, dos->cpu.al);
	return DOS_OK;
}

static int end(struct dos *dos)
{
	process_end(dos, DOS_END_NORMAL, dos->cpu.al);
	return DOS_OK;
}

/* Told once. */
static int child_code(struct dos *dos)
{
	dos->cpu.al = dos->child_code;
	dos->cpu.ah = (uint8_t)dos->child_end;
	dos->child_code = 0;
	dos->child_end = DOS_END_NORMAL;
	return DOS_OK;
}

static int new_psp(struct dos *dos)
{
	psp_copy(dos, dos->cpu.dx);
	return DOS_OK;
}

static int child_psp(struct dos *dos)
{
	uint16_t psp = dos->cpu.dx;

	psp_create(dos, psp, dos->psp, get16(dos_at(dos, dos->psp, PSP_ENVIRONMENT)), dos->cpu.si);
	files_inherit(dos, psp, dos->psp);
	process_set_current(dos, psp);
	return DOS_OK;
}

static int set_psp(struct dos *dos)
{
	process_set_current(dos, dos->cpu.bx);
	return DOS_OK;
}

static int get_psp(struct dos *dos)
{
	dos->cpu.bx = dos->psp;
	return DOS_OK;
}

/* --- DOS itself --- */

static int version(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	cpu->bh = cpu->al == 1 ? 0 : 0xff; /* not in ROM; of no known maker */
	cpu->bl = 0;
	cpu->cx = 0;
	cpu->al = dos->version_major;
	cpu->ah = dos->version_minor;
	return DOS_OK;
}

static int break_and_version(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	switch (cpu->al) {
	case 0:
		cpu->dl = dos->break_check;
		return DOS_OK;
	case 1:
		dos->break_check = cpu->dl & 1;
		return DOS_OK;
	case 2: {
		uint8_t was = dos->break_check;

		dos->break_check = cpu->dl & 1;
		cpu->dl = was;
		return DOS_OK;
	}
	case 5:
		cpu->dl = 3; /* C: */
		return DOS_OK;
	case 6:
		cpu->bl = dos->version_major;
		cpu->bh = dos->version_minor;
		cpu->dx = 0;
		return DOS_OK;
	default:
		cpu->al = 0xff;
		return DOS_OK;
	}
}

static int switch_character(struct dos *dos)
{
	switch (dos->cpu.al) {
	case 0:
		dos->cpu.dl = (uint8_t)dos->switch_character;
		dos->cpu.al = 0;
		return DOS_OK;
	case 1:
		dos->switch_character = (char)dos->cpu.dl;
		dos->cpu.al = 0;
		return DOS_OK;
	default:
		dos->cpu.al = 0xff;
		return DOS_OK;
	}
}

static int in_dos_flag(struct dos *dos)
{
	dos->cpu.es = SEGMENT_DOS_DATA;
	dos->cpu.bx = DOS_DATA_IN_DOS;
	return DOS_OK;
}

static int list_of_lists(struct dos *dos)
{
	dos->cpu.es = SEGMENT_DOS_DATA;
	dos->cpu.bx = DOS_DATA_LISTS;
	return DOS_OK;
}

#define SWAPPABLE_SIZE 0x18u

/* Of the functions for servers of networks those that programs use without one. */
static int server_functions(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *list;

	switch (cpu->al) {
	case 0x06: /* where the swappable data area is */
		cpu->ds = SEGMENT_DOS_DATA;
		cpu->si = DOS_DATA_SWAPPABLE;
		cpu->cx = cpu->dx = SWAPPABLE_SIZE;
		return DOS_OK;
	case 0x0a: /* what function 59h is to tell: registers as it returns them */
		list = dos_block(dos, cpu->ds, cpu->dx, 22);
		if (!list)
			return DOS_E_DATA;
		dos->error = list[0];
		dos->error_action = list[2];
		dos->error_class = list[3];
		dos->error_place = list[5];
		return DOS_OK;
	default:
		return DOS_E_FUNCTION;
	}
}

static int last_error(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	cpu->ax = dos->error;
	cpu->bh = dos->error_class;
	cpu->bl = dos->error_action;
	cpu->ch = dos->error_place;
	return DOS_OK;
}

static int exec(struct dos *dos)
{
	return process_exec(dos);
}

const struct int21_function int21_system[0x100] = {
	[0x1a] = { set_dta, INT21_PLAIN, "set DTA" },
	[0x25] = { set_vector, INT21_PLAIN, "set vector" },
	[0x26] = { new_psp, INT21_PLAIN, "new PSP" },
	[0x2a] = { get_date, INT21_PLAIN, "get date" },
	[0x2b] = { set_date, INT21_PLAIN, "set date" },
	[0x2c] = { get_time, INT21_PLAIN, "get time" },
	[0x2d] = { set_time, INT21_PLAIN, "set time" },
	[0x2f] = { get_dta, INT21_PLAIN, "get DTA" },
	[0x30] = { version, INT21_PLAIN, "version" },
	[0x31] = { stay_resident, 0, "stay resident" },
	[0x33] = { break_and_version, INT21_PLAIN, "break flag, true version" },
	[0x34] = { in_dos_flag, INT21_PLAIN, "InDOS flag" },
	[0x35] = { get_vector, INT21_PLAIN, "get vector" },
	[0x37] = { switch_character, INT21_PLAIN, "switch character" },
	[0x48] = { allocate, 0, "allocate memory" },
	[0x49] = { release, 0, "free memory" },
	[0x4a] = { resize, 0, "resize memory" },
	[0x4b] = { exec, 0, "EXEC" },
	[0x4c] = { end, 0, "terminate with code" },
	[0x4d] = { child_code, 0, "exit code of a child" },
	[0x50] = { set_psp, INT21_PLAIN, "set PSP" },
	[0x51] = { get_psp, INT21_PLAIN, "get PSP" },
	[0x52] = { list_of_lists, INT21_PLAIN, "list of lists" },
	[0x55] = { child_psp, INT21_PLAIN, "child PSP" },
	[0x58] = { strategy, 0, "allocation strategy" },
	[0x59] = { last_error, INT21_PLAIN, "extended error" },
	[0x5d] = { server_functions, 0, "swappable data, error" },
	[0x62] = { get_psp, INT21_PLAIN, "get PSP" },
};
