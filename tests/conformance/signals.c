/* Sending signals, masks, pending signals and waiting for them. */
#include "check.h"

#include <sys/time.h>

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

CASE(raise_runs_the_handler_before_it_returns)
{
	set_handler(SIGUSR1, count, 0);
	for (int i = 1; i <= 10; i++) {
		OK(raise(SIGUSR1));
		EQUAL(caught, i);
	}
}

CASE(kill_self_runs_the_handler_before_it_returns)
{
	set_handler(SIGUSR1, count, 0);
	for (int i = 1; i <= 10; i++) {
		OK(kill(getpid(), SIGUSR1));
		EQUAL(caught, i);
	}
}

CASE(kill_errors)
{
	FAILS(kill(getpid(), 65), EINVAL);
	FAILS(kill(getpid(), -1), EINVAL);
	FAILS(kill(0x3fffffff, SIGTERM), ESRCH);
	FAILS(kill(-0x3fffffff, SIGTERM), ESRCH);
	OK(kill(getpid(), 0));
	OK(kill(getppid(), 0));
}

CASE(sigaction_errors)
{
	struct sigaction action = { .sa_handler = SIG_IGN };

	FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
	FAILS(sigaction(SIGSTOP, &action, NULL), EINVAL);
	OK(sigaction(SIGKILL, NULL, &action));
	CHECK(action.sa_handler == SIG_DFL);
	FAILS(sigaction(0, &action, NULL), EINVAL);
	FAILS(sigaction(65, &action, NULL), EINVAL);
}

CASE(sigaction_gives_back_what_was_set)
{
	struct sigaction action = { .sa_handler = count, .sa_flags = SA_RESTART | SA_NODEFER }, got;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	OK(sigaction(SIGUSR1, &action, NULL));
	action.sa_handler = SIG_IGN;
	OK(sigaction(SIGUSR1, &action, &got));
	CHECK(got.sa_handler == count);
	EQUAL(got.sa_flags & (SA_RESTART | SA_NODEFER | SA_SIGINFO), SA_RESTART | SA_NODEFER);
	EQUAL(sigismember(&got.sa_mask, SIGUSR2), 1);
	EQUAL(sigismember(&got.sa_mask, SIGUSR1), 0);
	OK(sigaction(SIGUSR1, NULL, &got));
	CHECK(got.sa_handler == SIG_IGN);
}

CASE(ignored_by_default)
{
	OK(raise(SIGCHLD));
	OK(raise(SIGURG));
	OK(raise(SIGWINCH));
	OK(raise(SIGCONT));
}

CASE(ignored_on_request)
{
	for (int number = 1; number < NSIG; number++) {
		/* Between 32 and SIGRTMIN are those of the C library. */
		if (number == SIGKILL || number == SIGSTOP || (number >= 32 && number < SIGRTMIN))
			continue;
		set_handler(number, SIG_IGN, 0);
		OK(raise(number));
	}
}

CASE(blocked_stays_pending_until_unblocked)
{
	sigset_t block = set_of(SIGUSR1), got;

	set_handler(SIGUSR1, count, 0);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(raise(SIGUSR1));
	OK(raise(SIGUSR1));
	OK(kill(getpid(), SIGUSR1));
	EQUAL(caught, 0);
	OK(sigpending(&got));
	EQUAL(sigismember(&got, SIGUSR1), 1);
	EQUAL(sigismember(&got, SIGUSR2), 0);
	/* Delivered before sigprocmask returns. raise and kill count apart: one pends for the thread, one for the
	 * process. */
	OK(sigprocmask(SIG_UNBLOCK, &block, NULL));
	EQUAL(caught, 2);
	OK(sigpending(&got));
	EQUAL(sigismember(&got, SIGUSR1), 0);
}

CASE(standard_signals_do_not_queue)
{
	sigset_t block = set_of(SIGUSR1);

	set_handler(SIGUSR1, count, 0);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	for (int i = 0; i < 5; i++)
		OK(kill(getpid(), SIGUSR1));
	OK(sigprocmask(SIG_UNBLOCK, &block, NULL));
	EQUAL(caught, 1);
}

CASE(realtime_signals_queue_in_order)
{
	sigset_t block;

	sigemptyset(&block);
	for (int i = 0; i < 3; i++) {
		set_handler(SIGRTMIN + i, count, 0);
		sigaddset(&block, SIGRTMIN + i);
	}
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	for (int i = 0; i < 9; i++)
		OK(sigqueue(getpid(), SIGRTMIN + 2 - i % 3, (union sigval){ .sival_int = i }));
	EQUAL(caught, 0);
	for (int i = 0; i < 9; i++) {
		siginfo_t info;

		/* The lowest number first, and within a number the oldest. */
		EQUAL(sigwaitinfo(&block, &info), SIGRTMIN + i / 3);
		EQUAL(info.si_value.sival_int, 2 - i / 3 + i % 3 * 3);
	}
}

CASE(mask_operations)
{
	sigset_t set, got;

	set = set_of(SIGUSR1);
	OK(sigprocmask(SIG_SETMASK, &set, NULL));
	set = set_of(SIGUSR2);
	OK(sigprocmask(SIG_BLOCK, &set, &got));
	EQUAL(sigismember(&got, SIGUSR1), 1);
	EQUAL(sigismember(&got, SIGUSR2), 0);
	set = set_of(SIGUSR1);
	OK(sigprocmask(SIG_UNBLOCK, &set, &got));
	EQUAL(sigismember(&got, SIGUSR1), 1);
	EQUAL(sigismember(&got, SIGUSR2), 1);
	OK(sigprocmask(SIG_BLOCK, NULL, &got));
	EQUAL(sigismember(&got, SIGUSR1), 0);
	EQUAL(sigismember(&got, SIGUSR2), 1);
	FAILS(sigprocmask(77, &set, NULL), EINVAL);
}

CASE(kill_and_stop_cannot_be_blocked)
{
	sigset_t all, got;
	pid_t child;

	sigfillset(&all);
	OK(sigprocmask(SIG_SETMASK, &all, NULL));
	OK(sigprocmask(SIG_BLOCK, NULL, &got));
	EQUAL(sigismember(&got, SIGKILL), 0);
	EQUAL(sigismember(&got, SIGSTOP), 0);
	EQUAL(sigismember(&got, SIGTERM), 1);
	child = start_sleeper();
	OK(kill(child, SIGTERM));
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

CASE(unblocking_several_delivers_all)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < 5; i++) {
		set_handler(SIGRTMIN + i, count, 0);
		sigaddset(&set, SIGRTMIN + i);
	}
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	for (int i = 0; i < 5; i++)
		OK(raise(SIGRTMIN + i));
	OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	EQUAL(caught, 5);
}

CASE(ignoring_discards_what_is_pending)
{
	sigset_t block = set_of(SIGUSR1), got;

	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(kill(getpid(), SIGUSR1));
	set_handler(SIGUSR1, SIG_IGN, 0);
	OK(sigpending(&got));
	EQUAL(sigismember(&got, SIGUSR1), 0);
	set_handler(SIGUSR1, SIG_DFL, 0);
	OK(sigprocmask(SIG_UNBLOCK, &block, NULL));
}

CASE(sigsuspend_swaps_the_mask_and_returns_after_a_handler)
{
	sigset_t block = set_of(SIGUSR1), none, got;

	set_handler(SIGUSR1, count, 0);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(kill(getpid(), SIGUSR1));
	EQUAL(caught, 0);
	sigemptyset(&none);
	FAILS(sigsuspend(&none), EINTR);
	EQUAL(caught, 1);
	OK(sigprocmask(SIG_BLOCK, NULL, &got));
	EQUAL(sigismember(&got, SIGUSR1), 1);
}

CASE(sigsuspend_waits)
{
	struct itimerval timer = { .it_value = { 0, 50000 } };
	sigset_t block = set_of(SIGALRM), none;
	long long before = milliseconds_now();

	set_handler(SIGALRM, count, SA_RESTART);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	sigemptyset(&none);
	FAILS(sigsuspend(&none), EINTR);
	EQUAL(caught, 1);
	CHECK(milliseconds_now() - before >= 45);
}

CASE(pause_returns_after_a_handler)
{
	struct itimerval timer = { .it_value = { 0, 50000 }, .it_interval = { 0, 50000 } };

	set_handler(SIGALRM, count, SA_RESTART);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	FAILS(pause(), EINTR);
	CHECK(caught >= 1);
}

CASE(sigwait_takes_without_a_handler)
{
	sigset_t set = set_of(SIGUSR1), got;
	pid_t parent = getpid(), child;
	int number = 0;

	set_handler(SIGUSR1, count, 0);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	child = OK(fork());
	if (child == 0) {
		nap(30);
		_exit(kill(parent, SIGUSR1) != 0);
	}
	EQUAL(sigwait(&set, &number), 0);
	EQUAL(number, SIGUSR1);
	EQUAL(caught, 0);
	OK(sigpending(&got));
	EQUAL(sigismember(&got, SIGUSR1), 0);
	EXITS(child, 0);
}

CASE(sigtimedwait_times_out)
{
	sigset_t set = set_of(SIGUSR1);
	struct timespec limit = { 0, 50000000 }, none = { 0, 0 };
	long long before = milliseconds_now();
	siginfo_t info;

	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	FAILS(sigtimedwait(&set, &info, &limit), EAGAIN);
	CHECK(milliseconds_now() - before >= 45);
	FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
	OK(kill(getpid(), SIGUSR1));
	EQUAL(sigtimedwait(&set, &info, &none), SIGUSR1);
	EQUAL(info.si_code, SI_USER);
	EQUAL(info.si_pid, getpid());
}

CASE(sigtimedwait_is_interrupted_by_others)
{
	struct itimerval timer = { .it_value = { 0, 30000 }, .it_interval = { 0, 30000 } };
	sigset_t set = set_of(SIGUSR1);
	struct timespec limit = { 20, 0 };

	set_handler(SIGALRM, count, SA_RESTART);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	/* musl's function would go on. */
	FAILS(syscall(SYS_rt_sigtimedwait, &set, NULL, &limit, NSIG / 8), EINTR);
}

CASE(to_a_process_group)
{
	struct gate ready = gate_new();
	pid_t children[3];

	for (int i = 0; i < 3; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			OK(setpgid(0, i ? children[0] : 0));
			gate_open(ready);
			for (;;)
				pause();
		}
		gate_pass(ready);
	}
	OK(kill(-children[0], 0));
	OK(kill(-children[0], SIGTERM));
	for (int i = 0; i < 3; i++)
		DIES(children[i], SIGTERM);
	FAILS(kill(-children[0], 0), ESRCH);
}

CASE(to_the_own_group)
{
	pid_t child = start_sleeper();

	/* The case's process leads its own group. */
	set_handler(SIGUSR1, count, 0);
	OK(kill(0, SIGUSR1));
	EQUAL(caught, 1);
	DIES(child, SIGUSR1);
}

CASE(wakes_a_running_loop)
{
	pid_t child = OK(fork());

	if (child == 0) {
		set_handler(SIGUSR1, count, 0);
		while (!caught)
			;
		_exit(12);
	}
	for (int tries = 0; tries < 200; tries++) {
		siginfo_t info = { 0 };

		nap(10);
		/* Until it has its handler the signal kills; then this case fails below. */
		if (tries == 20)
			OK(kill(child, SIGUSR1));
		OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT));
		if (info.si_pid)
			break;
	}
	EXITS(child, 12);
}

CASE(thousand_signals_between_processes)
{
	sigset_t set = set_of(SIGUSR1);
	pid_t parent = getpid(), child;

	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	child = OK(fork());
	for (int i = 0; i < 1000; i++) {
		if (child != 0)
			OK(kill(child, SIGUSR1));
		EQUAL(sigwaitinfo(&set, NULL), SIGUSR1);
		if (child == 0)
			OK(kill(parent, SIGUSR1));
	}
	if (child == 0)
		_exit(0);
	EXITS(child, 0);
}

CASE(every_queued_one_arrives)
{
	enum { SIGNALS = 200 };
	pid_t parent = getpid(), child;
	sigset_t set = set_of(SIGRTMIN);

	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	child = OK(fork());
	if (child == 0) {
		for (int i = 0; i < SIGNALS; i++)
			OK(sigqueue(parent, SIGRTMIN, (union sigval){ .sival_int = i }));
		_exit(0);
	}
	for (int i = 0; i < SIGNALS; i++) {
		siginfo_t info;

		EQUAL(sigwaitinfo(&set, &info), SIGRTMIN);
		EQUAL(info.si_value.sival_int, i);
		EQUAL(info.si_pid, child);
	}
	EXITS(child, 0);
}

CASE(tgkill_to_a_wrong_thread)
{
	FAILS(syscall(SYS_tgkill, getpid(), 0x3fffffff, SIGUSR1), ESRCH);
	FAILS(syscall(SYS_tgkill, 0x3fffffff, getpid(), SIGUSR1), ESRCH);
	FAILS(syscall(SYS_tgkill, getpid(), -1, SIGUSR1), EINVAL);
	OK(syscall(SYS_tgkill, getpid(), getpid(), 0));
}
