#include "dpmi.h"

#include <string.h>

#include "exec.h"
#include "extended.h"
#include "fault.h"
#include "psp.h"
#include "video.h"

bool dpmi_is_free(const struct dos *dos)
{
	return dos->world->set_descriptor && !dos->dpmi.is_active;
}

static uint16_t make(struct dos *dos, enum dpmi_use use, uint32_t base, uint32_t limit,
	uint8_t access, uint8_t flags)
{
	unsigned i = dpmi_allocate(dos, 1, use);

	dpmi_set(dos, i, base, limit, access, flags);
	return DPMI_SELECTOR(i);
}

static uint16_t client_segment(struct dos *dos, uint16_t segment, uint8_t access)
{
	return make(dos, DPMI_USE_CLIENT, (uint32_t)segment << 4, 0xffff, access, 0);
}

void dpmi_enter(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	struct dpmi *d = &dos->dpmi;
	uint16_t ip = dos_pop(dos), cs = dos_pop(dos), ds = cpu->ds, ss = cpu->ss;
	uint8_t flags;

	cpu->eip = ip;
	cpu->cs = cs;
	if (!dpmi_is_free(dos)) {
		cpu->ax = DPMI_NO_DESCRIPTOR;
		cpu->flags |= FLAG_CARRY;
		return;
	}
	memset(d, 0, sizeof(*d));
	d->is_active = true;
	d->is_32 = cpu->ax & 1;
	d->psp = dos->psp;
	d->private_segment = cpu->es;
	flags = d->is_32 ? 0x40 : 0;
	dpmi_clear_descriptors(dos);
	d->code = make(dos, DPMI_USE_HOST, (uint32_t)SEGMENT_ROM << 4, 0xffff, 0xfa, flags);
	d->stack = make(dos, DPMI_USE_HOST, ((uint32_t)cpu->es << 4) + DPMI_PARAGRAPHS * 8,
		DPMI_PARAGRAPHS * 8 - 1, 0xf2, flags);
	d->callback_stack = make(dos, DPMI_USE_HOST, 0, 0xffff, 0xf2, 0);
	d->environment = get16(dos_at(dos, d->psp, PSP_ENVIRONMENT));
	d->environment_selector = d->environment ? client_segment(dos, d->environment, 0xf2) : 0;
	dpmi_set_mode(dos, true);
	cpu->cs = client_segment(dos, cs, 0xfa);
	cpu->ds = client_segment(dos, ds, 0xf2);
	cpu->ss = ss == ds ? cpu->ds : client_segment(dos, ss, 0xf2);
	cpu->es = make(dos, DPMI_USE_CLIENT, (uint32_t)d->psp << 4, 0xff, 0xf2, 0);
	cpu->fs = cpu->gs = 0;
	cpu->esp = cpu->sp;
	cpu->flags &= (uint16_t)~FLAG_CARRY;
}

void dpmi_end(struct dos *dos, uint16_t psp)
{
	struct dpmi *d = &dos->dpmi;

	if (!d->is_active || d->psp != psp)
		return;
	dpmi_set_mode(dos, false);
	put16(dos_at(dos, d->psp, PSP_ENVIRONMENT), d->environment);
	extended_free_all(dos, DOS_EXTENDED_DPMI);
	memset(d, 0, sizeof(*d));
}

/* --- Interrupts --- */

/* Of an interrupt that the client does not handle. */
static void host_interrupt(struct dos *dos, uint8_t n)
{
	if (n == 0x31)
		dpmi_services(dos);
	else if (n == 0x2f && dos->cpu.ax == 0x1686)
		dos->cpu.ax = 0; /* this is protected mode */
	else
		dpmi_reflect(dos, n, DPMI_FRAME_INTERRUPT);
}

static void client_interrupt(struct dos *dos, uint8_t n)
{
	const struct dpmi_address *handler = &dos->dpmi.vectors[n];

	if (!handler->selector) {
		host_interrupt(dos, n);
		return;
	}
	dpmi_push(dos, dos->cpu.eflags);
	dpmi_push(dos, dos->cpu.cs);
	dpmi_push(dos, dos->cpu.eip);
	dos->cpu.cs = handler->selector;
	dos->cpu.eip = handler->offset;
}

/* A handler of the client went on to the host's, which it had found by function 0204h. */
static void chained_interrupt(struct dos *dos, uint8_t n)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t eip = dpmi_pop(dos), cs = dpmi_pop(dos), flags = dpmi_pop(dos);

	cpu->eip = eip;
	cpu->cs = (uint16_t)cs;
	cpu->eflags = (flags & 0x00240fd5u) | 2;
	if (!dos->is_over)
		host_interrupt(dos, n);
}

/* What nobody handles: some are interrupts too, the others end the client. */
static void unhandled_exception(struct dos *dos, uint8_t n)
{
	static const char *const names[] = { "divide error", "trace", "", "breakpoint", "overflow",
		"bounds", "invalid instruction", "no coprocessor", "double fault", "",
		"invalid task", "segment not present", "stack fault", "general protection fault",
		"page fault" };

	if (n <= 5 || n == 7)
		client_interrupt(dos, n);
	else
		dos_crash(dos,
			n < sizeof(names) / sizeof(names[0]) ? names[n] : "floating point error");
}

static void chained_exception(struct dos *dos, uint8_t n)
{
	dpmi_exception_return(dos); /* off the host's stack */
	if (!dos->is_over)
		unhandled_exception(dos, n);
}

static void protected_entry(struct dos *dos, unsigned entry)
{
	if (entry < 256)
		chained_interrupt(dos, (uint8_t)entry);
	else if (entry >= ROM_ENTRY_DPMI_EXCEPTION &&
		 entry < ROM_ENTRY_DPMI_EXCEPTION + DPMI_EXCEPTIONS) {
		(void)dpmi_pop(dos); /* the return address below the frame */
		(void)dpmi_pop(dos);
		chained_exception(dos, (uint8_t)(entry - ROM_ENTRY_DPMI_EXCEPTION));
	} else if (entry == ROM_ENTRY_DPMI_EXCEPTION_RETURN) {
		dpmi_exception_return(dos);
	} else if (entry == ROM_ENTRY_DPMI_CALLBACK_RETURN) {
		dpmi_callback_return(dos);
	} else if (entry == ROM_ENTRY_DPMI_INTERRUPT_RETURN) {
		dpmi_interrupt_return(dos);
	} else if (entry == ROM_ENTRY_DPMI_SWITCH) {
		dpmi_raw_switch(dos);
	} else if (entry == ROM_ENTRY_DPMI_STATE) {
		dos->cpu.eip++; /* to its RETF: there is no state to keep */
	} else {
		dos_crash(dos, "jump into the ROM");
	}
}

bool dpmi_real_entry(struct dos *dos, unsigned entry)
{
	if (entry == ROM_ENTRY_DPMI) {
		dpmi_enter(dos);
		return true;
	}
	if (!dos->dpmi.is_active)
		return false;
	if (entry >= ROM_ENTRY_DPMI_CALLBACK && entry < ROM_ENTRY_DPMI_CALLBACK + DPMI_CALLBACKS) {
		dpmi_callback(dos, entry - ROM_ENTRY_DPMI_CALLBACK);
		return true;
	}
	switch (entry) {
	case ROM_ENTRY_DPMI_RETURN:
		dpmi_real_return(dos);
		return true;
	case ROM_ENTRY_DPMI_SWITCH:
		dpmi_raw_switch(dos);
		return true;
	case ROM_ENTRY_DPMI_STATE:
		dos->cpu.ip++;
		return true;
	default:
		return false;
	}
}

bool dpmi_wants_ticks(const struct dos *dos)
{
	return dos->dpmi.vectors[0x08].selector || dos->dpmi.vectors[0x1c].selector;
}

bool dpmi_deliver_tick(struct dos *dos)
{
	struct dpmi *d = &dos->dpmi;

	if (d->vectors[0x08].selector)
		return dpmi_interrupt_client(dos, 0x08);
	if (d->vectors[0x1c].selector)
		return dpmi_interrupt_client(dos, 0x1c);
	if (!dos->cpu.is_protected || d->depth == DPMI_LEVELS)
		return false;
	dpmi_reflect(dos, process_is_hooked(dos, 0x08) ? 0x08 : 0x1c, DPMI_FRAME_TICK);
	return true;
}

/* --- Faults --- */

static void halt(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint32_t entry = (cpu->eip - ROM_HANDLERS) / 4;

	if (cpu->cs == dos->dpmi.code) {
		protected_entry(dos, cpu->eip % 4 == ROM_HANDLERS % 4 ? entry : ROM_ENTRIES);
		return;
	}
	cpu->eip++;
	video_refresh(dos);
	if (cpu->flags & FLAG_INTERRUPT)
		dos->world->idle(dos->world->context);
	else
		dos_crash(dos, "halted with interrupts off");
}

/* A privileged instruction that we do. false: it is an exception. */
static bool emulate(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	unsigned code = dpmi_find(dos, cpu->cs), length = 0;
	bool is_long = dos->dpmi.ldt[code][6] & 0x40;
	const uint8_t *at;
	uint8_t n;

	for (;; length++) {
		at = dpmi_at(dos, cpu->cs, cpu->eip + length, 1);
		if (!at || length == 14)
			return false;
		if (*at == 0x66)
			is_long = !is_long;
		else if (*at != 0x2e && *at != 0x36 && *at != 0x3e && *at != 0x26 && *at != 0x64 &&
			 *at != 0x65 && *at != 0x67)
			break;
	}
	if (*at == 0xf4) {
		halt(dos);
		return true;
	}
	if (*at == 0xfa || *at == 0xfb) {
		cpu->eflags = (cpu->eflags & ~FLAG_INTERRUPT) | (*at & 1u ? FLAG_INTERRUPT : 0);
		cpu->eip += length + 1;
		return true;
	}
	if ((*at & 0xfc) == 0xec) {
		cpu->eip += length + 1;
		fault_port(dos, *at, is_long, cpu->dx);
		return true;
	}
	if (*at != 0xcd && (*at & 0xfc) != 0xe4)
		return false;
	n = *at;
	at = dpmi_at(dos, cpu->cs, cpu->eip + length + 1, 1);
	if (!at)
		return false;
	cpu->eip += length + 2;
	if (n == 0xcd)
		client_interrupt(dos, *at);
	else
		fault_port(dos, n, is_long, *at);
	return true;
}

void dpmi_fault(struct dos *dos, uint8_t n, uint32_t error)
{
	if (n == 13 && emulate(dos))
		return;
	if (n < DPMI_EXCEPTIONS && dos->dpmi.exceptions[n].selector)
		dpmi_raise(dos, n, error);
	else
		unhandled_exception(dos, n);
}
