#include "bios.h"

#include <string.h>

#include "con.h"
#include "dpmi.h"
#include "ems.h"
#include "exec.h"
#include "files.h"
#include "int21.h"
#include "servers.h"
#include "video.h"
#include "xms.h"

#define BDA_EQUIPMENT 0x10
#define BDA_MEMORY 0x13
#define BDA_TICKS 0x6c
#define BDA_MIDNIGHT 0x70
#define TICKS_OF_DAY 0x1800b0u
#define POLLS_OF_CLOCK 200u /* one after the other, until the program is thought to wait */

void bios_init(struct dos *dos)
{
	put16(dos_bios_data(dos, BDA_EQUIPMENT), 0x0022); /* a coprocessor, 80 x 25 in colour */
	put16(dos_bios_data(dos, BDA_MEMORY), 640);
	put16(dos_bios_data(dos, 0x1a), 0x1e);
	put16(dos_bios_data(dos, 0x1c), 0x1e);
	put16(dos_bios_data(dos, 0x80), 0x1e);
	put16(dos_bios_data(dos, 0x82), 0x3e);
	(void)bios_update_ticks(dos);
}

/* 1193182 / 65536 ticks a second since midnight. */
static uint64_t ticks_now(const struct dos *dos)
{
	int64_t ns =
		dos->world->now_ns(dos->world->context) + (int64_t)dos->clock_seconds * 1000000000;

	return (uint64_t)(ns / 1000) * 1193182u / 65536u / 1000000u;
}

static uint32_t ticks_of_day(const struct dos *dos)
{
	int64_t ns =
		dos->world->now_ns(dos->world->context) + (int64_t)dos->clock_seconds * 1000000000;
	uint64_t us = (uint64_t)(ns / 1000) % 86400000000u;
	uint64_t ticks = us * 1193182u / 65536u / 1000000u;

	return (uint32_t)(ticks < TICKS_OF_DAY ? ticks : TICKS_OF_DAY - 1);
}

unsigned bios_update_ticks(struct dos *dos)
{
	uint64_t now = ticks_now(dos), passed = now - dos->ticks_seen;
	uint32_t of_day = ticks_of_day(dos);

	if (of_day < get32(dos_bios_data(dos, BDA_TICKS)) && dos->ticks_seen)
		*dos_bios_data(dos, BDA_MIDNIGHT) = 1;
	put32(dos_bios_data(dos, BDA_TICKS), of_day);
	dos->ticks_seen = now;
	return passed > 100 ? 100 : (unsigned)passed;
}

bool bios_wants_ticks(const struct dos *dos)
{
	return dpmi_wants_ticks(dos) || process_is_hooked(dos, 0x08) ||
	       process_is_hooked(dos, 0x1c);
}

bool bios_deliver_tick(struct dos *dos)
{
	if (!bios_wants_ticks(dos) || !(dos->cpu.flags & FLAG_INTERRUPT))
		return false;
	if (dos->cpu.is_protected || dpmi_wants_ticks(dos))
		return dpmi_deliver_tick(dos);
	process_reflect(dos, process_is_hooked(dos, 0x08) ? 0x08 : 0x1c);
	return true;
}

/* The result of a service that tells by carry. */
static void carry(struct dos *dos, bool set)
{
	if (set)
		dos->cpu.flags |= FLAG_CARRY;
	else
		dos->cpu.flags &= (uint16_t)~FLAG_CARRY;
}

static void keyboard(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t key;

	switch (cpu->ah) {
	case 0x00:
	case 0x10:
		if (console_get_key(dos, &key))
			cpu->ax = key;
		else
			process_end(dos, DOS_END_NORMAL, 0); /* the terminal is gone */
		break;
	case 0x01:
	case 0x11:
		if (console_peek_key(dos, &key)) {
			cpu->ax = key;
			cpu->flags &= (uint16_t)~FLAG_ZERO;
		} else if (dos->input_ended) {
			process_end(dos, DOS_END_NORMAL, 0);
		} else {
			cpu->flags |= FLAG_ZERO;
		}
		break;
	case 0x02:
	case 0x12: /* a terminal does not tell of shift keys */
		cpu->ax = (uint16_t)(cpu->ah == 2 ? cpu->ah << 8 : 0);
		break;
	case 0x05:
		cpu->al = !console_put_key(dos, cpu->cx);
		break;
	default:
		break;
	}
}

static uint8_t to_bcd(int n)
{
	return (uint8_t)(n / 10 % 10 << 4 | n % 10);
}

static void clock(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	int64_t seconds = dos->world->now_ns(dos->world->context) / 1000000000 + dos->clock_seconds;
	int year, month, day;

	switch (cpu->ah) {
	case 0x00:
		(void)bios_update_ticks(dos);
		cpu->dx = get16(dos_bios_data(dos, BDA_TICKS));
		cpu->cx = get16(dos_bios_data(dos, BDA_TICKS + 2));
		cpu->al = *dos_bios_data(dos, BDA_MIDNIGHT);
		*dos_bios_data(dos, BDA_MIDNIGHT) = 0;
		if (++dos->clock_polls >= POLLS_OF_CLOCK)
			dos->world->idle(dos->world->context);
		break;
	case 0x02:
		cpu->ch = to_bcd((int)(seconds / 3600 % 24));
		cpu->cl = to_bcd((int)(seconds / 60 % 60));
		cpu->dh = to_bcd((int)(seconds % 60));
		cpu->dl = 0;
		carry(dos, false);
		break;
	case 0x04:
		date_from_days(seconds / 86400, &year, &month, &day);
		cpu->ch = to_bcd(year / 100);
		cpu->cl = to_bcd(year % 100);
		cpu->dh = to_bcd(month);
		cpu->dl = to_bcd(day);
		carry(dos, false);
		break;
	default: /* the machine's clock is not the program's to set */
		carry(dos, true);
	}
}

static void system_services(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	int64_t until;

	switch (cpu->ah) {
	case 0x86:
		until = dos->world->now_ns(dos->world->context) +
			(int64_t)((uint32_t)cpu->cx << 16 | cpu->dx) * 1000;
		video_refresh(dos);
		while (!dos->is_over && dos->world->now_ns(dos->world->context) < until)
			dos->world->idle(dos->world->context);
		carry(dos, false);
		break;
	case 0x87:
		xms_move_words(dos);
		break;
	case 0x88: /* all of it is given away through XMS */
		cpu->ax = 0;
		carry(dos, false);
		break;
	case 0xe8:
		if (cpu->al == 0x01) {
			cpu->ax = cpu->bx = cpu->cx = cpu->dx = 0;
			carry(dos, false);
			break;
		}
		/* fall through */
	default:
		cpu->ah = 0x86;
		carry(dos, true);
	}
}

static void multiplex(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	switch (cpu->ax) {
	case 0x1600:
		cpu->al = 0; /* no Windows */
		break;
	case 0x1680: /* nothing to do */
		video_refresh(dos);
		dos->world->idle(dos->world->context);
		cpu->al = 0;
		break;
	case 0x1687:
		if (!dpmi_is_free(dos))
			break;
		cpu->ax = 0;
		cpu->bx = 1; /* 32-bit programs too */
		cpu->cl = 3;
		cpu->dx = 0x005a;
		cpu->si = DPMI_PARAGRAPHS;
		cpu->es = SEGMENT_ROM;
		cpu->di = ROM_HANDLERS + 4 * ROM_ENTRY_DPMI;
		break;
	case 0x4300:
		cpu->al = 0x80;
		break;
	case 0x4310:
		cpu->es = SEGMENT_ROM;
		cpu->bx = ROM_XMS;
		break;
	case 0x1500:
		cpu->bx = 0; /* no CD-ROMs */
		break;
	default: /* al as it was: nobody is there */
		if (cpu->ah == SERVERS_MULTIPLEX)
			servers_interrupt(dos);
		break;
	}
}

static void end_with(struct dos *dos, const char *text)
{
	console_write(dos, (const uint8_t *)text, (uint16_t)strlen(text));
	process_end(dos, DOS_END_ERROR, 0xff);
}

void bios_interrupt(struct dos *dos, uint8_t n)
{
	struct cpu *cpu = &dos->cpu;

	if (n != 0x1a)
		dos->clock_polls = 0;
	switch (n) {
	case 0x00:
		end_with(dos, "\r\nDivide overflow\r\n");
		break;
	case 0x06:
		dos_crash(dos, "invalid instruction");
		break;
	case 0x08:
		if (process_is_hooked(dos, 0x1c))
			process_reflect(dos, 0x1c);
		break;
	case 0x10:
		video_interrupt(dos);
		break;
	case 0x11:
		cpu->ax = get16(dos_bios_data(dos, BDA_EQUIPMENT));
		break;
	case 0x12:
		cpu->ax = get16(dos_bios_data(dos, BDA_MEMORY));
		break;
	case 0x13: /* there are no disks with sectors */
		carry(dos, cpu->ah != 0);
		cpu->ah = cpu->ah ? 1 : 0;
		break;
	case 0x14:
		cpu->ax = 0x8000; /* timed out */
		break;
	case 0x15:
		system_services(dos);
		break;
	case 0x16:
		keyboard(dos);
		break;
	case 0x17:
		cpu->ah = 0x01; /* timed out */
		break;
	case 0x18:
	case 0x19:
		dos->depth = 0;
		process_end(dos, DOS_END_NORMAL, 0);
		break;
	case 0x1a:
		clock(dos);
		break;
	case 0x20:
		process_end(dos, DOS_END_NORMAL, 0);
		break;
	case 0x21:
		int21(dos);
		break;
	case 0x23:
		process_end(dos, DOS_END_BREAK, 0);
		break;
	case 0x24:
		cpu->al = 3; /* the call fails */
		break;
	case 0x25:
	case 0x26: /* no sectors; the flags stay on the stack */
		cpu->ax = 0x8002;
		carry(dos, true);
		dos_push(dos, cpu->flags);
		break;
	case 0x27:
		process_stay(dos, (uint16_t)((cpu->dx + 15u) / 16), 0);
		break;
	case 0x28:
		video_refresh(dos);
		dos->world->idle(dos->world->context);
		break;
	case 0x29:
		console_put(dos, cpu->al);
		break;
	case 0x2f:
		multiplex(dos);
		break;
	case 0x33:
		if (cpu->ax == 0)
			cpu->bx = 0; /* ax says that there is no mouse */
		break;
	case 0x67:
		ems_interrupt(dos);
		break;
	default: /* an IRET */
		break;
	}
}
