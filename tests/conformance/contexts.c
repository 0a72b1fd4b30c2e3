/* The registers of a program that a signal interrupts: kept, shown to the handler, and changed by it. */
#include "check.h"

#include <sys/time.h>
#include <ucontext.h>

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static void interrupt_every(int milliseconds)
{
	struct itimerval timer = { { 0, milliseconds * 1000 }, { 0, milliseconds * 1000 } };

	OK(setitimer(ITIMER_REAL, &timer, NULL));
}

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
	static const uint32_t want[8] = { 0x66666666, 0x55555555, 0x77777777, 0, 0x22222222,
		0x44444444, 0x33333333, 0x11111111 };
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
	static const uint32_t junk[4] = { 0xdeadbeef, 0xdeadbeef, 0xdeadbeef, 0xdeadbeef };
	uint32_t mxcsr = 0x7f80;
	uint16_t control = 0xf7f;

	(void)number;
	__asm__ volatile("movdqu %0, %%xmm0\n\tmovdqu %0, %%xmm3\n\tmovdqu %0, %%xmm7\n\t"
			 "fninit\n\tfldz\n\tfldz\n\tfldz\n\tfldcw %1\n\tldmxcsr %2"
			 :
			 : "m"(junk), "m"(control), "m"(mxcsr));
	if (++caught == 3)
		spin_on = 0;
}

CASE(floating_point_registers_survive)
{
	static const uint32_t pattern[3][4] = { { 1, 2, 3, 4 }, { 5, 6, 7, 8 },
		{ 0x80000001, 0xc0000002, 9, 10 } };
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
			 "fstpt %[log2e]\n\tfstpt %[pi]\n\tfnstcw %[control_after]\n\tstmxcsr "
			 "%[mxcsr_after]\n\tfninit"
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
	static const uint32_t changed[4] = { 11, 22, 33, 44 };
	ucontext_t *user = context;
	/* An fxsave image lies behind the fields of the x87; xmm5 is 240 bytes into it. */
	char *image = (char *)user->uc_mcontext.fpregs + 112;

	(void)number;
	(void)info;
	memcpy(image + 240, changed, sizeof changed);
}

CASE(floating_point_state_in_the_context_comes_into_force)
{
	static const uint32_t before[4] = { 1, 1, 1, 1 };
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
	user->uc_mcontext.gregs[REG_EIP] += 2; /* ud2 */
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

static void *volatile address_inside;

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

static uint32_t compute(void)
{
	uint32_t sum = 1;
	double product = 1;

	for (uint32_t i = 0; i < 20000000; i++) {
		sum = sum * 1664525 + 1013904223 + i;
		if (i % 64 == 0)
			product = product * 1.0000001 + (double)(sum & 1);
	}
	return sum ^ (uint32_t)product;
}

CASE(red_zone_of_computation)
{
	/* A long computation in registers and memory gives what it gives alone, however often it is interrupted. */
	uint32_t alone = compute();

	set_handler(SIGALRM, count, 0);
	interrupt_every(1);
	while (caught < 10)
		EQUAL(compute(), alone);
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
