/* INT 31h. */
#include "dpmi.h"
#include "extended.h"

#define PAGE 4096u

static uint32_t pair(uint16_t high, uint16_t low)
{
	return (uint32_t)high << 16 | low;
}

static uint32_t offset_register(const struct dos *dos, uint32_t value)
{
	return dos->dpmi.is_32 ? value : (uint16_t)value;
}

/* --- 01xxh: memory of DOS --- */

/* A 16-bit client reaches more than 64 KiB by selectors in a row. */
static unsigned selectors_for(const struct dos *dos, uint16_t paragraphs)
{
	return dos->dpmi.is_32 || !paragraphs ? 1 : (paragraphs + 0xfffu) / 0x1000;
}

static void describe(struct dos *dos, unsigned first, uint16_t segment, uint16_t paragraphs)
{
	uint32_t left = (uint32_t)paragraphs * 16;
	unsigned n = selectors_for(dos, paragraphs);

	/* The first one reaches it all. */
	for (unsigned i = 0; i < n; i++, left -= 0x10000)
		dpmi_set(dos, first + i, ((uint32_t)segment << 4) + 0x10000 * i,
			(i == 0 || left < 0x10000 ? left : 0x10000) - 1, 0xf2, 0);
}

static int dos_memory(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t segment, largest = 0;
	unsigned i;
	int error;

	if (cpu->al == 0) {
		error = arena_allocate(&dos->arena, dos->dpmi.psp, cpu->bx, &segment, &largest);
		i = error ? 0 : dpmi_allocate(dos, selectors_for(dos, cpu->bx), DPMI_USE_CLIENT);
		if (!error && !i) {
			error = arena_free(&dos->arena, segment);
			return DPMI_NO_DESCRIPTOR;
		}
		cpu->bx = error ? largest : cpu->bx;
		if (error)
			return error;
		describe(dos, i, segment, cpu->bx);
		cpu->ax = segment;
		cpu->dx = DPMI_SELECTOR(i);
		return 0;
	}
	i = dpmi_find(dos, cpu->dx);
	if (!i)
		return DOS_E_BLOCK;
	segment = (uint16_t)(dpmi_base(dos, i) >> 4);
	if (cpu->al == 2) {
		if (selectors_for(dos, cpu->bx) >
			selectors_for(dos, arena_size(&dos->arena, segment)))
			return DPMI_NO_DESCRIPTOR;
		error = arena_resize(&dos->arena, segment, cpu->bx, &largest);
		if (error == DOS_E_MEMORY)
			cpu->bx = largest;
		else if (!error)
			describe(dos, i, segment, cpu->bx);
		return error;
	}
	if (cpu->al != 1)
		return DPMI_UNSUPPORTED;
	largest = (uint16_t)selectors_for(dos, arena_size(&dos->arena, segment));
	error = arena_free(&dos->arena, segment);
	for (unsigned n = 0; !error && n < largest; n++) {
		cpu->ax = 0x0001;
		cpu->bx = DPMI_SELECTOR(i + n);
		error = dpmi_descriptor_function(dos);
	}
	return error;
}

/* --- 02xxh: vectors --- */

static int vectors(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint8_t *real = dos->memory + 4 * cpu->bl;
	bool exception = cpu->al < 4;
	struct dpmi_address *v = exception ? &dos->dpmi.exceptions[cpu->bl % DPMI_EXCEPTIONS]
					   : &dos->dpmi.vectors[cpu->bl];
	uint32_t entry =
		ROM_HANDLERS + 4u * (exception ? ROM_ENTRY_DPMI_EXCEPTION + cpu->bl : cpu->bl);

	switch (cpu->al) {
	case 0x00:
		cpu->dx = get16(real);
		cpu->cx = get16(real + 2);
		return 0;
	case 0x01:
		put_far(real, cpu->cx, cpu->dx);
		return 0;
	case 0x02:
	case 0x04:
		if (exception && cpu->bl >= DPMI_EXCEPTIONS)
			return DPMI_VALUE;
		cpu->cx = v->selector ? v->selector : dos->dpmi.code;
		entry = v->selector ? v->offset : entry;
		if (dos->dpmi.is_32)
			cpu->edx = entry;
		else
			cpu->dx = (uint16_t)entry;
		return 0;
	case 0x03:
	case 0x05:
		if (exception && cpu->bl >= DPMI_EXCEPTIONS)
			return DPMI_VALUE;
		if (!dpmi_find(dos, cpu->cx))
			return DPMI_SELECTOR_INVALID;
		*v = (struct dpmi_address){ cpu->cx, offset_register(dos, cpu->edx) };
		if (v->selector == dos->dpmi.code && v->offset == entry)
			v->selector = 0; /* ours again */
		return 0;
	default:
		return DPMI_UNSUPPORTED;
	}
}

/* --- 03xxh: real mode --- */

static void entry_pair(struct dos *dos, unsigned entry)
{
	struct cpu *cpu = &dos->cpu;

	cpu->bx = SEGMENT_ROM;
	cpu->cx = (uint16_t)(ROM_HANDLERS + 4 * entry);
	cpu->si = dos->dpmi.code;
	if (dos->dpmi.is_32)
		cpu->edi = cpu->cx;
	else
		cpu->di = cpu->cx;
}

static int callback_function(struct dos *dos, bool allocate)
{
	struct cpu *cpu = &dos->cpu;
	struct dpmi_callback *c;
	unsigned i;

	if (!allocate) {
		i = (cpu->dx - ROM_HANDLERS) / 4u - ROM_ENTRY_DPMI_CALLBACK;
		if (cpu->cx != SEGMENT_ROM || i >= DPMI_CALLBACKS || !dos->dpmi.callbacks[i].used)
			return 0x8024;
		dos->dpmi.callbacks[i].used = false;
		return 0;
	}
	for (i = 0; i < DPMI_CALLBACKS; i++) {
		c = &dos->dpmi.callbacks[i];
		if (c->used)
			continue;
		*c = (struct dpmi_callback){ true, { cpu->ds, offset_register(dos, cpu->esi) },
			{ cpu->es, offset_register(dos, cpu->edi) } };
		cpu->cx = SEGMENT_ROM;
		cpu->dx = (uint16_t)(ROM_HANDLERS + 4 * (ROM_ENTRY_DPMI_CALLBACK + i));
		return 0;
	}
	return DPMI_NO_CALLBACK;
}

static int real_mode(struct dos *dos)
{
	switch (dos->cpu.al) {
	case 0x00:
	case 0x01:
	case 0x02:
		return dpmi_call_real(dos);
	case 0x03:
	case 0x04:
		return callback_function(dos, dos->cpu.al == 0x03);
	case 0x05:
		entry_pair(dos, ROM_ENTRY_DPMI_STATE);
		dos->cpu.ax = 0; /* bytes that it needs */
		return 0;
	case 0x06:
		entry_pair(dos, ROM_ENTRY_DPMI_SWITCH);
		return 0;
	default:
		return DPMI_UNSUPPORTED;
	}
}

/* --- 05xxh: memory blocks --- */

static int memory_information(struct dos *dos)
{
	uint8_t *to = dpmi_at(dos, dos->cpu.es, offset_register(dos, dos->cpu.edi), 0x30);
	uint32_t left = extended_left(dos), pages = left / PAGE;
	const uint32_t values[9] = { left, pages, pages, EXTENDED_MEMORY / PAGE, pages, pages,
		EXTENDED_MEMORY / PAGE, pages, 0 };

	if (!to)
		return DPMI_LINEAR;
	for (unsigned i = 0; i < 12; i++)
		put32(to + 4 * i, i < 9 ? values[i] : 0xffffffff);
	return 0;
}

static int tell_block(struct dos *dos, int block)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t linear = extended_linear(dos, block);

	cpu->bx = (uint16_t)(linear >> 16);
	cpu->cx = (uint16_t)linear;
	cpu->si = 0;
	cpu->di = (uint16_t)(block + 1);
	return 0;
}

static int memory_blocks(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t size = pair(cpu->bx, cpu->cx), handle = pair(cpu->si, cpu->di);
	int block = (int)handle - 1;

	if (cpu->al == 0x00)
		return memory_information(dos);
	if (cpu->al > 0x03)
		return DPMI_UNSUPPORTED;
	if (cpu->al != 0x02 && !size)
		return DPMI_VALUE;
	if (cpu->al == 0x01) {
		if (size > EXTENDED_MEMORY)
			return DPMI_NO_LINEAR;
		block = extended_allocate(dos, DOS_EXTENDED_DPMI, size);
		return block < 0 ? DPMI_NO_MEMORY : tell_block(dos, block);
	}
	if (handle < 1 || handle > DOS_EXTENDED || dos->extended[block].use != DOS_EXTENDED_DPMI)
		return DPMI_HANDLE;
	if (cpu->al == 0x02) {
		extended_free(dos, block);
		return 0;
	}
	return extended_resize(dos, block, size) ? tell_block(dos, block) : DPMI_NO_MEMORY;
}

/* --- 06xxh, 07xxh: no page is ever away, as far as a program can see --- */

static int pages(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	if (cpu->ax == 0x0604) {
		cpu->bx = 0;
		cpu->cx = PAGE;
		return 0;
	}
	if (cpu->al > 0x03 || (cpu->ah == 7 && cpu->al < 2))
		return DPMI_UNSUPPORTED;
	return extended_at(dos, pair(cpu->bx, cpu->cx), pair(cpu->si, cpu->di)) ? 0 : DPMI_LINEAR;
}

static int interrupt_state(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	bool was = cpu->flags & FLAG_INTERRUPT;

	if (cpu->al > 2)
		return DPMI_UNSUPPORTED;
	if (cpu->al == 0)
		cpu->flags &= (uint16_t)~FLAG_INTERRUPT;
	else if (cpu->al == 1)
		cpu->flags |= FLAG_INTERRUPT;
	cpu->al = was;
	return 0;
}

static int version(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	if (cpu->al)
		return DPMI_UNSUPPORTED;
	cpu->ax = 0x005a; /* 0.90 */
	cpu->bx = 1;	  /* 32-bit programs; virtual-8086 mode; no virtual memory */
	cpu->cl = 3;
	cpu->dx = 0x0870;
	return 0;
}

static int serve(struct dos *dos)
{
	switch (dos->cpu.ah) {
	case 0x00:
		return dpmi_descriptor_function(dos);
	case 0x01:
		return dos_memory(dos);
	case 0x02:
		return vectors(dos);
	case 0x03:
		return real_mode(dos);
	case 0x04:
		return version(dos);
	case 0x05:
		return memory_blocks(dos);
	case 0x06:
	case 0x07:
		return pages(dos);
	case 0x08:
		return DPMI_INTEGRITY; /* the machine's devices are not the program's */
	case 0x09:
		return interrupt_state(dos);
	default:
		return DPMI_UNSUPPORTED;
	}
}

void dpmi_services(struct dos *dos)
{
	bool calls_real = dos->cpu.ah == 3 && dos->cpu.al <= 2;
	int error = serve(dos);

	if (error) {
		dos->cpu.ax = (uint16_t)error;
		dos->cpu.flags |= FLAG_CARRY;
	} else if (!calls_real) {
		dos->cpu.flags &= (uint16_t)~FLAG_CARRY;
	}
}
