/* Programs that go wrong: by which signal they die, what a handler learns, and that nobody else is hurt. */
#include "check.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

static volatile uintptr_t nowhere = 64;
static volatile int zero;

static void read_nowhere(void)
{
	(void)*(volatile char *)nowhere;
}

static void write_nowhere(void)
{
	*(volatile char *)nowhere = 1;
}

static void write_code(void)
{
	volatile uintptr_t code = (uintptr_t)write_nowhere;

	*(volatile char *)code = 1;
}

static void jump_nowhere(void)
{
	void (*function)(void) = (void (*)(void))nowhere;

	function();
}

static void touch_kernel(void)
{
	volatile uintptr_t kernel = 0xffff0000;

	*(volatile char *)kernel = 1;
}

static void divide(void)
{
	__asm__ volatile("xorl %%edx, %%edx\n\tmovl $1, %%eax\n\tdivl %0"
			 :
			 : "m"(zero)
			 : "eax", "edx");
}

static void divide_too_large(void)
{
	__asm__ volatile("movl $0x80000000, %%eax\n\tcltd\n\tmovl $-1, %%ecx\n\tidivl %%ecx"
			 :
			 :
			 : "eax", "ecx", "edx");
}

static void undefined(void)
{
	__asm__ volatile("ud2");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void halt(void)
{
	__asm__ volatile("hlt");
}

static void disable_interrupts(void)
{
	__asm__ volatile("cli");
}

static void write_port(void)
{
	__asm__ volatile("outb %%al, $0x80" : : "a"(0));
}

static void unknown_interrupt(void)
{
	__asm__ volatile("int $0x99");
}

static void bad_segment(void)
{
	__asm__ volatile("movl $0x1234, %%eax\n\tmovw %%ax, %%es" : : : "eax");
}

static void no_stack(void)
{
	__asm__ volatile("xorl %esp, %esp\n\tpushl %eax");
}

static void overflow(void)
{
	__asm__ volatile("1: pushl %eax\n\tjmp 1b");
}

static void single_step(void)
{
	__asm__ volatile("pushfl\n\torl $0x100, (%esp)\n\tpopfl\n\tnop");
}

static void x87_division(void)
{
	uint16_t control = 0x37b;

	__asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control));
}

static char *map_behind_the_end(void)
{
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	OK(ftruncate(fd, 10));
	return (char *)OK(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) + 4096;
}

static void touch_behind_the_end(void)
{
	*(volatile char *)map_behind_the_end() = 1;
}

static void write_read_only(void)
{
	char *area = OK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	*(volatile char *)area = 1;
}

static const struct misdeed {
	const char *name;
	void (*act)(void);
	int number, code;
} misdeeds[] = {
	{ "read of an unmapped address", read_nowhere, SIGSEGV, SEGV_MAPERR },
	{ "write to an unmapped address", write_nowhere, SIGSEGV, SEGV_MAPERR },
	{ "write to code", write_code, SIGSEGV, SEGV_ACCERR },
	{ "write to a read-only page", write_read_only, SIGSEGV, SEGV_ACCERR },
	{ "jump to an unmapped address", jump_nowhere, SIGSEGV, SEGV_MAPERR },
	{ "write to kernel memory", touch_kernel, SIGSEGV, -1 },
	{ "division by zero", divide, SIGFPE, FPE_INTDIV },
	{ "quotient too large", divide_too_large, SIGFPE, FPE_INTDIV },
	{ "undefined instruction", undefined, SIGILL, ILL_ILLOPN },
	{ "breakpoint", breakpoint, SIGTRAP, SI_KERNEL },
	{ "hlt", halt, SIGSEGV, SI_KERNEL },
	{ "cli", disable_interrupts, SIGSEGV, SI_KERNEL },
	{ "out", write_port, SIGSEGV, SI_KERNEL },
	{ "unknown interrupt", unknown_interrupt, SIGSEGV, SI_KERNEL },
	{ "bad segment", bad_segment, SIGSEGV, SI_KERNEL },
	{ "stack pointer of zero", no_stack, SIGSEGV, -1 },
	{ "stack overflow", overflow, SIGSEGV, -1 },
	{ "single step", single_step, SIGTRAP, TRAP_TRACE },
	{ "x87 division by zero", x87_division, SIGFPE, FPE_FLTDIV },
	{ "access behind the end of a file", touch_behind_the_end, SIGBUS, BUS_ADRERR },
	{ "abort", abort, SIGABRT, SI_TKILL },
};

/* A crash dumps no core, and the name of the misdeed comes with a failure. */
static int status_of(const struct misdeed *misdeed, void (*prepare)(const struct misdeed *))
{
	struct rlimit none = { 0, 0 };
	pid_t child = OK(fork());

	if (child == 0) {
		OK(setrlimit(RLIMIT_CORE, &none));
		if (prepare)
			prepare(misdeed);
		misdeed->act();
		_exit(0);
	}
	return check_wait(child, __LINE__);
}

static void expect_death(const struct misdeed *misdeed, void (*prepare)(const struct misdeed *))
{
	int status = status_of(misdeed, prepare);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != misdeed->number)
		check_fail(__LINE__, "%s: status 0x%x, not signal %d", misdeed->name, status,
			misdeed->number);
}

CASE(each_misdeed_has_its_signal)
{
	for (size_t i = 0; i < COUNT(misdeeds); i++)
		expect_death(&misdeeds[i], NULL);
}

static void ignore_it(const struct misdeed *misdeed)
{
	set_handler(misdeed->number, SIG_IGN, 0);
}

static void block_it(const struct misdeed *misdeed)
{
	sigset_t set = set_of(misdeed->number);

	OK(sigprocmask(SIG_BLOCK, &set, NULL));
}

CASE(ignoring_or_blocking_does_not_help)
{
	for (size_t i = 0; i < COUNT(misdeeds); i++) {
		expect_death(&misdeeds[i], ignore_it);
		expect_death(&misdeeds[i], block_it);
	}
}

CASE(parent_hears_of_it)
{
	siginfo_t info;
	pid_t child = OK(fork());

	if (child == 0) {
		struct rlimit none = { 0, 0 };

		OK(setrlimit(RLIMIT_CORE, &none));
		write_nowhere();
	}
	OK(waitid(P_PID, (id_t)child, &info, WEXITED));
	CHECK(info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED);
	EQUAL(info.si_status, SIGSEGV);
	EQUAL(info.si_pid, child);
}

/* --- Handlers ------------------------------------------------------------------------------------ */

static sigjmp_buf escape;
static volatile int seen_number, seen_code, seen_trap, seen_error;
static void *volatile seen_address;
static volatile uint32_t seen_eip, seen_cr2;

static void note(int number, siginfo_t *info, void *context)
{
	const ucontext_t *user = context;

	seen_number = number;
	seen_code = info->si_code;
	seen_address = info->si_addr;
	seen_trap = user->uc_mcontext.gregs[REG_TRAPNO];
	seen_error = user->uc_mcontext.gregs[REG_ERR];
	seen_eip = (uint32_t)user->uc_mcontext.gregs[REG_EIP];
	seen_cr2 = (uint32_t)user->uc_mcontext.cr2;
	siglongjmp(escape, 1);
}

static void commit(void (*act)(void))
{
	static char other_stack[65536];
	stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof other_stack };
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT };

	OK(sigaltstack(&stack, NULL));
	for (size_t i = 0; i < COUNT(numbers); i++)
		set_info_handler(numbers[i], note, SA_ONSTACK);
	seen_number = 0;
	if (sigsetjmp(escape, 1) == 0)
		act();
}

CASE(handler_learns_the_code)
{
	for (size_t i = 0; i < COUNT(misdeeds); i++) {
		if (misdeeds[i].act == bad_segment)
			continue;
		commit(misdeeds[i].act);
		if (seen_number != misdeeds[i].number)
			check_fail(__LINE__, "%s: signal %d, not %d", misdeeds[i].name, seen_number,
				misdeeds[i].number);
		if (misdeeds[i].code != -1 && seen_code != misdeeds[i].code)
			check_fail(__LINE__, "%s: code %d, not %d", misdeeds[i].name, seen_code,
				misdeeds[i].code);
	}
}

CASE(handler_learns_the_address)
{
	char *end = map_behind_the_end();

	commit(read_nowhere);
	CHECK((uintptr_t)seen_address == nowhere && seen_cr2 == nowhere);
	EQUAL(seen_trap, 14);
	EQUAL(seen_error & 7, 4); /* user, read, not present */
	commit(write_nowhere);
	EQUAL(seen_error & 5, 4);
	commit(jump_nowhere);
	EQUAL((uintptr_t)seen_address, nowhere);
	EQUAL(seen_eip, nowhere);
	commit(write_code);
	EQUAL((uintptr_t)seen_address, (uintptr_t)write_nowhere);
	EQUAL(seen_error & 7, 7);
	commit(touch_kernel);
	EQUAL((uintptr_t)seen_address, 0xffff0000);
	commit(touch_behind_the_end);
	/* A second mapping of the same shape lies elsewhere. */
	CHECK(seen_address != end && (uintptr_t)seen_address % 4096 == 0);
}

/* Does the code there begin with those two bytes? */
static int code_is(uintptr_t address, unsigned char first, unsigned char second)
{
	const unsigned char *code = (const unsigned char *)address;

	return code[0] == first && code[1] == second;
}

CASE(instruction_faults_point_to_the_instruction)
{
	commit(undefined);
	EQUAL((uintptr_t)seen_address, seen_eip);
	CHECK(code_is(seen_eip, 0x0f, 0x0b));
	EQUAL(seen_trap, 6);
	commit(divide);
	EQUAL((uintptr_t)seen_address, seen_eip);
	CHECK(*(const unsigned char *)(uintptr_t)seen_eip == 0xf7);
	EQUAL(seen_trap, 0);
	commit(halt);
	CHECK(seen_address == NULL);
	CHECK(*(const unsigned char *)(uintptr_t)seen_eip == 0xf4);
	EQUAL(seen_trap, 13);
	commit(breakpoint);
	/* A trap: already behind it. */
	CHECK(*(const unsigned char *)(uintptr_t)(seen_eip - 1) == 0xcc);
	EQUAL(seen_trap, 3);
}

static char *page;
static volatile int repairs;

static void repair(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	CHECK(info->si_addr == page + 123);
	repairs++;
	OK(mprotect(page, 4096, PROT_READ | PROT_WRITE));
}

CASE(handler_that_repairs_lets_the_program_go_on)
{
	page = OK(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	set_info_handler(SIGSEGV, repair, 0);
	for (int i = 1; i <= 200; i++) {
		OK(mprotect(page, 4096, i % 2 ? PROT_NONE : PROT_READ));
		page[123] = (char)i;
		EQUAL(repairs, i);
		EQUAL(page[123], (char)i);
	}
}

static void step_over(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	repairs++;
	user->uc_mcontext.gregs[REG_EIP] += 2;
}

CASE(handler_that_steps_over)
{
	set_info_handler(SIGILL, step_over, 0);
	for (int i = 1; i <= 200; i++) {
		undefined();
		EQUAL(repairs, i);
	}
}

static void fault_again(int number)
{
	(void)number;
	write_nowhere();
}

CASE(crash_in_the_handler_kills)
{
	struct misdeed again = { "crash in the handler", write_nowhere, SIGSEGV, 0 };
	pid_t child = OK(fork());

	if (child == 0) {
		struct rlimit none = { 0, 0 };

		OK(setrlimit(RLIMIT_CORE, &none));
		set_handler(again.number, fault_again, 0);
		again.act();
		_exit(0);
	}
	DIES(child, SIGSEGV);
}

static void return_from_it(int number)
{
	(void)number;
}

CASE(abort_kills_whatever_the_handler_does)
{
	struct misdeed deed = { "abort", abort, SIGABRT, 0 };

	expect_death(&deed, ignore_it);
	pid_t child = OK(fork());
	if (child == 0) {
		struct rlimit none = { 0, 0 };

		OK(setrlimit(RLIMIT_CORE, &none));
		set_handler(SIGABRT, return_from_it, 0);
		abort();
	}
	DIES(child, SIGABRT);
}

CASE(sent_signals_are_not_faults)
{
	/* kill with the same number can be ignored and blocked. */
	set_handler(SIGSEGV, SIG_IGN, 0);
	OK(raise(SIGSEGV));
	OK(kill(getpid(), SIGSEGV));
}

/* --- Everybody else ------------------------------------------------------------------------------ */

CASE(pipes_and_files_of_the_dead_are_closed)
{
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		struct rlimit none = { 0, 0 };

		OK(setrlimit(RLIMIT_CORE, &none));
		EQUAL(write(ends[1], "x", 1), 1);
		write_nowhere();
	}
	OK(close(ends[1]));
	EQUAL(read(ends[0], (char[2]){ 0 }, 2), 1);
	EQUAL(read(ends[0], (char[2]){ 0 }, 2), 0);
	DIES(child, SIGSEGV);
}

CASE(hundred_crashes_leave_nothing)
{
	for (int i = 0; i < 100; i++)
		expect_death(&misdeeds[i % 5], NULL);
}
