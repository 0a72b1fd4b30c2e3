/* How a parent learns what became of its children. */
#include "check.h"

#include <sys/resource.h>
#include <sys/times.h>

static pid_t start(int status)
{
	pid_t child = OK(fork());

	if (child == 0)
		_exit(status);
	return child;
}

static void end(pid_t child)
{
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

static void ignore(int number)
{
	(void)number;
}

CASE(all_exit_statuses)
{
	static const int codes[] = { 0, 1, 2, 127, 128, 200, 255 };

	for (size_t i = 0; i < COUNT(codes); i++)
		EXITS(start(codes[i]), codes[i]);
	EXITS(start(256 + 5), 5);
	EXITS(start(-1), 255);
}

CASE(death_by_signal)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGPIPE, SIGALRM, SIGTERM,
		34, 64 };

	for (size_t i = 0; i < COUNT(numbers); i++) {
		pid_t child = start_sleeper();

		OK(kill(child, numbers[i]));
		DIES(child, numbers[i]);
	}
}

CASE(nothing_to_wait_for)
{
	int status;

	FAILS(waitpid(-1, &status, 0), ECHILD);
	FAILS(waitpid(-1, &status, WNOHANG), ECHILD);
	FAILS(waitpid(1, &status, 0), ECHILD);
	FAILS(waitpid(getpid(), &status, 0), ECHILD);
	FAILS(waitpid(-1, &status, 0x40), EINVAL);
}

CASE(no_hang)
{
	pid_t child = start_sleeper();
	int status = 99;

	EQUAL(waitpid(child, &status, WNOHANG), 0);
	EQUAL(waitpid(-1, &status, WNOHANG), 0);
	OK(kill(child, SIGTERM));
	EVENTUALLY(waitpid(child, &status, WNOHANG) == child);
	EQUAL(WTERMSIG(status), SIGTERM);
}

CASE(without_status_pointer)
{
	start(1);
	CHECK(OK(wait(NULL)) > 0);
}

CASE(chosen_child_first)
{
	pid_t one = start(1), two = start(2), three = start(3);

	EXITS(two, 2);
	EXITS(three, 3);
	EXITS(one, 1);
}

CASE(by_process_group)
{
	struct gate go = gate_new();
	pid_t own = start(1), other = OK(fork());
	int status;

	if (other == 0) {
		gate_pass(go);
		_exit(2);
	}
	OK(setpgid(other, other));
	gate_open(go);
	EQUAL(waitpid(-other, &status, 0), other);
	EQUAL(WEXITSTATUS(status), 2);
	EQUAL(waitpid(0, &status, 0), own);
	FAILS(waitpid(-other, &status, 0), ECHILD);
}

CASE(waiting_blocks_until_the_end)
{
	long long before = milliseconds_now();
	pid_t child = OK(fork());

	if (child == 0) {
		nap(100);
		_exit(0);
	}
	EXITS(child, 0);
	CHECK(milliseconds_now() - before >= 95);
}

CASE(zombie_exists_until_waited_for)
{
	pid_t child = start(0);
	siginfo_t info;

	OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
	OK(kill(child, 0));
	OK(kill(child, SIGTERM));
	EXITS(child, 0);
	FAILS(kill(child, 0), ESRCH);
}

CASE(stop_and_continue)
{
	pid_t child = start_sleeper();
	int status;

	OK(kill(child, SIGSTOP));
	EQUAL(waitpid(child, &status, WUNTRACED), child);
	CHECK(WIFSTOPPED(status));
	EQUAL(WSTOPSIG(status), SIGSTOP);
	/* Told once only. */
	EQUAL(waitpid(child, &status, WUNTRACED | WNOHANG), 0);
	OK(kill(child, SIGCONT));
	EQUAL(waitpid(child, &status, WCONTINUED), child);
	CHECK(WIFCONTINUED(status));
	EQUAL(waitpid(child, &status, WCONTINUED | WNOHANG), 0);
	end(child);
}

CASE(stop_is_not_told_unasked)
{
	pid_t child = start_sleeper();
	siginfo_t info;
	int status;

	OK(kill(child, SIGSTOP));
	OK(waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOWAIT));
	EQUAL(waitpid(child, &status, WNOHANG), 0);
	EQUAL(waitpid(child, &status, WNOHANG | WCONTINUED), 0);
	end(child);
}

CASE(every_stop_signal)
{
	static const int numbers[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };

	for (size_t i = 0; i < COUNT(numbers); i++) {
		pid_t child = start_sleeper();
		int status;

		OK(kill(child, numbers[i]));
		EQUAL(waitpid(child, &status, WUNTRACED), child);
		EQUAL(WSTOPSIG(status), numbers[i]);
		end(child);
	}
}

CASE(stopped_child_dies_when_continued_or_killed)
{
	pid_t child = start_sleeper();
	int status;

	OK(kill(child, SIGSTOP));
	EQUAL(waitpid(child, &status, WUNTRACED), child);
	OK(kill(child, SIGTERM));
	nap(20);
	EQUAL(waitpid(child, &status, WNOHANG), 0);
	OK(kill(child, SIGCONT));
	DIES(child, SIGTERM);
}

CASE(waitid_tells_of_an_exit)
{
	pid_t child = start(77);
	siginfo_t info = { 0 };

	OK(waitid(P_PID, (id_t)child, &info, WEXITED));
	EQUAL(info.si_signo, SIGCHLD);
	EQUAL(info.si_code, CLD_EXITED);
	EQUAL(info.si_pid, child);
	EQUAL(info.si_uid, getuid());
	EQUAL(info.si_status, 77);
	FAILS(waitid(P_PID, (id_t)child, &info, WEXITED), ECHILD);
}

CASE(waitid_tells_of_a_kill)
{
	pid_t child = start_sleeper();
	siginfo_t info = { 0 };

	OK(kill(child, SIGTERM));
	OK(waitid(P_ALL, 0, &info, WEXITED));
	EQUAL(info.si_pid, child);
	EQUAL(info.si_code, CLD_KILLED);
	EQUAL(info.si_status, SIGTERM);
}

CASE(waitid_tells_of_stop_and_continue)
{
	pid_t child = start_sleeper();
	siginfo_t info = { 0 };

	OK(kill(child, SIGSTOP));
	OK(waitid(P_PID, (id_t)child, &info, WSTOPPED));
	EQUAL(info.si_code, CLD_STOPPED);
	EQUAL(info.si_status, SIGSTOP);
	OK(kill(child, SIGCONT));
	OK(waitid(P_PID, (id_t)child, &info, WCONTINUED));
	EQUAL(info.si_code, CLD_CONTINUED);
	EQUAL(info.si_status, SIGCONT);
	end(child);
}

CASE(waitid_no_hang_and_no_wait)
{
	struct gate go = gate_new();
	pid_t child = OK(fork());
	siginfo_t info;

	if (child == 0) {
		gate_pass(go);
		_exit(4);
	}
	memset(&info, 0xff, sizeof info);
	OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG));
	EQUAL(info.si_pid, 0);
	EQUAL(info.si_signo, 0);
	gate_open(go);
	for (int i = 0; i < 3; i++) {
		OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
		EQUAL(info.si_status, 4);
	}
	EXITS(child, 4);
}

CASE(waitid_by_group)
{
	pid_t child = start(6);
	siginfo_t info;

	OK(waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED));
	EQUAL(info.si_pid, child);
	FAILS(waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED), ECHILD);
}

CASE(waitid_bad_arguments)
{
	siginfo_t info;

	FAILS(waitid(P_ALL, 0, &info, 0), EINVAL);
	FAILS(waitid(P_ALL, 0, &info, WNOHANG), EINVAL);
	FAILS(waitid((idtype_t)17, 0, &info, WEXITED), EINVAL);
	FAILS(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
}

CASE(ignoring_sigchld_reaps_by_itself)
{
	int status;

	set_handler(SIGCHLD, SIG_IGN, 0);
	for (int i = 0; i < 5; i++)
		start(i);
	/* Blocks until the last is gone. */
	FAILS(waitpid(-1, &status, 0), ECHILD);
}

CASE(no_child_wait_flag_reaps_by_itself)
{
	pid_t child;

	set_handler(SIGCHLD, ignore, SA_NOCLDWAIT | SA_RESTART);
	child = start(0);
	FAILS(waitpid(child, NULL, 0), ECHILD);
	EQUAL(kill(child, 0), -1);
}

CASE(grandchild_is_not_ours)
{
	struct gate told = gate_new();
	pid_t child = OK(fork()), grandchild = 0;

	if (child == 0) {
		grandchild = OK(fork());
		if (grandchild == 0)
			_exit(0);
		EQUAL(write(told.ends[1], &grandchild, sizeof grandchild), sizeof grandchild);
		EXITS(grandchild, 0);
		_exit(0);
	}
	EQUAL(read(told.ends[0], &grandchild, sizeof grandchild), sizeof grandchild);
	FAILS(waitpid(grandchild, NULL, 0), ECHILD);
	EXITS(child, 0);
}

CASE(usage_of_the_child)
{
	pid_t child = OK(fork());
	struct rusage usage;
	struct tms ticks;
	int status;

	if (child == 0) {
		clock_t end_at = clock() + CLOCKS_PER_SEC / 5;

		while (clock() < end_at)
			;
		_exit(0);
	}
	EQUAL(wait4(child, &status, 0, &usage), child);
	CHECK(usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
			usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000 >=
		150);
	OK(getrusage(RUSAGE_CHILDREN, &usage));
	CHECK(usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
			usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000 >=
		150);
	CHECK(times(&ticks) != (clock_t)-1);
	CHECK(ticks.tms_cutime + ticks.tms_cstime >= 15);
}

CASE(children_of_children_die_first)
{
	/* A child that dies leaves its zombies to someone else: none of them become ours. */
	pid_t child = OK(fork());

	if (child == 0) {
		for (int i = 0; i < 5; i++)
			start(0);
		nap(20);
		_exit(0);
	}
	EXITS(child, 0);
	FAILS(waitpid(-1, NULL, 0), ECHILD);
}
