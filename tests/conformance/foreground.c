/* Job control on a terminal: the foreground group, keys that send signals, background jobs, hang-up. */
#include "pty.h"

static volatile sig_atomic_t caught, caught_number;

static void count(int number)
{
	caught_number = number;
	caught++;
}

/* A child that leads a session whose terminal is the slave. Two gates: it opens the first when it is ready and
 * passes the second when it may go on. */
static struct gate child_ready, child_go;

static pid_t start_session(void)
{
	pid_t child;

	open_pair();
	child_ready = gate_new();
	child_go = gate_new();
	child = OK(fork());
	if (child == 0) {
		alarm(60);
		OK(close(master));
		OK(setsid());
		OK(ioctl(slave, TIOCSCTTY, 0));
	}
	return child;
}

CASE(controlling_terminal)
{
	pid_t child = start_session();

	if (child == 0) {
		int tty = OK(open("/dev/tty", O_RDWR));

		EQUAL(tcgetpgrp(slave), getpid());
		EQUAL(tcgetsid(slave), getpid());
		EQUAL(write(tty, "hi", 2), 2);
		_exit(0);
	}
	expect_output("hi");
	EXITS(child, 0);
}

CASE(first_opened_becomes_it)
{
	pid_t child;

	open_pair();
	child = OK(fork());
	if (child == 0) {
		OK(setsid());
		FAILS(open("/dev/tty", O_RDWR), ENXIO);
		OPENS(open(slave_name, O_RDWR | O_NOCTTY));
		FAILS(open("/dev/tty", O_RDWR), ENXIO);
		OPENS(open(slave_name, O_RDWR));
		OPENS(open("/dev/tty", O_RDWR));
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(not_ours)
{
	open_pair();
	FAILS(tcgetpgrp(slave), ENOTTY);
	FAILS(tcsetpgrp(slave, getpgrp()), ENOTTY);
}

CASE(keys_send_signals)
{
	static const struct {
		const char *key;
		int number;
	} keys[] = { { "\003", SIGINT }, { "\034", SIGQUIT }, { "\032", SIGTSTP } };
	pid_t child = start_session();

	if (child == 0) {
		for (size_t i = 0; i < COUNT(keys); i++)
			set_handler(keys[i].number, count, 0);
		gate_open(child_ready);
		for (size_t i = 0; i < COUNT(keys); i++) {
			EVENTUALLY(caught == (int)i + 1);
			EQUAL(caught_number, keys[i].number);
			gate_open(child_ready);
		}
		_exit(0);
	}
	gate_pass(child_ready);
	for (size_t i = 0; i < COUNT(keys); i++) {
		type(keys[i].key);
		gate_pass(child_ready);
	}
	EXITS(child, 0);
}

CASE(signal_keys_flush_the_line_and_interrupt_a_read)
{
	pid_t child = start_session();

	if (child == 0) {
		char got[16];

		set_handler(SIGINT, count, 0);
		gate_open(child_ready);
		FAILS(read(slave, got, sizeof got), EINTR);
		gate_open(child_ready);
		expect_line("new\n");
		_exit(0);
	}
	gate_pass(child_ready);
	nap(30);
	type("old\003");
	gate_pass(child_ready);
	type("new\n");
	EXITS(child, 0);
}

CASE(keys_are_plain_without_isig)
{
	pid_t child = start_session();

	if (child == 0) {
		change_modes(0, 0, ISIG, 0);
		gate_open(child_ready);
		expect_line("\003x\n");
		_exit(0);
	}
	gate_pass(child_ready);
	type("\003x\n");
	EXITS(child, 0);
}

/* A background job of that session that runs act; returns its pid. */
static pid_t start_job(void (*act)(void))
{
	pid_t job = OK(fork());

	if (job == 0) {
		OK(setpgid(0, 0));
		act();
		_exit(0);
	}
	/* Both sides, since either may be first. */
	(void)setpgid(job, job);
	return job;
}

static void read_line(void)
{
	expect_line("for the job\n");
}

static void pause_for_ever(void)
{
	for (;;)
		pause();
}

static void expect_stop(pid_t job, int number)
{
	int status;

	EQUAL(waitpid(job, &status, WUNTRACED), job);
	CHECK(WIFSTOPPED(status));
	EQUAL(WSTOPSIG(status), number);
}

CASE(background_read_stops)
{
	pid_t child = start_session();

	if (child == 0) {
		pid_t job = start_job(read_line);

		gate_open(child_ready);
		gate_pass(child_go);
		expect_stop(job, SIGTTIN);
		/* fg */
		OK(tcsetpgrp(slave, job));
		EQUAL(tcgetpgrp(slave), job);
		OK(kill(-job, SIGCONT));
		EXITS(job, 0);
		_exit(0);
	}
	gate_pass(child_ready);
	type("for the job\n");
	gate_open(child_go);
	EXITS(child, 0);
}

static void write_line(void)
{
	EQUAL(write(slave, "job\n", 4), 4);
}

CASE(background_write_stops_with_tostop)
{
	pid_t child = start_session();

	if (child == 0) {
		pid_t job = start_job(write_line);

		EXITS(job, 0);
		change_modes(0, 0, TOSTOP, 1);
		job = start_job(write_line);
		expect_stop(job, SIGTTOU);
		OK(tcsetpgrp(slave, job));
		OK(kill(-job, SIGCONT));
		EXITS(job, 0);
		_exit(0);
	}
	expect_output("job\r\njob\r\n");
	EXITS(child, 0);
}

static void set_modes(void)
{
	change_modes(0, 0, ECHO, 0);
}

CASE(background_change_of_modes_stops)
{
	pid_t child = start_session();

	if (child == 0) {
		pid_t job = start_job(set_modes);

		expect_stop(job, SIGTTOU);
		OK(kill(job, SIGKILL));
		DIES(job, SIGKILL);
		_exit(0);
	}
	EXITS(child, 0);
}

static void write_though_ignoring(void)
{
	set_handler(SIGTTOU, SIG_IGN, 0);
	write_line();
	set_handler(SIGTTIN, SIG_IGN, 0);
	FAILS(read(slave, &(char){ 0 }, 1), EIO);
}

CASE(background_job_that_ignores_it)
{
	pid_t child = start_session();

	if (child == 0) {
		change_modes(0, 0, TOSTOP, 1);
		EXITS(start_job(write_though_ignoring), 0);
		_exit(0);
	}
	expect_output("job\r\n");
	EXITS(child, 0);
}

CASE(keys_reach_the_foreground_only)
{
	pid_t child = start_session();

	if (child == 0) {
		pid_t back = start_job(pause_for_ever), front = start_job(pause_for_ever);

		set_handler(SIGINT, count, 0);
		set_handler(SIGTTOU, SIG_IGN, 0);
		OK(tcsetpgrp(slave, front));
		gate_open(child_ready);
		DIES(front, SIGINT);
		EQUAL(waitpid(back, NULL, WNOHANG), 0);
		EQUAL(caught, 0);
		OK(tcsetpgrp(slave, getpgrp()));
		OK(kill(back, SIGKILL));
		DIES(back, SIGKILL);
		_exit(0);
	}
	gate_pass(child_ready);
	type("\003");
	EXITS(child, 0);
}

CASE(suspend_key_and_back)
{
	pid_t child = start_session();

	if (child == 0) {
		pid_t job = start_job(pause_for_ever);

		set_handler(SIGTTOU, SIG_IGN, 0);
		OK(tcsetpgrp(slave, job));
		gate_open(child_ready);
		expect_stop(job, SIGTSTP);
		OK(tcsetpgrp(slave, getpgrp()));
		/* bg, then fg */
		OK(kill(-job, SIGCONT));
		OK(tcsetpgrp(slave, job));
		gate_open(child_ready);
		DIES(job, SIGINT);
		_exit(0);
	}
	gate_pass(child_ready);
	type("\032");
	gate_pass(child_ready);
	type("\003");
	EXITS(child, 0);
}

CASE(foreground_group_errors)
{
	pid_t child = start_session();

	if (child == 0) {
		FAILS(tcsetpgrp(slave, 0x3fffffff), ESRCH);
		FAILS(tcsetpgrp(slave, -1), EINVAL);
		FAILS(tcsetpgrp(slave, getppid()), EPERM);
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(window_change_is_told)
{
	struct winsize size = { .ws_row = 40, .ws_col = 132 };
	pid_t child = start_session();

	if (child == 0) {
		set_handler(SIGWINCH, count, 0);
		gate_open(child_ready);
		EVENTUALLY(caught == 1);
		OK(ioctl(slave, TIOCGWINSZ, &size));
		EQUAL(size.ws_col, 132);
		_exit(0);
	}
	gate_pass(child_ready);
	OK(ioctl(master, TIOCSWINSZ, &size));
	/* The same once more is no change. */
	OK(ioctl(master, TIOCSWINSZ, &size));
	EXITS(child, 0);
}

CASE(hang_up_is_told_to_the_session_leader)
{
	pid_t child = start_session();

	if (child == 0) {
		char byte;

		set_handler(SIGHUP, count, 0);
		gate_open(child_ready);
		EVENTUALLY(caught == 1);
		EQUAL(read(slave, &byte, 1), 0);
		_exit(0);
	}
	gate_pass(child_ready);
	OK(close(master));
	EXITS(child, 0);
}

CASE(leaders_end_hangs_up_the_foreground)
{
	struct gate alive = gate_new();
	pid_t child = start_session();

	if (child == 0) {
		OK(close(alive.ends[0]));
		if (OK(fork()) == 0) {
			/* In the foreground group; dies by SIGHUP, which closes the gate. */
			gate_open(child_ready);
			pause_for_ever();
		}
		gate_pass(child_go);
		_exit(0);
	}
	OK(close(alive.ends[1]));
	gate_pass(child_ready);
	gate_open(child_go);
	EXITS(child, 0);
	EQUAL(read(alive.ends[0], &(char){ 0 }, 1), 0);
}

CASE(giving_up_the_terminal)
{
	pid_t child = start_session();

	if (child == 0) {
		set_handler(SIGHUP, SIG_IGN, 0);
		OPENS(open("/dev/tty", O_RDWR));
		OK(ioctl(slave, TIOCNOTTY));
		FAILS(open("/dev/tty", O_RDWR), ENXIO);
		FAILS(tcgetpgrp(slave), ENOTTY);
		_exit(0);
	}
	EXITS(child, 0);
}
