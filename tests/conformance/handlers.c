/* Handlers: masks, nesting, alternate stacks, jumping out. Registers: contexts.c. */
#include "check.h"

#include <setjmp.h>
#include <ucontext.h>

static volatile sig_atomic_t caught;
static volatile sig_atomic_t depth, deepest;
static volatile sigset_t mask_inside;

static void count(int number)
{
	(void)number;
	caught++;
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
	struct sigaction action = { .sa_handler = note_mask, .sa_mask = set_of(SIGUSR2) };
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
	struct sigaction action = { .sa_handler = raise_other, .sa_mask = set_of(SIGUSR2) };

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
	stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof other_stack };

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
	stack_t stack = { .ss_flags = SS_DISABLE };

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
	stack_t stack = { .ss_sp = other_stack, .ss_size = 100 };

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
