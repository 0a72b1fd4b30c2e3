#include "fault.h"

#include "bios.h"
#include "exec.h"
#include "ports.h"
#include "video.h"

#define PREFIXES_MAX 14
/* Flags that POPF and IRET change in virtual-8086 mode (IOPL and the virtual bits are not the program's). */
#define FLAGS_WORD 0x4fd5u
#define FLAGS_LONG 0x00244fd5u

struct instruction {
	uint8_t opcode;
	bool is_long; /* 32-bit operands */
	bool long_addresses;
	bool repeat;
	uint16_t segment; /* of OUTS */
	unsigned length;
};

static uint8_t fetch(struct dos *dos, unsigned at)
{
	return *dos_at(dos, dos->cpu.cs, (uint16_t)(dos->cpu.ip + at));
}

static bool decode(struct dos *dos, struct instruction *i)
{
	const struct cpu *cpu = &dos->cpu;

	*i = (struct instruction){ .segment = cpu->ds };
	for (i->length = 0; i->length < PREFIXES_MAX;) {
		i->opcode = fetch(dos, i->length++);
		switch (i->opcode) {
		case 0x26:
			i->segment = cpu->es;
			break;
		case 0x2e:
			i->segment = cpu->cs;
			break;
		case 0x36:
			i->segment = cpu->ss;
			break;
		case 0x3e:
			i->segment = cpu->ds;
			break;
		case 0x64:
			i->segment = cpu->fs;
			break;
		case 0x65:
			i->segment = cpu->gs;
			break;
		case 0x66:
			i->is_long = true;
			break;
		case 0x67:
			i->long_addresses = true;
			break;
		case 0xf2:
		case 0xf3:
			i->repeat = true;
			break;
		default:
			return i->opcode != 0xf0; /* LOCK: none of ours takes it */
		}
	}
	return false;
}

static uint32_t pop(struct dos *dos, bool is_long)
{
	uint32_t value = dos_pop(dos);

	return is_long ? value | (uint32_t)dos_pop(dos) << 16 : value;
}

static void push(struct dos *dos, uint32_t value, bool is_long)
{
	if (is_long)
		dos_push(dos, (uint16_t)(value >> 16));
	dos_push(dos, (uint16_t)value);
}

static void set_flags(struct dos *dos, uint32_t flags, bool is_long)
{
	uint32_t mask = is_long ? FLAGS_LONG : FLAGS_WORD;

	dos->cpu.eflags = (dos->cpu.eflags & ~mask) | (flags & mask) | 2;
}

static void interrupt(struct dos *dos, uint8_t n)
{
	if (process_is_hooked(dos, n))
		process_reflect(dos, n);
	else
		dos_interrupt(dos, n);
}

static void interrupt_return(struct dos *dos, bool is_long)
{
	struct cpu *cpu = &dos->cpu;

	cpu->eip = pop(dos, is_long);
	cpu->cs = (uint16_t)pop(dos, is_long);
	set_flags(dos, pop(dos, is_long), is_long);
}

/* HLT: the ROM's are services, others wait for an interrupt. */
static void halt(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t at = guest_linear(cpu->cs, cpu->ip), rom = guest_linear(SEGMENT_ROM, ROM_HANDLERS);

	if (at >= rom && at < rom + 4 * ROM_ENTRIES && at % 4 == rom % 4) {
		unsigned entry = (at - rom) / 4;

		if (entry >= 256) {
			dos_entry(dos, entry);
			return;
		}
		interrupt_return(dos, false);
		dos_interrupt(dos, (uint8_t)entry);
		return;
	}
	cpu->ip++;
	video_refresh(dos);
	if (cpu->flags & FLAG_INTERRUPT)
		dos->world->idle(dos->world->context);
	else
		dos_crash(dos, "halted with interrupts off");
}

static uint32_t port_in(struct dos *dos, uint16_t port, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)ports_in(dos, (uint16_t)(port + i)) << 8 * i;
	return value;
}

static void port_out(struct dos *dos, uint16_t port, uint32_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		ports_out(dos, (uint16_t)(port + i), (uint8_t)(value >> 8 * i));
}

void fault_port(struct dos *dos, uint8_t opcode, bool is_long, uint16_t port)
{
	struct cpu *cpu = &dos->cpu;
	unsigned size = !(opcode & 1) ? 1 : is_long ? 4 : 2;

	if (opcode & 2)
		port_out(dos, port, cpu->eax, size);
	else if (size == 1)
		cpu->al = (uint8_t)port_in(dos, port, 1);
	else if (size == 2)
		cpu->ax = (uint16_t)port_in(dos, port, 2);
	else
		cpu->eax = port_in(dos, port, 4);
}

/* INS and OUTS, all of a REP at once: at most 65536 times. */
static void string_port(struct dos *dos, const struct instruction *i)
{
	struct cpu *cpu = &dos->cpu;
	unsigned size = !(i->opcode & 1) ? 1 : i->is_long ? 4 : 2;
	uint16_t step = (uint16_t)(cpu->flags & FLAG_DIRECTION ? -size : size);
	uint32_t count = i->repeat ? cpu->cx : 1;

	for (; count > 0; count--) {
		for (unsigned n = 0; n < size; n++) {
			uint16_t port = (uint16_t)(cpu->dx + n);

			if (i->opcode & 2)
				ports_out(dos, port,
					*dos_at(dos, i->segment, (uint16_t)(cpu->si + n)));
			else
				*dos_at(dos, cpu->es, (uint16_t)(cpu->di + n)) =
					ports_in(dos, port);
		}
		if (i->opcode & 2)
			cpu->si = (uint16_t)(cpu->si + step);
		else
			cpu->di = (uint16_t)(cpu->di + step);
	}
	if (i->repeat)
		cpu->cx = 0;
}

bool fault_emulate(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct instruction i;
	uint16_t start = cpu->ip;
	uint8_t operand;

	if (!decode(dos, &i))
		return false;
	if (i.opcode == 0xf4) {
		halt(dos);
		return true;
	}
	operand = fetch(dos, i.length);
	cpu->eip = (uint16_t)(start + i.length);
	switch (i.opcode) {
	case 0xcd:
		cpu->eip = (uint16_t)(cpu->ip + 1);
		interrupt(dos, operand);
		return true;
	case 0xcf:
		interrupt_return(dos, i.is_long);
		return true;
	case 0xfa:
		cpu->eflags &= ~FLAG_INTERRUPT;
		return true;
	case 0xfb:
		cpu->eflags |= FLAG_INTERRUPT;
		return true;
	case 0x9c:
		push(dos, cpu->eflags & 0x00fcffffu, i.is_long);
		return true;
	case 0x9d:
		set_flags(dos, pop(dos, i.is_long), i.is_long);
		return true;
	case 0xe4:
	case 0xe5:
	case 0xe6:
	case 0xe7:
		cpu->eip = (uint16_t)(cpu->ip + 1);
		fault_port(dos, i.opcode, i.is_long, operand);
		return true;
	case 0xec:
	case 0xed:
	case 0xee:
	case 0xef:
		fault_port(dos, i.opcode, i.is_long, cpu->dx);
		return true;
	case 0x6c:
	case 0x6d:
	case 0x6e:
	case 0x6f:
		if (i.long_addresses)
			break;
		string_port(dos, &i);
		return true;
	default:
		break;
	}
	cpu->eip = start;
	return false;
}

void fault_exception(struct dos *dos, uint8_t n)
{
	interrupt(dos, n);
}
