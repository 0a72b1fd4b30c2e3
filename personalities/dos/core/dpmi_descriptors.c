/* The client's descriptors: our table, and the processor's behind it. */
#include <string.h>

#include "dpmi.h"
#include "extended.h"

#define ACCESS_PRESENT 0x80u
#define ACCESS_USER 0x70u /* for privilege level 3, and a segment */
#define ACCESS_CODE 0x08u
#define ACCESS_DATA 0xf2u
#define FLAG_GRANULAR 0x80u
#define FLAG_BIG 0x40u

static void commit(struct dos *dos, unsigned i)
{
	static const uint8_t none[8];
	const uint8_t *d = dos->dpmi.ldt[i];

	if (!dos->world->set_descriptor(
		    dos->world->context, i, dos->dpmi.used[i] && d[5] & ACCESS_PRESENT ? d : none))
		dos_crash(dos, "its descriptors cannot be set");
}

void dpmi_clear_descriptors(struct dos *dos)
{
	memset(dos->dpmi.ldt, 0, sizeof(dos->dpmi.ldt));
	memset(dos->dpmi.used, 0, sizeof(dos->dpmi.used));
	/* The last one first: the kernel makes the table as long as that. */
	for (unsigned i = DPMI_DESCRIPTORS; i-- > DPMI_FIRST;)
		commit(dos, i);
	commit(dos, 0); /* the gate by which other threads call the kernel */
}

unsigned dpmi_find(const struct dos *dos, uint16_t selector)
{
	unsigned i = selector >> 3;

	return (selector & 4) && i >= DPMI_FIRST && i < DPMI_DESCRIPTORS && dos->dpmi.used[i] ? i
											      : 0;
}

uint32_t dpmi_base(const struct dos *dos, unsigned i)
{
	const uint8_t *d = dos->dpmi.ldt[i];

	return (get32(d + 2) & 0xffffff) | (uint32_t)d[7] << 24;
}

uint32_t dpmi_limit(const struct dos *dos, unsigned i)
{
	const uint8_t *d = dos->dpmi.ldt[i];
	uint32_t limit = get16(d) | (d[6] & 15u) << 16;

	return d[6] & FLAG_GRANULAR ? limit << 12 | 0xfff : limit;
}

bool dpmi_is_big(const struct dos *dos, uint16_t selector)
{
	return dos->dpmi.ldt[dpmi_find(dos, selector)][6] & FLAG_BIG;
}

void dpmi_set(
	struct dos *dos, unsigned i, uint32_t base, uint32_t limit, uint8_t access, uint8_t flags)
{
	uint8_t *d = dos->dpmi.ldt[i];

	flags &= FLAG_BIG;
	if (limit > 0xfffff) {
		limit >>= 12;
		flags |= FLAG_GRANULAR;
	}
	put16(d, (uint16_t)limit);
	put32(d + 2, base & 0xffffff);
	d[5] = access;
	d[6] = (uint8_t)(flags | limit >> 16);
	d[7] = (uint8_t)(base >> 24);
	commit(dos, i);
}

unsigned dpmi_allocate(struct dos *dos, unsigned count, enum dpmi_use use)
{
	unsigned row = 0;

	for (unsigned i = DPMI_FIRST_FREE; i < DPMI_DESCRIPTORS && count; i++) {
		row = dos->dpmi.used[i] ? 0 : row + 1;
		if (row < count)
			continue;
		memset(dos->dpmi.used + i + 1 - count, (int)use, count);
		for (unsigned j = i + 1 - count; j <= i; j++)
			dpmi_set(dos, j, 0, 0, ACCESS_DATA, 0);
		return i + 1 - count;
	}
	return 0;
}

uint16_t dpmi_segment_selector(struct dos *dos, uint16_t segment)
{
	unsigned i;

	for (i = DPMI_FIRST; i < DPMI_DESCRIPTORS; i++)
		if (dos->dpmi.used[i] == DPMI_USE_SEGMENT && dpmi_base(dos, i) == (uint32_t)segment
											  << 4)
			return DPMI_SELECTOR(i);
	i = dpmi_allocate(dos, 1, DPMI_USE_SEGMENT);
	if (!i)
		return 0;
	dpmi_set(dos, i, (uint32_t)segment << 4, 0xffff, ACCESS_DATA, 0);
	return DPMI_SELECTOR(i);
}

uint8_t *dpmi_at(struct dos *dos, uint16_t selector, uint32_t offset, uint32_t n)
{
	unsigned i = dpmi_find(dos, selector);
	uint32_t limit;

	if (!i || !(dos->dpmi.ldt[i][5] & ACCESS_PRESENT))
		return NULL;
	limit = dpmi_limit(dos, i);
	if (offset > limit || n - 1 > limit - offset)
		return NULL;
	return extended_at(dos, dpmi_base(dos, i) + offset, n);
}

/* --- Functions 00xxh --- */

static void forget(uint16_t *segment, uint16_t selector)
{
	if (((*segment ^ selector) & 0xfffc) == 0)
		*segment = 0;
}

static int release(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t selector = cpu->bx;
	unsigned i = dpmi_find(dos, selector);

	if (!i || dos->dpmi.used[i] != DPMI_USE_CLIENT)
		return DPMI_SELECTOR_INVALID;
	dos->dpmi.used[i] = DPMI_USE_NONE;
	memset(dos->dpmi.ldt[i], 0, 8);
	commit(dos, i);
	forget(&cpu->ds, selector);
	forget(&cpu->es, selector);
	forget(&cpu->fs, selector);
	forget(&cpu->gs, selector);
	return 0;
}

static int set_limit(struct dos *dos, unsigned i, uint32_t limit)
{
	const uint8_t *d = dos->dpmi.ldt[i];

	if (limit > 0xfffff && (limit & 0xfff) != 0xfff)
		return DPMI_VALUE;
	dpmi_set(dos, i, dpmi_base(dos, i), limit, d[5], d[6]);
	return 0;
}

static bool is_access(uint8_t access)
{
	return (access & ACCESS_USER) == ACCESS_USER;
}

static int set_access(struct dos *dos, unsigned i, uint8_t access, uint8_t flags)
{
	uint8_t *d = dos->dpmi.ldt[i];

	if (!is_access(access) || flags & 0x20)
		return DPMI_VALUE;
	d[5] = access;
	d[6] = (uint8_t)((d[6] & 15) | (flags & 0xc0));
	commit(dos, i);
	return 0;
}

static int alias(struct dos *dos, unsigned of)
{
	unsigned i = dpmi_allocate(dos, 1, DPMI_USE_CLIENT);

	if (!i)
		return DPMI_NO_DESCRIPTOR;
	dpmi_set(
		dos, i, dpmi_base(dos, of), dpmi_limit(dos, of), ACCESS_DATA, dos->dpmi.ldt[of][6]);
	dos->cpu.ax = DPMI_SELECTOR(i);
	return 0;
}

static int copy(struct dos *dos, unsigned i, bool set)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *at = dpmi_at(dos, cpu->es, dos->dpmi.is_32 ? cpu->edi : cpu->di, 8);

	if (!at)
		return DPMI_LINEAR;
	if (!set) {
		memcpy(at, dos->dpmi.ldt[i], 8);
		return 0;
	}
	if (!is_access(at[5]) || at[6] & 0x20)
		return DPMI_VALUE;
	memcpy(dos->dpmi.ldt[i], at, 8);
	commit(dos, i);
	return 0;
}

static int take_one(struct dos *dos, uint16_t selector)
{
	unsigned i = selector >> 3;

	if ((selector & 7) != 7 || i < DPMI_FIRST || i >= DPMI_DESCRIPTORS)
		return DPMI_SELECTOR_INVALID;
	if (dos->dpmi.used[i])
		return DPMI_NO_DESCRIPTOR;
	dos->dpmi.used[i] = DPMI_USE_CLIENT;
	dpmi_set(dos, i, 0, 0, ACCESS_DATA, 0);
	return 0;
}

/* Those that work on the descriptor bx. */
static int on_descriptor(struct dos *dos, unsigned i)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t value = (uint32_t)cpu->cx << 16 | cpu->dx;

	if (!i)
		return DPMI_SELECTOR_INVALID;
	if (cpu->al != 0x06 && cpu->al < 0x0a && dos->dpmi.used[i] != DPMI_USE_CLIENT)
		return DPMI_SELECTOR_INVALID;
	switch (cpu->al) {
	case 0x06:
		value = dpmi_base(dos, i);
		cpu->cx = (uint16_t)(value >> 16);
		cpu->dx = (uint16_t)value;
		return 0;
	case 0x07:
		dpmi_set(dos, i, value, dpmi_limit(dos, i), dos->dpmi.ldt[i][5],
			dos->dpmi.ldt[i][6]);
		return 0;
	case 0x08:
		return set_limit(dos, i, value);
	case 0x09:
		return set_access(dos, i, cpu->cl, cpu->ch);
	case 0x0a:
		return alias(dos, i);
	case 0x0b:
		return copy(dos, i, false);
	case 0x0c:
		return dos->dpmi.used[i] == DPMI_USE_CLIENT ? copy(dos, i, true)
							    : DPMI_SELECTOR_INVALID;
	default:
		return DPMI_UNSUPPORTED;
	}
}

int dpmi_descriptor_function(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	unsigned i;

	switch (cpu->al) {
	case 0x00:
		i = dpmi_allocate(dos, cpu->cx, DPMI_USE_CLIENT);
		if (i)
			cpu->ax = DPMI_SELECTOR(i);
		return i ? 0 : DPMI_NO_DESCRIPTOR;
	case 0x01:
		return release(dos);
	case 0x02:
		i = dpmi_segment_selector(dos, cpu->bx);
		if (i)
			cpu->ax = (uint16_t)i;
		return i ? 0 : DPMI_NO_DESCRIPTOR;
	case 0x03:
		cpu->ax = 8;
		return 0;
	case 0x0d:
		return take_one(dos, cpu->bx);
	default:
		return on_descriptor(dos, dpmi_find(dos, cpu->bx));
	}
}

/* --- Before the processor gets them --- */

static uint16_t settled(const struct dos *dos, uint16_t selector)
{
	unsigned i = dpmi_find(dos, selector);
	uint8_t access = dos->dpmi.ldt[i][5];

	/* Present, and code can only be loaded where it can be read. */
	return (selector & 3) == 3 && i && access & ACCESS_PRESENT && (access & 0x0a) != ACCESS_CODE
		       ? selector
		       : 0;
}

void dpmi_settle(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t code = dos->dpmi.ldt[dpmi_find(dos, cpu->cs)][5],
		stack = dos->dpmi.ldt[dpmi_find(dos, cpu->ss)][5];

	cpu->ds = settled(dos, cpu->ds);
	cpu->es = settled(dos, cpu->es);
	cpu->fs = settled(dos, cpu->fs);
	cpu->gs = settled(dos, cpu->gs);
	if ((cpu->cs & 3) != 3 ||
		(code & (ACCESS_PRESENT | ACCESS_CODE)) != (ACCESS_PRESENT | ACCESS_CODE))
		dos_crash(dos, "jump to a segment that is no code");
	else if ((cpu->ss & 3) != 3 ||
		 (stack & (ACCESS_PRESENT | ACCESS_CODE | 2)) != (ACCESS_PRESENT | 2))
		dos_crash(dos, "stack in a segment that is none");
}
