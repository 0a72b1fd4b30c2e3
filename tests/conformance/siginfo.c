/* What a handler with SA_SIGINFO is told, by sender. */
#include "check.h"

#include <sys/time.h>

static volatile sig_atomic_t caught;
static volatile siginfo_t last;

static void count(int number)
{
	(void)number;
	caught++;
}

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	last = *info;
	caught++;
}

CASE(siginfo_of_kill)
{
	set_info_handler(SIGUSR1, note, 0);
	OK(kill(getpid(), SIGUSR1));
	EQUAL(last.si_signo, SIGUSR1);
	EQUAL(last.si_code, SI_USER);
	EQUAL(last.si_pid, getpid());
	EQUAL(last.si_uid, getuid());
}

CASE(siginfo_of_kill_by_another)
{
	sigset_t set = set_of(SIGUSR1);
	pid_t parent = getpid(), child;
	siginfo_t info;

	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	child = OK(fork());
	if (child == 0)
		_exit(kill(parent, SIGUSR1) != 0);
	EQUAL(sigwaitinfo(&set, &info), SIGUSR1);
	EQUAL(info.si_code, SI_USER);
	EQUAL(info.si_pid, child);
	EXITS(child, 0);
}

CASE(siginfo_of_raise)
{
	set_info_handler(SIGUSR1, note, 0);
	OK(raise(SIGUSR1));
	EQUAL(last.si_code, SI_TKILL);
	EQUAL(last.si_pid, getpid());
	EQUAL(last.si_uid, getuid());
}

CASE(siginfo_of_sigqueue)
{
	set_info_handler(SIGUSR1, note, 0);
	OK(sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 4711 }));
	EQUAL(last.si_code, SI_QUEUE);
	EQUAL(last.si_pid, getpid());
	EQUAL(last.si_value.sival_int, 4711);
}

CASE(siginfo_of_alarm)
{
	struct itimerval timer = { .it_value = { 0, 10000 } };

	set_info_handler(SIGALRM, note, 0);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	EVENTUALLY(caught == 1);
	EQUAL(last.si_signo, SIGALRM);
	EQUAL(last.si_code, SI_KERNEL);
}

CASE(siginfo_of_a_childs_exit)
{
	pid_t child;

	set_info_handler(SIGCHLD, note, SA_RESTART);
	child = OK(fork());
	if (child == 0)
		_exit(23);
	EVENTUALLY(caught == 1);
	EQUAL(last.si_signo, SIGCHLD);
	EQUAL(last.si_code, CLD_EXITED);
	EQUAL(last.si_pid, child);
	EQUAL(last.si_status, 23);
	EQUAL(last.si_uid, getuid());
	EXITS(child, 23);
}

CASE(siginfo_of_a_childs_death)
{
	pid_t child = start_sleeper();

	set_info_handler(SIGCHLD, note, SA_RESTART);
	OK(kill(child, SIGTERM));
	EVENTUALLY(caught == 1);
	EQUAL(last.si_code, CLD_KILLED);
	EQUAL(last.si_status, SIGTERM);
	EQUAL(last.si_pid, child);
	DIES(child, SIGTERM);
}

CASE(sigchld_when_a_child_stops_and_continues)
{
	pid_t child = start_sleeper();

	set_info_handler(SIGCHLD, note, SA_RESTART);
	OK(kill(child, SIGSTOP));
	EVENTUALLY(caught == 1);
	EQUAL(last.si_code, CLD_STOPPED);
	EQUAL(last.si_status, SIGSTOP);
	EQUAL(last.si_pid, child);
	OK(kill(child, SIGCONT));
	EVENTUALLY(caught == 2);
	EQUAL(last.si_code, CLD_CONTINUED);
	EQUAL(last.si_status, SIGCONT);
	OK(kill(child, SIGKILL));
	EVENTUALLY(caught == 3);
	DIES(child, SIGKILL);
}

CASE(no_sigchld_for_stops_on_request)
{
	pid_t child = start_sleeper();
	siginfo_t info;

	set_handler(SIGCHLD, count, SA_NOCLDSTOP | SA_RESTART);
	OK(kill(child, SIGSTOP));
	OK(waitid(P_PID, (id_t)child, &info, WSTOPPED));
	OK(kill(child, SIGCONT));
	OK(waitid(P_PID, (id_t)child, &info, WCONTINUED));
	EQUAL(caught, 0);
	OK(kill(child, SIGKILL));
	EVENTUALLY(caught == 1);
	DIES(child, SIGKILL);
}
