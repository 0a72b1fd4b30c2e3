/* INT 21h: countries.  This one is the United States, with code page 437. */
#include <string.h>

#include "int21.h"
#include "names.h"

static void fill_country(uint8_t *to)
{
	memset(to, 0, 34);
	to[2] = '$';
	to[7] = ',';
	to[9] = '.';
	to[11] = '-';
	to[13] = ':';
	to[16] = 2; /* digits of a price */
	put_far(to + 18, SEGMENT_ROM, ROM_HANDLERS + 4 * ROM_ENTRY_CASE_MAP);
	to[22] = ',';
}

static int country(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *to = dos_block(dos, cpu->ds, cpu->dx, 34);
	uint16_t wanted = cpu->al == 0xff ? cpu->bx : cpu->al;

	if (cpu->dx == 0xffff) /* set */
		return wanted == 1 ? DOS_OK : DOS_E_FILE;
	if (wanted > 1)
		return DOS_E_FILE;
	if (!to)
		return DOS_E_ACCESS;
	fill_country(to);
	cpu->bx = 1;
	cpu->ax = 1;
	return DOS_OK;
}

static void to_upper(uint8_t *s, unsigned n)
{
	for (; n > 0; n--, s++)
		*s = name_upper(*s);
}

static int extended_country(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *to = dos_block(dos, cpu->es, cpu->di, 41);

	switch (cpu->al) {
	case 0x01:
		if ((cpu->dx != 0xffff && cpu->dx != 1) || (cpu->bx != 0xffff && cpu->bx != 437))
			return DOS_E_FILE;
		if (!to || cpu->cx < 5)
			return DOS_E_FUNCTION;
		memset(to, 0, cpu->cx < 41 ? cpu->cx : 41);
		to[0] = 1;
		put16(to + 1, 38);
		put16(to + 3, 1);
		if (cpu->cx >= 41) {
			put16(to + 5, 437);
			fill_country(to + 7);
		}
		cpu->cx = cpu->cx < 41 ? cpu->cx : 41;
		return DOS_OK;
	case 0x20:
		cpu->dl = name_upper(cpu->dl);
		return DOS_OK;
	case 0x21:
		if (!dos_block(dos, cpu->ds, cpu->dx, cpu->cx))
			return DOS_E_ACCESS;
		to_upper(dos_block(dos, cpu->ds, cpu->dx, cpu->cx), cpu->cx);
		return DOS_OK;
	case 0x22:
		if (!dos_block(dos, cpu->ds, cpu->dx, 0x80))
			return DOS_E_ACCESS;
		to_upper(dos_at(dos, cpu->ds, cpu->dx),
			(unsigned)strnlen((char *)dos_at(dos, cpu->ds, cpu->dx), 0x80));
		return DOS_OK;
	case 0x23:
		cpu->ax = name_upper(cpu->dl) == 'Y' ? 1 : name_upper(cpu->dl) == 'N' ? 0 : 2;
		return DOS_OK;
	default:
		return DOS_E_FUNCTION;
	}
}

static int code_page(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	if (cpu->al == 1) {
		cpu->bx = cpu->dx = 437;
		return DOS_OK;
	}
	return cpu->al == 2 && cpu->bx == 437 ? DOS_OK : cpu->al == 2 ? DOS_E_FILE : DOS_E_FUNCTION;
}

/* Double-byte characters: there are none. */
static int lead_bytes(struct dos *dos)
{
	if (dos->cpu.al)
		return DOS_E_FUNCTION;
	dos->cpu.ds = SEGMENT_DOS_DATA;
	dos->cpu.si = DOS_DATA_LEAD_BYTES;
	dos->cpu.al = 0;
	return DOS_OK;
}

const struct int21_function int21_country[0x100] = {
	[0x38] = { country, 0, "country" },
	[0x63] = { lead_bytes, 0, "lead bytes" },
	[0x65] = { extended_country, 0, "extended country" },
	[0x66] = { code_page, 0, "code page" },
};
