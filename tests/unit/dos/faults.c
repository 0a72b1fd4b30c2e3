/* Unit tests of fault.c: instructions that fault. */
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "host_world.h"

#include "test.h"

static int begin(void **state)
{
	struct host *h = host_begin();

	host_load(h);
	*state = h;
	return 0;
}

static int end(void **state)
{
	host_end(*state);
	return 0;
}

/* One instruction at cs:100h. */
static bool step(struct host *h, const char *code, size_t n)
{
	h->dos.cpu.eip = 0x100;
	memcpy(host_at(h, 0x100), code, n);
	return fault_emulate(&h->dos);
}
#define STEP(h, code) step(h, code, sizeof(code) - 1)

static void interrupt_flag_is_the_program_s(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;

	assert_true(STEP(h, "\xfa"));
	assert_false(cpu->flags & FLAG_INTERRUPT);
	assert_int_equal(cpu->ip, 0x101);
	assert_true(STEP(h, "\x9c"));
	assert_false(get16(dos_at(&h->dos, cpu->ss, cpu->sp)) & FLAG_INTERRUPT);
	assert_true(STEP(h, "\xfb"));
	assert_true(cpu->flags & FLAG_INTERRUPT);
	assert_true(STEP(h, "\x9d"));
	assert_false(cpu->flags & FLAG_INTERRUPT);
	/* 32 bits; neither virtual mode nor IOPL can be set. */
	dos_push(&h->dos, 0xffff);
	dos_push(&h->dos, 0xffff);
	assert_true(STEP(h, "\x66\x9d"));
	assert_int_equal(cpu->eflags, 0x00244fd7);
	assert_int_equal(cpu->ip, 0x102);
}

static void interrupts_go_to_their_handlers(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;
	uint16_t sp = cpu->sp, cs = cpu->cs;

	put_far(h->memory + 4 * 0x60, 0x1234, 0x5678);
	assert_true(STEP(h, "\xcd\x60"));
	assert_int_equal(cpu->cs, 0x1234);
	assert_int_equal(cpu->ip, 0x5678);
	assert_int_equal(cpu->sp, sp - 6);
	assert_false(cpu->flags & FLAG_INTERRUPT);
	cpu->cs = cs;
	assert_true(STEP(h, "\xcf"));
	assert_int_equal(cpu->ip, 0x102);
	assert_int_equal(cpu->cs, cs);
	assert_true(cpu->flags & FLAG_INTERRUPT);
	/* A service by its vector: the HLT in the ROM. */
	cpu->ah = 0x30;
	dos_push(&h->dos, cpu->flags);
	dos_push(&h->dos, cs);
	dos_push(&h->dos, 0x4444);
	cpu->cs = SEGMENT_ROM;
	cpu->eip = ROM_HANDLERS + 4 * 0x21;
	assert_true(fault_emulate(&h->dos));
	assert_int_equal(cpu->ax, 0x1606);
	assert_int_equal(cpu->ip, 0x4444);
	assert_int_equal(cpu->cs, cs);
	assert_int_equal(cpu->sp, sp);
}

static void ports_are_chips_of_our_own(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;

	cpu->ax = 0;
	assert_true(STEP(h, "\xe4\x99")); /* nobody there */
	assert_int_equal(cpu->al, 0xff);
	assert_int_equal(cpu->ip, 0x102);
	cpu->dx = 0x3da;
	assert_true(STEP(h, "\xec"));
	uint8_t first = cpu->al;

	assert_true(STEP(h, "\xec"));
	assert_int_not_equal(cpu->al, first);
	cpu->ax = 0x5a;
	assert_true(STEP(h, "\xe6\x21"));
	cpu->ax = 0;
	assert_true(STEP(h, "\xe4\x21"));
	assert_int_equal(cpu->al, 0x5a);
	cpu->dx = 0x70;
	cpu->al = 9;
	assert_true(STEP(h, "\xee"));
	assert_true(STEP(h, "\xe4\x71"));
	assert_int_equal(cpu->al, 0x97);
	/* The disk controller is not there, whatever is written to it. */
	cpu->dx = 0x1f7;
	assert_true(STEP(h, "\x66\xef"));
	assert_true(STEP(h, "\x66\xed"));
	assert_int_equal(cpu->eax, 0xffffffff);
}

static void strings_of_ports_are_bounded(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;

	cpu->cx = 4;
	cpu->dx = 0x99;
	cpu->es = h->dos.psp;
	cpu->di = 0x2000;
	assert_true(STEP(h, "\xf3\x6d"));
	assert_int_equal(cpu->cx, 0);
	assert_int_equal(cpu->di, 0x2008);
	assert_memory_equal(host_at(h, 0x2000), "\xff\xff\xff\xff\xff\xff\xff\xff\0", 9);
	/* At the end of memory, and around a segment. */
	cpu->es = 0xffff;
	cpu->cx = 0xffff;
	cpu->di = 0xfff0;
	assert_true(STEP(h, "\xf3\x6c"));
	cpu->cx = 0xffff;
	cpu->ds = 0xffff;
	assert_true(STEP(h, "\xf3\x6f"));
	assert_int_equal(cpu->cx, 0);
}

static void what_no_program_may_do_is_refused(void **state)
{
	struct host *h = *state;

	assert_false(STEP(h, "\x0f\x22\xc0"));
	assert_int_equal(h->dos.cpu.ip, 0x100);
	assert_false(STEP(h, "\x0f\x01\x10"));
	assert_false(STEP(h, "\x67\xf3\x6c"));
	assert_false(STEP(h, "\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\x2e\xfa"));
	assert_true(STEP(h, "\xfa"));
	assert_true(STEP(h, "\xf4"));
	assert_true(h->dos.is_over);
	assert_string_equal(h->dos.crash, "halted with interrupts off");
}

/* Any bytes, any registers: nothing but the machine ends. */
static void garbage_is_harmless(void **state)
{
	struct host *h = *state;
	struct cpu *cpu = &h->dos.cpu;

	srand(7);
	for (unsigned i = 0; i < 50000; i++) {
		static const uint8_t likely[] = { 0xcd, 0xcf, 0x9c, 0x9d, 0xf4, 0xec, 0x6c, 0x6f,
			0xf3, 0x66, 0xfa, 0xfb };
		uint32_t *words = (uint32_t *)cpu;

		if (h->dos.is_over) {
			host_end(h);
			h = *state = host_begin();
			host_load(h);
			cpu = &h->dos.cpu;
			words = (uint32_t *)cpu;
		}
		for (unsigned n = 0; n < sizeof(*cpu) / 4; n++)
			words[n] = (uint32_t)rand() << 16 ^ (uint32_t)rand();
		cpu->eip &= 0xffff;
		uint8_t *code = dos_at(&h->dos, cpu->cs, cpu->ip);

		for (unsigned n = 0; n < 3 && code + n < h->memory + GUEST_MEMORY; n++)
			code[n] = rand() % 3 ? likely[(unsigned)rand() % sizeof(likely)]
					     : (uint8_t)rand();
		if (code[0] == 0xcd && code + 1 < h->memory + GUEST_MEMORY)
			code[1] = (uint8_t)(rand() % 2 ? 0x21 : rand());
		(void)fault_emulate(&h->dos);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interrupt_flag_is_the_program_s, begin, end),
		cmocka_unit_test_setup_teardown(interrupts_go_to_their_handlers, begin, end),
		cmocka_unit_test_setup_teardown(ports_are_chips_of_our_own, begin, end),
		cmocka_unit_test_setup_teardown(strings_of_ports_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(what_no_program_may_do_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(garbage_is_harmless, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
