/* Terminals: line discipline and modes, on a pseudo-terminal. */
#include "pty.h"

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

CASE(a_pause_in_the_typing_ends_a_read_that_waits)
{
	char got[8];
	pid_t child;

	open_pair();
	set_raw(5, 1);
	child = fork();
	if (child == 0) {
		nap(50);
		type("xy");
		_exit(0);
	}
	EQUAL(read(slave, got, 8), 2);
	EXITS(child, 0);
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
	struct winsize size = { .ws_row = 33, .ws_col = 99 }, got;

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
