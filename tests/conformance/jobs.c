/* Process groups, sessions, stopping and continuing. Terminals: terminal.c. */
#include "check.h"

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static void end(pid_t child)
{
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

static void await_stop(pid_t child)
{
	int status;

	EQUAL(waitpid(child, &status, WUNTRACED), child);
	CHECK(WIFSTOPPED(status));
}

CASE(new_group)
{
	pid_t child = start_sleeper();

	EQUAL(getpgid(child), getpgrp());
	OK(setpgid(child, 0));
	EQUAL(getpgid(child), child);
	EQUAL(getpgid(0), getpgrp());
	EQUAL(getsid(child), getsid(0));
	OK(setpgid(child, getpgrp()));
	EQUAL(getpgid(child), getpgrp());
	end(child);
}

CASE(group_errors)
{
	pid_t child = start_sleeper();

	FAILS(setpgid(child, 0x3fffffff), EPERM);
	FAILS(setpgid(0x3fffffff, 0), ESRCH);
	FAILS(setpgid(child, -1), EINVAL);
	FAILS(setpgid(getppid(), 0), ESRCH);
	FAILS(getpgid(0x3fffffff), ESRCH);
	FAILS(getsid(0x3fffffff), ESRCH);
	end(child);
}

ROLE(sleep)
{
	gate_open((struct gate){ { -1, atoi(argv[2]) } });
	while (pause() == -1)
		;
	return 1;
}

CASE(group_of_a_child_is_fixed_after_exec)
{
	struct gate ready = gate_new();
	pid_t child = OK(fork());
	char number[12];

	if (child == 0) {
		snprintf(number, sizeof number, "%d", ready.ends[1]);
		execl(check_self, check_self, "+sleep", number, NULL);
		_exit(1);
	}
	gate_pass(ready);
	FAILS(setpgid(child, 0), EACCES);
	end(child);
}

CASE(new_session)
{
	struct gate ready = gate_new();
	pid_t child;

	/* A group leader cannot. */
	FAILS(setsid(), EPERM);
	child = OK(fork());
	if (child == 0) {
		EQUAL(setsid(), getpid());
		EQUAL(getsid(0), getpid());
		EQUAL(getpgrp(), getpid());
		FAILS(setpgid(0, 0), EPERM);
		FAILS(setsid(), EPERM);
		gate_open(ready);
		for (;;)
			pause();
	}
	gate_pass(ready);
	EQUAL(getsid(child), child);
	FAILS(setpgid(child, getpgrp()), EPERM);
	end(child);
}

CASE(joining_a_group)
{
	pid_t leader = start_sleeper(), member;

	OK(setpgid(leader, leader));
	member = OK(fork());
	if (member == 0) {
		OK(setpgid(0, leader));
		EQUAL(getpgrp(), leader);
		_exit(0);
	}
	EXITS(member, 0);
	end(leader);
}

CASE(group_outlives_its_leader)
{
	pid_t leader = OK(fork()), member;
	struct gate go = gate_new();

	if (leader == 0) {
		OK(setpgid(0, 0));
		gate_pass(go);
		_exit(0);
	}
	EVENTUALLY(getpgid(leader) == leader);
	member = start_sleeper();
	OK(setpgid(member, leader));
	/* The leader has another pipe end than ours; it goes when it is killed. */
	OK(kill(leader, SIGKILL));
	DIES(leader, SIGKILL);
	EQUAL(getpgid(member), leader);
	OK(kill(-leader, 0));
	OK(kill(-leader, SIGTERM));
	DIES(member, SIGTERM);
}

CASE(stopped_process_does_not_run)
{
	struct gate gate = gate_new();
	pid_t child = OK(fork());
	struct stat info;

	if (child == 0) {
		gate_pass(gate);
		make_file("ran", "", 0);
		_exit(0);
	}
	OK(kill(child, SIGSTOP));
	await_stop(child);
	gate_open(gate);
	nap(50);
	FAILS(stat("ran", &info), ENOENT);
	OK(kill(child, SIGCONT));
	EXITS(child, 0);
	OK(stat("ran", &info));
}

CASE(signals_wait_while_stopped)
{
	struct gate ready = gate_new(), handled = gate_new();
	pid_t child = OK(fork());

	if (child == 0) {
		set_handler(SIGUSR1, count, 0);
		gate_open(ready);
		while (!caught)
			pause();
		gate_open(handled);
		_exit(5);
	}
	gate_pass(ready);
	OK(kill(child, SIGSTOP));
	await_stop(child);
	OK(kill(child, SIGUSR1));
	nap(30);
	OK(fcntl(handled.ends[0], F_SETFL, O_NONBLOCK));
	FAILS(read(handled.ends[0], &(char){ 0 }, 1), EAGAIN);
	OK(kill(child, SIGCONT));
	EXITS(child, 5);
}

CASE(kill_ends_a_stopped_process)
{
	pid_t child = start_sleeper();

	OK(kill(child, SIGSTOP));
	await_stop(child);
	end(child);
}

CASE(continue_handler_runs)
{
	struct gate ready = gate_new();
	pid_t child = OK(fork());

	if (child == 0) {
		set_handler(SIGCONT, count, 0);
		gate_open(ready);
		while (!caught)
			pause();
		_exit(6);
	}
	gate_pass(ready);
	OK(kill(child, SIGSTOP));
	await_stop(child);
	OK(kill(child, SIGCONT));
	EXITS(child, 6);
}

CASE(continue_works_though_blocked_or_ignored)
{
	struct gate ready = gate_new();
	sigset_t block = set_of(SIGCONT);
	pid_t child = OK(fork());
	int status;

	if (child == 0) {
		set_handler(SIGCONT, SIG_IGN, 0);
		OK(sigprocmask(SIG_BLOCK, &block, NULL));
		gate_open(ready);
		for (;;)
			pause();
	}
	gate_pass(ready);
	OK(kill(child, SIGSTOP));
	await_stop(child);
	OK(kill(child, SIGCONT));
	EQUAL(waitpid(child, &status, WCONTINUED), child);
	CHECK(WIFCONTINUED(status));
	end(child);
}

CASE(continue_discards_pending_stops)
{
	sigset_t block = set_of(SIGTSTP), pending;

	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(raise(SIGTSTP));
	OK(sigpending(&pending));
	EQUAL(sigismember(&pending, SIGTSTP), 1);
	OK(raise(SIGCONT));
	OK(sigpending(&pending));
	EQUAL(sigismember(&pending, SIGTSTP), 0);
}

CASE(stop_discards_pending_continue)
{
	sigset_t block = set_of(SIGCONT), pending;

	set_handler(SIGCONT, count, 0);
	set_handler(SIGTSTP, count, 0);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(kill(getpid(), SIGCONT));
	OK(sigpending(&pending));
	EQUAL(sigismember(&pending, SIGCONT), 1);
	OK(kill(getpid(), SIGTSTP));
	OK(sigpending(&pending));
	EQUAL(sigismember(&pending, SIGCONT), 0);
	EQUAL(caught, 1);
}

CASE(stopping_oneself)
{
	pid_t child = OK(fork());
	int status;

	if (child == 0) {
		raise(SIGSTOP);
		raise(SIGTSTP);
		_exit(8);
	}
	EQUAL(waitpid(child, &status, WUNTRACED), child);
	EQUAL(WSTOPSIG(status), SIGSTOP);
	OK(kill(child, SIGCONT));
	EQUAL(waitpid(child, &status, WUNTRACED), child);
	EQUAL(WSTOPSIG(status), SIGTSTP);
	OK(kill(child, SIGCONT));
	EXITS(child, 8);
}

CASE(stopping_a_group)
{
	pid_t children[3];

	for (int i = 0; i < 3; i++) {
		children[i] = start_sleeper();
		OK(setpgid(children[i], children[0]));
	}
	OK(kill(-children[0], SIGSTOP));
	for (int i = 0; i < 3; i++)
		await_stop(children[i]);
	OK(kill(-children[0], SIGCONT));
	OK(kill(-children[0], SIGTERM));
	for (int i = 0; i < 3; i++)
		DIES(children[i], SIGTERM);
}

CASE(orphaned_group_does_not_stop_from_the_keyboard)
{
	/* In a session of its own, nobody could continue it. */
	pid_t child = OK(fork());

	if (child == 0) {
		OK(setsid());
		raise(SIGTSTP);
		raise(SIGTTIN);
		raise(SIGTTOU);
		_exit(4);
	}
	EXITS(child, 4);
}

CASE(orphaned_group_can_be_stopped)
{
	pid_t child = OK(fork());

	if (child == 0) {
		OK(setsid());
		raise(SIGSTOP);
		_exit(4);
	}
	await_stop(child);
	OK(kill(child, SIGCONT));
	EXITS(child, 4);
}

/* When the last parent that could continue a stopped group dies, the group gets SIGHUP and SIGCONT. */
CASE(group_that_becomes_orphaned_is_woken)
{
	struct gate stopped = gate_new(), woken = gate_new();
	pid_t middle = OK(fork()), member;

	if (middle == 0) {
		OK(setsid());
		member = OK(fork());
		if (member == 0) {
			OK(setpgid(0, 0));
			set_handler(SIGHUP, count, 0);
			raise(SIGSTOP);
			EQUAL(caught, 1);
			gate_open(woken);
			_exit(0);
		}
		await_stop(member);
		gate_open(stopped);
		_exit(0);
	}
	gate_pass(stopped);
	EXITS(middle, 0);
	gate_pass(woken);
}
