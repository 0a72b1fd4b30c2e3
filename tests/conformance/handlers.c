/* What a handler finds, and what the interrupted program finds again. */
#include "check.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile sig_atomic_t caught;
static volatile sig_atomic_t depth, deepest;
static volatile sigset_t mask_inside;

static void count(int number)
{
	(void)number;
	caught++;
}

static void interrupt_every(int milliseconds)
{
	struct itimerval timer = {{0, milliseconds * 1000}, {0, milliseconds * 1000}};

	OK(setitimer(ITIMER_REAL, &timer, NULL));
}

static void note_mask(int number)
{
	sigset_t got;

	(void)number;
	OK(sigprocmask(SIG_BLOCK, NULL, &got));
	mask_inside = got;
	caught++;
}

static int was_masked(int number)
{
	sigset_t set = mask_inside;

	return sigismember(&set, number);
}

CASE(own_signal_and_sa_mask_are_blocked_inside)
{
	struct sigaction action = {.sa_handler = note_mask, .sa_mask = set_of(SIGUSR2)};
	sigset_t after;

	OK(sigaction(SIGUSR1, &action, NULL));
	OK(raise(SIGUSR1));
	EQUAL(was_masked(SIGUSR1), 1);
	EQUAL(was_masked(SIGUSR2), 1);
	EQUAL(was_masked(SIGTERM), 0);
	OK(sigprocmask(SIG_BLOCK, NULL, &after));
	EQUAL(sigismember(&after, SIGUSR1), 0);
	EQUAL(sigismember(&after, SIGUSR2), 0);
}

CASE(nodefer_leaves_the_own_signal_unblocked)
{
	set_handler(SIGUSR1, note_mask, SA_NODEFER);
	OK(raise(SIGUSR1));
	EQUAL(was_masked(SIGUSR1), 0);
}

static void recurse(int number)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (caught++ < 3)
		raise(number);
	depth--;
}

CASE(second_one_waits_until_the_handler_is_done)
{
	set_handler(SIGUSR1, recurse, 0);
	OK(raise(SIGUSR1));
	EQUAL(caught, 4);
	EQUAL(deepest, 1);
}

CASE(nodefer_nests)
{
	set_handler(SIGUSR1, recurse, SA_NODEFER);
	OK(raise(SIGUSR1));
	EQUAL(caught, 4);
	EQUAL(deepest, 4);
}

static void raise_other(int number)
{
	(void)number;
	caught = caught * 10 + 1;
	raise(SIGUSR2);
	caught = caught * 10 + 3;
}

static void note_two(int number)
{
	(void)number;
	caught = caught * 10 + 2;
}

CASE(another_signal_nests)
{
	set_handler(SIGUSR1, raise_other, 0);
	set_handler(SIGUSR2, note_two, 0);
	OK(raise(SIGUSR1));
	EQUAL(caught, 123);
}

CASE(masked_signal_runs_after_the_handler)
{
	struct sigaction action = {.sa_handler = raise_other, .sa_mask = set_of(SIGUSR2)};

	OK(sigaction(SIGUSR1, &action, NULL));
	set_handler(SIGUSR2, note_two, 0);
	OK(raise(SIGUSR1));
	EQUAL(caught, 132);
}

CASE(reset_hand_works_once)
{
	struct sigaction got;
	pid_t child;

	set_handler(SIGUSR1, count, (int)SA_RESETHAND);
	OK(raise(SIGUSR1));
	EQUAL(caught, 1);
	OK(sigaction(SIGUSR1, NULL, &got));
	CHECK(got.sa_handler == SIG_DFL);
	child = OK(fork());
	if (child == 0)
		_exit(raise(SIGUSR1));
	DIES(child, SIGUSR1);
}

static volatile int number_inside, code_inside;
static volatile pid_t pid_inside;

static void note_all(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	number_inside = number;
	code_inside = info->si_code;
	pid_inside = info->si_pid;
	if (user->uc_mcontext.gregs[REG_EIP] != 0)
		caught++;
}

CASE(three_arguments)
{
	set_info_handler(SIGUSR1, note_all, 0);
	OK(kill(getpid(), SIGUSR1));
	EQUAL(number_inside, SIGUSR1);
	EQUAL(code_inside, SI_USER);
	EQUAL(pid_inside, getpid());
	EQUAL(caught, 1);
}

static void change_mask_in_context(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	EQUAL(sigismember(&user->uc_sigmask, SIGUSR1), 0);
	sigaddset(&user->uc_sigmask, SIGUSR2);
}

CASE(mask_in_the_context_comes_into_force)
{
	sigset_t after;

	set_info_handler(SIGUSR1, change_mask_in_context, 0);
	OK(raise(SIGUSR1));
	OK(sigprocmask(SIG_BLOCK, NULL, &after));
	EQUAL(sigismember(&after, SIGUSR2), 1);
	EQUAL(sigismember(&after, SIGUSR1), 0);
}

/* --- Alternate stacks ---------------------------------------------------------------------------- */

static char other_stack[65536];
static void *volatile address_inside;
static volatile int flags_inside;

static int on_other_stack(void *address)
{
	return (char *)address >= other_stack && (char *)address < other_stack + sizeof other_stack;
}

static void note_stack(int number)
{
	stack_t stack;
	int here;

	(void)number;
	address_inside = &here;
	OK(sigaltstack(NULL, &stack));
	flags_inside = stack.ss_flags;
	caught++;
}

static void use_other_stack(void)
{
	stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};

	OK(sigaltstack(&stack, NULL));
}

CASE(alternate_stack_is_used_on_request)
{
	stack_t got;

	use_other_stack();
	set_handler(SIGUSR1, note_stack, SA_ONSTACK);
	set_handler(SIGUSR2, note_stack, 0);
	OK(raise(SIGUSR1));
	CHECK(on_other_stack(address_inside));
	EQUAL(flags_inside, SS_ONSTACK);
	OK(raise(SIGUSR2));
	CHECK(!on_other_stack(address_inside));
	EQUAL(flags_inside, 0);
	OK(sigaltstack(NULL, &got));
	CHECK(got.ss_sp == other_stack && got.ss_size == sizeof other_stack && got.ss_flags == 0);
}

static void change_stack_inside(int number)
{
	stack_t stack = {.ss_flags = SS_DISABLE};

	(void)number;
	FAILS(sigaltstack(&stack, NULL), EPERM);
	raise(SIGUSR2);
}

CASE(alternate_stack_cannot_change_while_in_use)
{
	use_other_stack();
	set_handler(SIGUSR1, change_stack_inside, SA_ONSTACK);
	set_handler(SIGUSR2, note_stack, SA_ONSTACK);
	OK(raise(SIGUSR1));
	/* The nested handler runs below the first one on the same stack. */
	EQUAL(caught, 1);
	CHECK(on_other_stack(address_inside));
}

CASE(alternate_stack_errors_and_disabling)
{
	stack_t stack = {.ss_sp = other_stack, .ss_size = 100};

	FAILS(sigaltstack(&stack, NULL), ENOMEM);
	stack.ss_size = sizeof other_stack;
	stack.ss_flags = 0x1234;
	FAILS(sigaltstack(&stack, NULL), EINVAL);
	use_other_stack();
	stack.ss_flags = SS_DISABLE;
	OK(sigaltstack(&stack, NULL));
	set_handler(SIGUSR1, note_stack, SA_ONSTACK);
	OK(raise(SIGUSR1));
	CHECK(!on_other_stack(address_inside));
	EQUAL(flags_inside, SS_DISABLE);
}

static sigjmp_buf escape;

static void leave(int number)
{
	siglongjmp(escape, number);
}

__attribute__((noinline)) static int overflow(volatile int level)
{
	volatile char area[4096];

	area[0] = (char)level;
	return level == INT_MAX ? 0 : overflow(level + 1) + area[0];
}

CASE(stack_overflow_is_caught_on_the_alternate_stack)
{
	use_other_stack();
	set_handler(SIGSEGV, leave, SA_ONSTACK);
	for (volatile int i = 0; i < 3; i++) {
		int number = sigsetjmp(escape, 1);

		if (number == 0)
			(void)overflow(0);
		EQUAL(number, SIGSEGV);
	}
}

CASE(stack_overflow_without_one_kills)
{
	pid_t child = OK(fork());

	if (child == 0) {
		set_handler(SIGSEGV, leave, 0);
		(void)overflow(0);
		_exit(0);
	}
	DIES(child, SIGSEGV);
}

/* --- Jumping out --------------------------------------------------------------------------------- */

CASE(siglongjmp_restores_the_mask)
{
	sigset_t got;

	set_handler(SIGUSR1, leave, 0);
	for (volatile int i = 0; i < 100; i++) {
		if (sigsetjmp(escape, 1) == 0) {
			raise(SIGUSR1);
			CHECK(0);
		}
		OK(sigprocmask(SIG_BLOCK, NULL, &got));
		EQUAL(sigismember(&got, SIGUSR1), 0);
	}
}

CASE(longjmp_without_mask_leaves_it_blocked)
{
	sigset_t got;

	set_handler(SIGUSR1, leave, 0);
	if (sigsetjmp(escape, 0) == 0)
		raise(SIGUSR1);
	OK(sigprocmask(SIG_BLOCK, NULL, &got));
	EQUAL(sigismember(&got, SIGUSR1), 1);
}

/* --- The interrupted program's registers ---------------------------------------------------------- */

/* Fills all registers with known values, stores the address of a zero on its stack in *flag and waits until
 * that is not zero any more; then stores edi, esi, ebp, esp, ebx, edx, ecx, eax in registers. */
void spin(uint32_t registers[8], volatile uint32_t *volatile *flag);

__asm__(".text\n"
	".globl spin\n"
	"spin:\n\t"
	"pushal\n\t"
	"movl 36(%esp), %eax\n\t"
	"movl 40(%esp), %ecx\n\t"
	"pushl %eax\n\t"
	"pushl $0\n\t"
	"movl %esp, (%ecx)\n\t"
	"movl $0x11111111, %eax\n\t"
	"movl $0x22222222, %ebx\n\t"
	"movl $0x33333333, %ecx\n\t"
	"movl $0x44444444, %edx\n\t"
	"movl $0x55555555, %esi\n\t"
	"movl $0x66666666, %edi\n\t"
	"movl $0x77777777, %ebp\n\t"
	"std\n"
	"1:\tcmpl $0, (%esp)\n\t"
	"je 1b\n\t"
	"pushal\n\t"
	"movl 36(%esp), %edi\n\t"
	"pushfl\n\t"
	"popl %eax\n\t"
	"cld\n\t"
	"movl %eax, 32(%edi)\n\t"
	"movl %esp, %esi\n\t"
	"movl $8, %ecx\n\t"
	"rep movsl\n\t"
	"addl $40, %esp\n\t"
	"popal\n\t"
	"ret\n");

static volatile uint32_t *volatile spin_flag;
static volatile uint32_t flags_register;

static void end_spin(int number)
{
	uint32_t flags;

	(void)number;
	__asm__ volatile("pushfl\n\tpopl %0" : "=r"(flags));
	if (!spin_flag)
		return;
	flags_register = flags;
	if (++caught == 3)
		*spin_flag = 1;
}

CASE(general_registers_and_direction_flag_survive)
{
	static const uint32_t want[8] = {0x66666666, 0x55555555, 0x77777777, 0, 0x22222222, 0x44444444,
					 0x33333333, 0x11111111};
	uint32_t got[9];

	set_handler(SIGALRM, end_spin, 0);
	interrupt_every(20);
	spin(got, &spin_flag);
	for (int i = 0; i < 8; i++)
		if (i != 3)
			EQUAL(got[i], want[i]);
	/* Set where it was interrupted, clear in the handler. */
	EQUAL(got[8] >> 10 & 1, 1);
	EQUAL(flags_register >> 10 & 1, 0);
}

static volatile int spin_on;

static void spoil_floating_point(int number)
{
	static const uint32_t junk[4] = {0xdeadbeef, 0xdeadbeef, 0xdeadbeef, 0xdeadbeef};
	uint32_t mxcsr = 0x7f80;
	uint16_t control = 0xf7f;

	(void)number;
	__asm__ volatile("movdqu %0, %%xmm0\n\tmovdqu %0, %%xmm3\n\tmovdqu %0, %%xmm7\n\t"
			 "fninit\n\tfldz\n\tfldz\n\tfldz\n\tfldcw %1\n\tldmxcsr %2"
			 : : "m"(junk), "m"(control), "m"(mxcsr));
	if (++caught == 3)
		spin_on = 0;
}

CASE(floating_point_registers_survive)
{
	static const uint32_t pattern[3][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {0x80000001, 0xc0000002, 9, 10}};
	uint32_t got[3][4], mxcsr = 0x3f80, mxcsr_after;
	uint16_t control = 0x77f, control_after;
	long double pi, log2e;

	set_handler(SIGALRM, spoil_floating_point, 0);
	spin_on = 1;
	interrupt_every(20);
	__asm__ volatile("fninit\n\tfldcw %[control]\n\tldmxcsr %[mxcsr]\n\t"
			 "movdqu %[a], %%xmm0\n\tmovdqu %[b], %%xmm3\n\tmovdqu %[c], %%xmm7\n\t"
			 "fldpi\n\tfldl2e\n"
			 "1:\tcmpl $0, %[on]\n\tjne 1b\n\t"
			 "movdqu %%xmm0, %[x]\n\tmovdqu %%xmm3, %[y]\n\tmovdqu %%xmm7, %[z]\n\t"
			 "fstpt %[log2e]\n\tfstpt %[pi]\n\tfnstcw %[control_after]\n\tstmxcsr %[mxcsr_after]\n\tfninit"
			 : [x] "=m"(got[0]), [y] "=m"(got[1]), [z] "=m"(got[2]), [pi] "=m"(pi),
			   [log2e] "=m"(log2e), [control_after] "=m"(control_after),
			   [mxcsr_after] "=m"(mxcsr_after)
			 : [a] "m"(pattern[0]), [b] "m"(pattern[1]), [c] "m"(pattern[2]),
			   [control] "m"(control), [mxcsr] "m"(mxcsr), [on] "m"(spin_on)
			 : "memory");
	CHECK(!memcmp(got, pattern, sizeof got));
	CHECK(pi > 3.14159265358979L && pi < 3.14159265358980L);
	CHECK(log2e > 1.44269504088896L && log2e < 1.44269504088897L);
	EQUAL(control_after, 0x77f);
	EQUAL(mxcsr_after, 0x3f80);
}

static volatile uint16_t control_inside;
static volatile uint32_t mxcsr_inside;

static void note_control_words(int number)
{
	uint32_t mxcsr;
	uint16_t control;

	(void)number;
	__asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(control), "=m"(mxcsr));
	control_inside = control;
	mxcsr_inside = mxcsr;
}

CASE(handler_starts_with_fresh_floating_point_state)
{
	uint16_t control = 0x77f;
	uint32_t mxcsr = 0x3f80;

	set_handler(SIGUSR1, note_control_words, 0);
	__asm__ volatile("fldcw %0\n\tldmxcsr %1" : : "m"(control), "m"(mxcsr));
	OK(raise(SIGUSR1));
	EQUAL(control_inside, 0x37f);
	EQUAL(mxcsr_inside, 0x1f80);
	__asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(control), "=m"(mxcsr));
	EQUAL(control, 0x77f);
	EQUAL(mxcsr, 0x3f80);
}

static void change_xmm_in_context(int number, siginfo_t *info, void *context)
{
	static const uint32_t changed[4] = {11, 22, 33, 44};
	ucontext_t *user = context;
	/* An fxsave image lies behind the fields of the x87; xmm5 is 240 bytes into it. */
	char *image = (char *)user->uc_mcontext.fpregs + 112;

	(void)number;
	(void)info;
	memcpy(image + 240, changed, sizeof changed);
}

CASE(floating_point_state_in_the_context_comes_into_force)
{
	static const uint32_t before[4] = {1, 1, 1, 1};
	uint32_t after[4];
	pid_t pid = getpid();
	int result;

	set_info_handler(SIGUSR1, change_xmm_in_context, 0);
	__asm__ volatile("movdqu %[before], %%xmm5\n\tint $0x80\n\tmovdqu %%xmm5, %[after]"
			 : "=a"(result), [after] "=m"(after)
			 : "0"(SYS_kill), "b"(pid), "c"(SIGUSR1), [before] "m"(before)
			 : "memory");
	EQUAL(result, 0);
	EQUAL(after[0], 11);
	EQUAL(after[3], 44);
}

static void skip_instruction(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	user->uc_mcontext.gregs[REG_EIP] += 2;	/* ud2 */
	user->uc_mcontext.gregs[REG_EAX] = 0x1234;
	user->uc_mcontext.gregs[REG_EDX] = (int)0x89abcdef;
	caught++;
}

CASE(registers_in_the_context_come_into_force)
{
	uint32_t a = 0, d = 0;

	set_info_handler(SIGILL, skip_instruction, 0);
	__asm__ volatile("ud2" : "+a"(a), "+d"(d));
	EQUAL(caught, 1);
	EQUAL(a, 0x1234);
	EQUAL(d, 0x89abcdef);
}

static volatile uint32_t context_esp, context_eip, context_cs, context_ss;

static void note_context(int number, siginfo_t *info, void *context)
{
	const ucontext_t *user = context;

	(void)number;
	(void)info;
	context_esp = (uint32_t)user->uc_mcontext.gregs[REG_UESP];
	context_eip = (uint32_t)user->uc_mcontext.gregs[REG_EIP];
	context_cs = (uint32_t)user->uc_mcontext.gregs[REG_CS];
	context_ss = (uint32_t)user->uc_mcontext.gregs[REG_SS];
	caught++;
}

CASE(context_tells_where_it_was_interrupted)
{
	uint32_t esp, cs, ss;

	set_info_handler(SIGUSR1, note_context, 0);
	__asm__("movl %%esp, %0\n\tmovl %%cs, %1\n\tmovl %%ss, %2" : "=r"(esp), "=r"(cs), "=r"(ss));
	OK(raise(SIGUSR1));
	CHECK(context_esp <= esp && context_esp > esp - 4096);
	CHECK(context_eip != 0);
	EQUAL(context_cs & 0xffff, cs & 0xffff);
	EQUAL(context_ss & 0xffff, ss & 0xffff);
}

static void note_alignment(int number)
{
	(void)number;
	address_inside = __builtin_frame_address(0);
}

/* The ABI's promise: at the entry of a function, esp + 4 is a multiple of 16. */
CASE(stack_is_aligned_in_the_handler)
{
	set_handler(SIGUSR1, note_alignment, 0);
	for (size_t i = 1; i < 64; i += 7) {
		volatile char *area = __builtin_alloca(i);

		area[0] = 1;
		OK(raise(SIGUSR1));
		/* The saved ebp lies 8 below that. */
		EQUAL(((uintptr_t)address_inside + 8) % 16, 0);
	}
}

CASE(errno_and_result_of_the_call_are_kept)
{
	set_handler(SIGUSR1, count, 0);
	for (int i = 0; i < 10; i++) {
		EQUAL(kill(getpid(), SIGUSR1), 0);
		FAILS(syscall(SYS_tgkill, getpid(), -1, SIGUSR1), EINVAL);
	}
	EQUAL(caught, 10);
}

CASE(red_zone_of_computation)
{
	/* A long computation in registers and memory, interrupted a hundred times, gives what it gives alone. */
	uint32_t sums[2];

	set_handler(SIGALRM, count, 0);
	for (int pass = 0; pass < 2; pass++) {
		uint32_t sum = 1;
		double product = 1;

		if (pass == 1)
			interrupt_every(1);
		for (uint32_t i = 0; i < 20000000; i++) {
			sum = sum * 1664525 + 1013904223 + i;
			if (i % 64 == 0)
				product = product * 1.0000001 + (double)(sum & 1);
		}
		sums[pass] = sum ^ (uint32_t)product;
	}
	EQUAL(sums[1], sums[0]);
	CHECK(caught > 3);
}
