/* Terminals: line discipline, modes, job control; on a pseudo-terminal. */
#include "check.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static char slave_name[64];

static void open_pair(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master == -1)
		skip("no pseudo-terminals");
	OK(grantpt(master));
	OK(unlockpt(master));
	EQUAL(ptsname_r(master, slave_name, sizeof slave_name), 0);
	slave = OK(open(slave_name, O_RDWR | O_NOCTTY));
}

static void type(const char *keys)
{
	EQUAL(write(master, keys, strlen(keys)), strlen(keys));
}

/* What a read of the slave gives: one line in canonical mode. */
static void expect_line(const char *want)
{
	char got[512];
	struct pollfd item = {slave, POLLIN, 0};
	ssize_t length;

	if (poll(&item, 1, 5000) != 1)
		check_fail(__LINE__, "nothing to read, wanted \"%s\"", want);
	length = OK(read(slave, got, sizeof got - 1));
	got[length] = 0;
	SAME_TEXT(got, want);
}

/* What comes out on the terminal's own side; waits until as much is there. */
static void expect_output(const char *want)
{
	char got[512];
	size_t length = 0;
	struct pollfd item = {master, POLLIN, 0};

	while (length < strlen(want) && poll(&item, 1, 5000) == 1)
		length += (size_t)OK(read(master, got + length, sizeof got - 1 - length));
	got[length] = 0;
	SAME_TEXT(got, want);
}

static int is_readable(int fd)
{
	struct pollfd item = {fd, POLLIN, 0};

	return OK(poll(&item, 1, 30)) == 1;
}

static void change_modes(tcflag_t input, tcflag_t output, tcflag_t local, int on)
{
	struct termios modes;

	OK(tcgetattr(slave, &modes));
	modes.c_iflag = on ? modes.c_iflag | input : modes.c_iflag & ~input;
	modes.c_oflag = on ? modes.c_oflag | output : modes.c_oflag & ~output;
	modes.c_lflag = on ? modes.c_lflag | local : modes.c_lflag & ~local;
	OK(tcsetattr(slave, TCSANOW, &modes));
}

static void set_raw(int least, int time)
{
	struct termios modes;

	OK(tcgetattr(slave, &modes));
	cfmakeraw(&modes);
	modes.c_cc[VMIN] = (cc_t)least;
	modes.c_cc[VTIME] = (cc_t)time;
	OK(tcsetattr(slave, TCSANOW, &modes));
}

CASE(pair)
{
	struct stat info;

	open_pair();
	CHECK(isatty(slave));
	CHECK(isatty(master));
	CHECK(!strncmp(slave_name, "/dev/pts/", 9));
	SAME_TEXT(ttyname(slave), slave_name);
	OK(fstat(slave, &info));
	CHECK(S_ISCHR(info.st_mode));
}

CASE(modes_at_first)
{
	struct termios modes;

	open_pair();
	OK(tcgetattr(slave, &modes));
	CHECK((modes.c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) == (ICANON | ECHO | ISIG | IEXTEN));
	CHECK(modes.c_iflag & ICRNL);
	CHECK((modes.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR));
	EQUAL(modes.c_cc[VINTR], 3);
	EQUAL(modes.c_cc[VEOF], 4);
	EQUAL(modes.c_cc[VSUSP], 26);
	EQUAL(modes.c_cc[VQUIT], 28);
	EQUAL(modes.c_cc[VKILL], 21);
	EQUAL(modes.c_cc[VERASE], 127);
}

CASE(modes_are_kept)
{
	struct termios modes, got;

	open_pair();
	OK(tcgetattr(slave, &modes));
	modes.c_lflag &= ~(tcflag_t)ECHO;
	modes.c_cc[VINTR] = 7;
	OK(tcsetattr(slave, TCSADRAIN, &modes));
	/* Both sides speak of the same ones. */
	OK(tcgetattr(master, &got));
	EQUAL(got.c_lflag & ECHO, 0);
	EQUAL(got.c_cc[VINTR], 7);
	FAILS(tcsetattr(slave, 77, &modes), EINVAL);
}

CASE(lines_come_whole)
{
	open_pair();
	type("hel");
	CHECK(!is_readable(slave));
	type("lo\nnext\n");
	expect_line("hello\n");
	expect_line("next\n");
	CHECK(!is_readable(slave));
}

CASE(lines_come_in_parts_to_small_reads)
{
	char part[4];

	open_pair();
	type("hello\nx\n");
	EQUAL(read(slave, part, 3), 3);
	CHECK(!memcmp(part, "hel", 3));
	EQUAL(read(slave, part, 4), 3);
	CHECK(!memcmp(part, "lo\n", 3));
	expect_line("x\n");
}

CASE(echo)
{
	open_pair();
	type("ab\n");
	expect_output("ab\r\n");
	/* Control characters show as ^X. */
	type("\001\n");
	expect_output("^A\r\n");
	change_modes(0, 0, ECHO, 0);
	type("secret\n");
	CHECK(!is_readable(master));
}

CASE(erasing)
{
	open_pair();
	type("abcd\177\177x\n");
	expect_line("abx\n");
	expect_output("abcd\b \b\b \bx\r\n");
	type("\177\177y\n");
	expect_line("y\n");
}

CASE(killing_the_line_and_words)
{
	open_pair();
	type("wrong\025right\n");
	expect_line("right\n");
	type("one two\027three\n");
	expect_line("one three\n");
}

CASE(literal_next)
{
	open_pair();
	type("a\026\003b\n");
	expect_line("a\003b\n");
}

CASE(end_of_file)
{
	char byte;

	open_pair();
	type("\004");
	EQUAL(read(slave, &byte, 1), 0);
	/* In the middle of a line it only sends what is there. */
	type("part\004");
	expect_line("part");
	type("\n");
	expect_line("\n");
}

CASE(return_and_newline)
{
	open_pair();
	change_modes(0, 0, ECHO, 0);
	type("a\r");
	expect_line("a\n");
	change_modes(ICRNL, 0, 0, 0);
	type("b\rc\n");
	expect_line("b\rc\n");
	change_modes(IGNCR, 0, 0, 1);
	type("d\re\n");
	expect_line("de\n");
	EQUAL(write(slave, "x\ny", 3), 3);
	expect_output("x\r\ny");
	change_modes(0, ONLCR, 0, 0);
	EQUAL(write(slave, "x\ny", 3), 3);
	expect_output("x\ny");
}

CASE(tabs_and_everything_else_pass)
{
	open_pair();
	EQUAL(write(slave, "a\tb\x7f\xff\033[1m", 9), 9);
	expect_output("a\tb\x7f\xff\033[1m");
}

CASE(raw_mode_passes_all_at_once)
{
	open_pair();
	set_raw(1, 0);
	type("a");
	expect_line("a");
	type("\003\004\032\r\n\177");
	expect_line("\003\004\032\r\n\177");
	CHECK(!is_readable(master));
	EQUAL(write(slave, "\n", 1), 1);
	expect_output("\n");
}

CASE(least_number_of_bytes)
{
	char got[8];
	pid_t child;

	open_pair();
	set_raw(3, 0);
	child = OK(fork());
	if (child == 0) {
		type("a");
		nap(30);
		type("b");
		nap(30);
		type("c");
		_exit(0);
	}
	EQUAL(read(slave, got, 8), 3);
	EXITS(child, 0);
	/* Less may be asked for. */
	type("x");
	EQUAL(read(slave, got, 1), 1);
}

CASE(reading_with_a_time_limit)
{
	long long before;
	char got[8];

	open_pair();
	set_raw(0, 1);
	before = milliseconds_now();
	EQUAL(read(slave, got, 8), 0);
	CHECK(milliseconds_now() - before >= 90);
	type("ab");
	EQUAL(read(slave, got, 8), 2);
	set_raw(0, 0);
	EQUAL(read(slave, got, 8), 0);
	/* Between bytes only. */
	set_raw(5, 1);
	type("xy");
	EQUAL(read(slave, got, 8), 2);
}

CASE(switching_modes_keeps_what_was_typed)
{
	open_pair();
	change_modes(0, 0, ECHO, 0);
	type("partial");
	nap(20);
	set_raw(1, 0);
	expect_line("partial");
}

CASE(nonblocking)
{
	char byte;

	open_pair();
	OK(fcntl(slave, F_SETFL, O_NONBLOCK));
	FAILS(read(slave, &byte, 1), EAGAIN);
	type("x");
	FAILS(read(slave, &byte, 1), EAGAIN);
	type("\n");
	expect_line("x\n");
}

CASE(counting_and_flushing)
{
	int waiting = -1;

	open_pair();
	change_modes(0, 0, ECHO, 0);
	type("abc\n");
	EVENTUALLY(ioctl(slave, FIONREAD, &waiting) == 0 && waiting == 4);
	OK(tcflush(slave, TCIFLUSH));
	CHECK(!is_readable(slave));
	EQUAL(write(slave, "out", 3), 3);
	OK(tcdrain(slave));
	expect_output("out");
	OK(tcflow(slave, TCOOFF));
	OK(tcflow(slave, TCOON));
	FAILS(tcflush(slave, 77), EINVAL);
}

CASE(window_size)
{
	struct winsize size = {.ws_row = 33, .ws_col = 99}, got;

	open_pair();
	OK(ioctl(master, TIOCSWINSZ, &size));
	OK(ioctl(slave, TIOCGWINSZ, &got));
	EQUAL(got.ws_row, 33);
	EQUAL(got.ws_col, 99);
}

CASE(hang_up)
{
	char byte;

	open_pair();
	OK(close(master));
	EQUAL(read(slave, &byte, 1), 0);
	FAILS(write(slave, "x", 1), EIO);
	open_pair();
	OK(close(slave));
	FAILS(read(master, &byte, 1), EIO);
}

CASE(many_lines)
{
	char text[64], got[64];
	pid_t child;

	open_pair();
	change_modes(0, 0, ECHO, 0);
	child = OK(fork());
	if (child == 0) {
		for (int i = 0; i < 500; i++) {
			snprintf(text, sizeof text, "line %d of many\n", i);
			type(text);
		}
		_exit(0);
	}
	for (int i = 0; i < 500; i++) {
		ssize_t length = OK(read(slave, got, sizeof got - 1));

		got[length] = 0;
		snprintf(text, sizeof text, "line %d of many\n", i);
		SAME_TEXT(got, text);
	}
	EXITS(child, 0);
}

/* --- Job control --------------------------------------------------------------------------------- */

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
	} keys[] = {{"\003", SIGINT}, {"\034", SIGQUIT}, {"\032", SIGTSTP}};
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
	FAILS(read(slave, &(char){0}, 1), EIO);
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
	struct winsize size = {.ws_row = 40, .ws_col = 132};
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
	EQUAL(read(alive.ends[0], &(char){0}, 1), 0);
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
