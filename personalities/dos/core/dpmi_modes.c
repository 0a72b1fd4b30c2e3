/* From one mode to the other and back.  What has been left is kept in frames, the last one on top; each level has a stack
 * for either mode in the memory that the client gave at its start. */
#include <string.h>

#include "dpmi.h"
#include "exec.h"
#include "psp.h"

#define STACK 1024u /* bytes of a level, in either mode */
#define REAL_STACKS (STACK * DPMI_LEVELS)
/* Flags that a service in the other mode gives back. */
#define FLAGS_RESULT 0x0cd5u

/* The structure of functions 0300h to 0303h. */
#define CALL_SIZE 0x32u
#define CALL_FLAGS 0x20u
#define CALL_SEGMENTS 0x22u /* es, ds, fs, gs, ip, cs, sp, ss */

static uint16_t entry_offset(unsigned entry)
{
	return (uint16_t)(ROM_HANDLERS + 4 * entry);
}

/* The environment's segment in the PSP is a selector in protected mode. */
void dpmi_set_mode(struct dos *dos, bool is_protected)
{
	struct dpmi *d = &dos->dpmi;

	if (dos->cpu.is_protected == is_protected)
		return;
	dos->cpu.is_protected = is_protected;
	put16(dos_at(dos, d->psp, PSP_ENVIRONMENT),
		is_protected ? d->environment_selector : d->environment);
}

static struct dpmi_frame *push_frame(struct dos *dos, enum dpmi_frame_kind kind)
{
	struct dpmi *d = &dos->dpmi;

	if (d->depth == DPMI_LEVELS) {
		dos_crash(dos, "too many calls between protected and real mode");
		return NULL;
	}
	d->frames[d->depth].kind = kind;
	d->frames[d->depth].cpu = dos->cpu;
	return &d->frames[d->depth++];
}

static struct dpmi_frame *pop_frame(struct dos *dos, enum dpmi_frame_kind a, enum dpmi_frame_kind b)
{
	struct dpmi *d = &dos->dpmi;

	if (d->depth == 0 ||
		(d->frames[d->depth - 1].kind != a && d->frames[d->depth - 1].kind != b)) {
		dos_crash(dos, "return from a call that was not made");
		return NULL;
	}
	return &d->frames[--d->depth];
}

/* The registers of what was left. */
static void restore(struct dos *dos, const struct dpmi_frame *frame)
{
	dpmi_set_mode(dos, frame->cpu.is_protected);
	dos->cpu = frame->cpu;
}

/* --- The client's stack --- */

void dpmi_push(struct dos *dos, uint32_t value)
{
	struct cpu *cpu = &dos->cpu;
	bool big = dpmi_is_big(dos, cpu->ss);
	unsigned size = dos->dpmi.is_32 ? 4 : 2;
	uint32_t sp = big ? cpu->esp - size : (uint16_t)(cpu->sp - size);
	uint8_t *at = dpmi_at(dos, cpu->ss, sp, size);

	if (!at) {
		dos_crash(dos, "stack overflow in protected mode");
		return;
	}
	if (size == 4)
		put32(at, value);
	else
		put16(at, (uint16_t)value);
	if (big)
		cpu->esp = sp;
	else
		cpu->sp = (uint16_t)sp;
}

uint32_t dpmi_pop(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	bool big = dpmi_is_big(dos, cpu->ss);
	unsigned size = dos->dpmi.is_32 ? 4 : 2;
	const uint8_t *at = dpmi_at(dos, cpu->ss, big ? cpu->esp : cpu->sp, size);

	if (!at) {
		dos_crash(dos, "stack underflow in protected mode");
		return 0;
	}
	if (big)
		cpu->esp += size;
	else
		cpu->sp = (uint16_t)(cpu->sp + size);
	return size == 4 ? get32(at) : get16(at);
}

/* The stack of this level, for a handler of the client. */
static void host_stack(struct dos *dos)
{
	dos->cpu.ss = dos->dpmi.stack;
	dos->cpu.esp = STACK * dos->dpmi.depth;
}

static void push_return(struct dos *dos, unsigned entry)
{
	dpmi_push(dos, dos->dpmi.code);
	dpmi_push(dos, entry_offset(entry));
}

static void jump(struct dos *dos, const struct dpmi_address *to)
{
	dos->cpu.cs = to->selector;
	dos->cpu.eip = to->offset;
}

/* --- To virtual-8086 mode --- */

static void real_stack(struct dos *dos)
{
	dos->cpu.ss = dos->dpmi.private_segment;
	dos->cpu.esp = STACK * dos->dpmi.depth;
}

static void real_return_address(struct dos *dos)
{
	dos_push(dos, SEGMENT_ROM);
	dos_push(dos, entry_offset(ROM_ENTRY_DPMI_RETURN));
}

void dpmi_reflect(struct dos *dos, uint8_t n, enum dpmi_frame_kind kind)
{
	struct cpu *cpu = &dos->cpu;
	bool may_interrupt = cpu->flags & FLAG_INTERRUPT;

	if (!push_frame(dos, kind))
		return;
	dpmi_set_mode(dos, false);
	cpu->ds = cpu->es = cpu->fs = cpu->gs = dos->dpmi.private_segment;
	real_stack(dos);
	cpu->cs = SEGMENT_ROM;
	cpu->eip = entry_offset(ROM_ENTRY_DPMI_RETURN);
	cpu->eflags &= ~FLAG_TRACE;
	process_reflect(dos, n);
	if (may_interrupt && kind == DPMI_FRAME_INTERRUPT)
		cpu->eflags |= FLAG_INTERRUPT;
}

/* With cs:ip and ss:sp only for a callback: after a call they are as the client left them. */
static void to_structure(const struct cpu *cpu, uint8_t *to, bool is_callback)
{
	const uint32_t registers[8] = { cpu->edi, cpu->esi, cpu->ebp, 0, cpu->ebx, cpu->edx,
		cpu->ecx, cpu->eax };
	const uint16_t segments[8] = { cpu->es, cpu->ds, cpu->fs, cpu->gs, cpu->ip, cpu->cs,
		cpu->sp, cpu->ss };

	for (unsigned i = 0; i < 8; i++)
		put32(to + 4 * i, registers[i]);
	for (unsigned i = 0; i < (is_callback ? 8u : 4u); i++)
		put16(to + CALL_SEGMENTS + 2 * i, segments[i]);
	put16(to + CALL_FLAGS, cpu->flags);
}

/* All but cs:ip and ss:sp. */
static void from_structure(struct cpu *cpu, const uint8_t *from)
{
	cpu->edi = get32(from);
	cpu->esi = get32(from + 4);
	cpu->ebp = get32(from + 8);
	cpu->ebx = get32(from + 0x10);
	cpu->edx = get32(from + 0x14);
	cpu->ecx = get32(from + 0x18);
	cpu->eax = get32(from + 0x1c);
	cpu->eflags = (cpu->eflags & 0xffff0000) |
		      (get16(from + CALL_FLAGS) & (FLAGS_RESULT | FLAG_INTERRUPT)) | 2;
	cpu->es = get16(from + CALL_SEGMENTS);
	cpu->ds = get16(from + CALL_SEGMENTS + 2);
	cpu->fs = get16(from + CALL_SEGMENTS + 4);
	cpu->gs = get16(from + CALL_SEGMENTS + 6);
}

int dpmi_call_real(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu, client = *cpu;
	uint32_t at = dos->dpmi.is_32 ? cpu->edi : cpu->di, words = cpu->cx;
	uint8_t *call = dpmi_at(dos, cpu->es, at, CALL_SIZE);
	const uint8_t *arguments = NULL;
	struct dpmi_frame *frame;

	if (!call || words > STACK / 4)
		return call ? DPMI_VALUE : DPMI_LINEAR;
	if (words) {
		arguments = dpmi_at(
			dos, cpu->ss, dpmi_is_big(dos, cpu->ss) ? cpu->esp : cpu->sp, 2 * words);
		if (!arguments)
			return DPMI_LINEAR;
	}
	cpu->eflags &= ~FLAG_CARRY; /* when it comes back */
	frame = push_frame(dos, DPMI_FRAME_CALL);
	if (!frame)
		return 0;
	frame->structure_selector = cpu->es;
	frame->structure_offset = at;
	dpmi_set_mode(dos, false);
	from_structure(cpu, call);
	real_stack(dos);
	if (get32(call + 0x2e)) {
		cpu->ss = get16(call + 0x30);
		cpu->esp = get16(call + 0x2e);
	}
	while (words-- > 0)
		dos_push(dos, get16(arguments + 2 * words));
	cpu->cs = get16(call + 0x2c);
	cpu->eip = get16(call + 0x2a);
	if (client.al == 0x00) {
		cpu->cs = SEGMENT_ROM;
		cpu->eip = entry_offset(ROM_ENTRY_DPMI_RETURN);
		process_reflect(dos, client.bl);
		return 0;
	}
	if (client.al == 0x02) {
		dos_push(dos, cpu->flags);
		cpu->eflags &= ~FLAG_INTERRUPT;
	}
	real_return_address(dos);
	return 0;
}

/* The service in virtual-8086 mode is done. */
void dpmi_real_return(struct dos *dos)
{
	struct dpmi *d = &dos->dpmi;
	struct cpu real = dos->cpu;
	struct dpmi_frame *frame;
	uint8_t *call;

	if (d->depth > 0 && d->frames[d->depth - 1].kind == DPMI_FRAME_TICK) {
		restore(dos, &d->frames[--d->depth]);
		return;
	}
	frame = pop_frame(dos, DPMI_FRAME_INTERRUPT, DPMI_FRAME_CALL);
	if (!frame)
		return;
	restore(dos, frame);
	if (frame->kind == DPMI_FRAME_CALL) {
		call = dpmi_at(dos, frame->structure_selector, frame->structure_offset, CALL_SIZE);
		if (call)
			to_structure(&real, call, false);
		return;
	}
	dos->cpu.eax = real.eax;
	dos->cpu.ebx = real.ebx;
	dos->cpu.ecx = real.ecx;
	dos->cpu.edx = real.edx;
	dos->cpu.esi = real.esi;
	dos->cpu.edi = real.edi;
	dos->cpu.ebp = real.ebp;
	dos->cpu.eflags = (dos->cpu.eflags & ~FLAGS_RESULT) | (real.eflags & FLAGS_RESULT);
}

/* --- To the client --- */

void dpmi_callback(struct dos *dos, unsigned number)
{
	struct dpmi *d = &dos->dpmi;
	struct cpu *cpu = &dos->cpu, real = *cpu;
	const struct dpmi_callback *c = &d->callbacks[number];
	uint8_t *call =
		c->used ? dpmi_at(dos, c->structure.selector, c->structure.offset, CALL_SIZE)
			: NULL;

	if (!call) {
		dos_crash(dos, "jump to a callback that is not there");
		return;
	}
	if (!push_frame(dos, DPMI_FRAME_CALLBACK))
		return;
	to_structure(&real, call, true);
	dpmi_set(dos, d->callback_stack >> 3, (uint32_t)real.ss << 4, 0xffff, 0xf2, 0);
	dpmi_set_mode(dos, true);
	cpu->ds = d->callback_stack;
	cpu->esi = real.sp;
	cpu->es = c->structure.selector;
	cpu->edi = c->structure.offset;
	cpu->fs = cpu->gs = 0;
	host_stack(dos);
	dpmi_push(dos, real.flags);
	push_return(dos, ROM_ENTRY_DPMI_CALLBACK_RETURN);
	cpu->eflags &= ~(FLAG_INTERRUPT | FLAG_TRACE);
	jump(dos, &c->handler);
}

/* Its IRET: the structure at es:edi says how real mode goes on. */
void dpmi_callback_return(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t at = dos->dpmi.is_32 ? cpu->edi : cpu->di;
	const uint8_t *call = dpmi_at(dos, cpu->es, at, CALL_SIZE);
	struct dpmi_frame *frame = pop_frame(dos, DPMI_FRAME_CALLBACK, DPMI_FRAME_CALLBACK);

	if (!frame)
		return;
	if (!call) {
		dos_crash(dos, "return from a callback without registers");
		return;
	}
	restore(dos, frame);
	from_structure(cpu, call);
	cpu->eip = get16(call + 0x2a);
	cpu->cs = get16(call + 0x2c);
	cpu->esp = get16(call + 0x2e);
	cpu->ss = get16(call + 0x30);
}

bool dpmi_interrupt_client(struct dos *dos, uint8_t n)
{
	struct dpmi *d = &dos->dpmi;
	uint32_t flags = dos->cpu.eflags;

	if (d->depth == DPMI_LEVELS || !push_frame(dos, DPMI_FRAME_TICK))
		return false;
	dpmi_set_mode(dos, true);
	host_stack(dos);
	dos->cpu.ds = dos->cpu.es = dos->cpu.fs = dos->cpu.gs = 0;
	if (d->frames[d->depth - 1].cpu.is_protected)
		dos->cpu = (struct cpu){ .is_protected = true,
			.ss = dos->cpu.ss,
			.esp = dos->cpu.esp,
			.eflags = flags,
			.ds = d->frames[d->depth - 1].cpu.ds,
			.es = d->frames[d->depth - 1].cpu.es,
			.fs = d->frames[d->depth - 1].cpu.fs,
			.gs = d->frames[d->depth - 1].cpu.gs };
	dpmi_push(dos, flags);
	push_return(dos, ROM_ENTRY_DPMI_INTERRUPT_RETURN);
	dos->cpu.eflags &= ~(FLAG_INTERRUPT | FLAG_TRACE);
	jump(dos, &d->vectors[n]);
	return true;
}

void dpmi_interrupt_return(struct dos *dos)
{
	struct dpmi_frame *frame = pop_frame(dos, DPMI_FRAME_TICK, DPMI_FRAME_TICK);

	if (frame)
		restore(dos, frame);
}

void dpmi_raise(struct dos *dos, uint8_t n, uint32_t error)
{
	struct cpu *cpu = &dos->cpu;
	const struct dpmi_frame *frame = push_frame(dos, DPMI_FRAME_EXCEPTION);
	uint32_t values[6];

	if (!frame)
		return;
	values[0] = cpu->ss;
	values[1] = cpu->esp;
	values[2] = cpu->eflags;
	values[3] = cpu->cs;
	values[4] = cpu->eip;
	values[5] = error;
	host_stack(dos);
	for (unsigned i = 0; i < 6; i++)
		dpmi_push(dos, values[i]);
	push_return(dos, ROM_ENTRY_DPMI_EXCEPTION_RETURN);
	cpu->eflags &= ~(FLAG_INTERRUPT | FLAG_TRACE);
	jump(dos, &dos->dpmi.exceptions[n]);
}

/* Its far return: the error code and where to go on are on the stack. */
void dpmi_exception_return(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t values[6];

	if (!pop_frame(dos, DPMI_FRAME_EXCEPTION, DPMI_FRAME_EXCEPTION))
		return;
	for (unsigned i = 0; i < 6 && !dos->is_over; i++)
		values[i] = dpmi_pop(dos);
	if (dos->is_over)
		return;
	cpu->eip = values[1];
	cpu->cs = (uint16_t)values[2];
	cpu->eflags = values[3] & 0x00240fd7u;
	cpu->eflags |= 2;
	cpu->esp = values[4];
	cpu->ss = (uint16_t)values[5];
}

/* ax ds, cx es, dx ss, (e)bx (e)sp, si cs, (e)di (e)ip of the other mode. */
void dpmi_raw_switch(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	bool is_long = !cpu->is_protected && dos->dpmi.is_32;

	dpmi_set_mode(dos, !cpu->is_protected);
	cpu->ds = cpu->ax;
	cpu->es = cpu->cx;
	cpu->ss = cpu->dx;
	cpu->esp = is_long ? cpu->ebx : cpu->bx;
	cpu->cs = cpu->si;
	cpu->eip = is_long ? cpu->edi : cpu->di;
	cpu->fs = cpu->gs = 0;
}
