/* The program's thread: its exceptions are what it asks for. */
#include <mach/mig_support.h>

#include <mach/exception.h>
#include <mach/thread_special_ports.h>
#include <mach/thread_status.h>
#include <masix/mach.h>
#include <string.h>

#include "bios.h"
#include "dpmi.h"
#include "exec.h"
#include "fault.h"
#include "mach.h"
#include "mach_i386.h"
#include "mach_port.h"
#include "machine.h"
#include "vector/clock.h"
#include "video.h"

#define FLAG_VIRTUAL 0x20000u
#define TICK_NS 54925494

/* Codes of exceptions: mach/i386/exception.h of the kernel, which is in no package. */
enum { INVALID_OPCODE = 1, GENERAL_PROTECTION = 13 };
enum { DIVIDE_ERROR = 1, OVERFLOW = 2 };
enum { SINGLE_STEP = 1, BREAKPOINT = 2 };
enum { OUT_OF_BOUNDS = 1 };

static mach_port_t program;
static unsigned ticks_due;

static void load_registers(void)
{
	struct i386_thread_state s = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
	struct cpu *cpu = &dos.cpu;

	if (thread_get_state(program, i386_THREAD_STATE, (thread_state_t)&s, &count) !=
		KERN_SUCCESS) {
		dos_crash(&dos, "its thread is gone");
		return;
	}
	*cpu = (struct cpu){ .eax = s.eax,
		.ebx = s.ebx,
		.ecx = s.ecx,
		.edx = s.edx,
		.esi = s.esi,
		.edi = s.edi,
		.ebp = s.ebp,
		.esp = s.uesp,
		.eip = s.efl & FLAG_VIRTUAL ? s.eip & 0xffff : s.eip,
		/* The processor's interrupt flag is always on; the program's own is kept here. */
		.eflags =
			(s.efl & ~(FLAG_VIRTUAL | FLAG_INTERRUPT)) | (cpu->eflags & FLAG_INTERRUPT),
		.cs = (uint16_t)s.cs,
		.ds = (uint16_t)s.ds,
		.es = (uint16_t)s.es,
		.fs = (uint16_t)s.fs,
		.gs = (uint16_t)s.gs,
		.ss = (uint16_t)s.ss,
		.is_protected = !(s.efl & FLAG_VIRTUAL) };
}

static void store_registers(void)
{
	struct cpu *cpu = &dos.cpu;

	if (cpu->is_protected)
		dpmi_settle(&dos);
	if (dos.is_over)
		return;
	struct i386_thread_state s = { .eax = cpu->eax,
		.ebx = cpu->ebx,
		.ecx = cpu->ecx,
		.edx = cpu->edx,
		.esi = cpu->esi,
		.edi = cpu->edi,
		.ebp = cpu->ebp,
		.uesp = cpu->esp,
		.eip = cpu->eip,
		.efl = cpu->eflags | (cpu->is_protected ? 0 : FLAG_VIRTUAL) | FLAG_INTERRUPT,
		.cs = cpu->cs,
		.ds = cpu->ds,
		.es = cpu->es,
		.fs = cpu->fs,
		.gs = cpu->gs,
		.ss = cpu->ss };

	if (thread_set_state(program, cpu->is_protected ? i386_REGS_SEGS_STATE : i386_THREAD_STATE,
		    (thread_state_t)&s, i386_THREAD_STATE_COUNT) != KERN_SUCCESS)
		dos_crash(&dos, "its registers cannot be set");
}

bool run_set_descriptor(void *context, unsigned number, const uint8_t bytes[8])
{
	struct descriptor descriptor = { get32(bytes), get32(bytes + 4) };

	(void)context;
	return i386_set_ldt(program, (int)(number << 3 | 7), &descriptor, 1) == KERN_SUCCESS;
}

/* The exception as the processor numbers it. */
static uint8_t number_of_exception(void)
{
	switch (exception.exception) {
	case EXC_BAD_INSTRUCTION:
		return exception.code == INVALID_OPCODE ? 6 : (uint8_t)exception.code;
	case EXC_ARITHMETIC:
		return exception.code == DIVIDE_ERROR ? 0 : exception.code == OVERFLOW ? 4 : 16;
	case EXC_BREAKPOINT:
		return exception.code == SINGLE_STEP ? 1 : 3;
	case EXC_SOFTWARE:
		return 5;
	default:
		return 14;
	}
}

/* What the exception is to the program. */
static void serve(void)
{
	if (dos.cpu.is_protected) {
		dpmi_fault(&dos, number_of_exception(),
			exception.exception == EXC_BAD_INSTRUCTION ? exception.subcode : 0);
		return;
	}
	switch (exception.exception) {
	case EXC_BAD_INSTRUCTION:
		if (exception.code == INVALID_OPCODE)
			fault_exception(&dos, 6);
		else if (exception.code != GENERAL_PROTECTION)
			dos_crash(&dos, "stack or segment fault");
		else if (!fault_emulate(&dos))
			dos_crash(&dos, "forbidden instruction");
		break;
	case EXC_ARITHMETIC:
		if (exception.code == DIVIDE_ERROR || exception.code == OVERFLOW)
			fault_exception(&dos, exception.code == DIVIDE_ERROR ? 0 : 4);
		else
			dos_crash(&dos, "floating point error");
		break;
	case EXC_BREAKPOINT:
		fault_exception(&dos, exception.code == SINGLE_STEP ? 1 : 3);
		break;
	case EXC_SOFTWARE:
		fault_exception(&dos, 5);
		break;
	default:
		dos_crash(&dos, "access outside of its memory");
	}
}

static void deliver_due_tick(void)
{
	if (dos.is_over || !bios_wants_ticks(&dos))
		return;
	ticks_due += bios_update_ticks(&dos);
	if (ticks_due > 0 && bios_deliver_tick(&dos))
		ticks_due--;
}

/* A tick while the program computes. */
static void tick(void)
{
	events_settle();
	if (!bios_wants_ticks(&dos))
		(void)bios_update_ticks(&dos);
	else if (thread_suspend(program) == KERN_SUCCESS) {
		/* What it was about to ask it asks again. */
		if (thread_abort(program) == KERN_SUCCESS) {
			events_forget_exception();
			load_registers();
			deliver_due_tick();
			store_registers();
		}
		if (thread_resume(program) != KERN_SUCCESS)
			dos_crash(&dos, "its thread is gone");
	}
	video_refresh(&dos);
	streams_flush();
}

static void start_thread(void)
{
	kern_return_t kr = thread_create(mach_task_self(), &program);

	if (kr == KERN_SUCCESS)
		kr = thread_set_special_port(program, THREAD_EXCEPTION_PORT, events_exceptions);
	if (kr != KERN_SUCCESS) {
		machine_say("cannot begin: no thread");
		machine_end();
	}
}

void run_program(void)
{
	int64_t last_tick = vector_realtime_ns() / TICK_NS;

	start_thread();
	store_registers();
	if (thread_resume(program) != KERN_SUCCESS)
		dos_crash(&dos, "its thread cannot run");
	while (!dos.is_over) {
		int64_t now = vector_realtime_ns();
		bool served = events_receive(vector_ms(TICK_NS - now % TICK_NS));

		if (served) {
			load_registers();
			serve();
			deliver_due_tick();
			if (dos.is_over)
				break;
			store_registers();
			if (dos.is_over)
				break;
			events_resume_program();
		}
		now = vector_realtime_ns() / TICK_NS;
		if (now != last_tick && !dos.is_over)
			tick();
		last_tick = now;
	}
}

static char *hex(char *to, uint32_t value, unsigned digits)
{
	while (digits-- > 0)
		*to++ = "0123456789ABCDEF"[value >> 4 * digits & 15];
	return to;
}

static char *text(char *to, const char *s)
{
	while (*s != '\0')
		*to++ = *s++;
	return to;
}

void run_dump(const char *why)
{
	const struct cpu *cpu = &dos.cpu;
	const struct {
		const char *name;
		uint32_t value;
		unsigned digits;
	} registers[] = {
		{ " eax=", cpu->eax, 8 },
		{ " ebx=", cpu->ebx, 8 },
		{ " ecx=", cpu->ecx, 8 },
		{ " edx=", cpu->edx, 8 },
		{ " esi=", cpu->esi, 8 },
		{ " edi=", cpu->edi, 8 },
		{ " ebp=", cpu->ebp, 8 },
		{ " esp=", cpu->esp, 8 },
		{ " fl=", cpu->eflags, 8 },
		{ " ds=", cpu->ds, 4 },
		{ " es=", cpu->es, 4 },
		{ " fs=", cpu->fs, 4 },
		{ " gs=", cpu->gs, 4 },
		{ " ss=", cpu->ss, 4 },
		{ " psp=", dos.psp, 4 },
	};
	char line[256], *at = text(line, why);

	at = hex(text(at, " at "), cpu->cs, 4);
	at = hex(text(at, ":"), cpu->eip, cpu->is_protected ? 8 : 4);
	at = text(at, ", bytes");
	for (uint16_t i = 0; i < 8; i++) {
		const uint8_t *byte = cpu->is_protected
					      ? dpmi_at(&dos, cpu->cs, cpu->eip + i, 1)
					      : dos_at(&dos, cpu->cs, (uint16_t)(cpu->ip + i));

		at = byte ? hex(text(at, " "), *byte, 2) : text(at, " --");
	}
	*at = '\0';
	machine_say(line);
	at = line;
	for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		at = hex(text(at, registers[i].name), registers[i].value, registers[i].digits);
	*at = '\0';
	machine_say(line + 1);
}
