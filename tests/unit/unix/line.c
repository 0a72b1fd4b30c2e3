/* Unit tests of line.c. */
#include "line.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static int begin(void **state)
{
	struct line *l = malloc(sizeof(*l));

	line_init(l);
	*state = l;
	return 0;
}

static int end(void **state)
{
	free(*state);
	return 0;
}

static void type(struct line *l, const char *text)
{
	assert_int_equal(line_type(l, text, strlen(text)), strlen(text));
}

/* One read, and what it gives. */
static void expect_read(struct line *l, const char *text)
{
	char buffer[LINE_INPUT];

	assert_true(line_read_ready(l, sizeof(buffer)));
	uint32_t n = line_read(l, buffer, sizeof(buffer));

	assert_int_equal(n, strlen(text));
	assert_memory_equal(buffer, text, n);
}

/* All that is to be seen. */
static void expect_screen(struct line *l, const char *text)
{
	char screen[LINE_OUTPUT + 1];
	const char *bytes;
	uint32_t n, length = 0;

	while ((n = line_output(l, &bytes)) > 0) {
		memcpy(screen + length, bytes, n);
		length += n;
		line_sent(l, n);
	}
	screen[length] = '\0';
	assert_string_equal(screen, text);
}

static void set(struct line *l, tcflag_t off, tcflag_t on)
{
	struct termios2 s = l->settings;

	s.c_lflag = (s.c_lflag & ~off) | on;
	line_change(l, &s);
}

static void test_line(void **state)
{
	struct line *l = *state;

	type(l, "ls");
	assert_false(line_read_ready(l, 10));
	assert_int_equal(line_readable(l), 0);
	type(l, " -l\recho\r");
	assert_int_equal(line_readable(l), 11);
	expect_read(l, "ls -l\n");
	expect_read(l, "echo\n");
	assert_false(line_read_ready(l, 10));
	expect_screen(l, "ls -l\r\necho\r\n");
}

static void test_partial_read(void **state)
{
	struct line *l = *state;
	char buffer[3];

	type(l, "abcde\n");
	assert_int_equal(line_read(l, buffer, 3), 3);
	assert_memory_equal(buffer, "abc", 3);
	expect_read(l, "de\n");
}

static void test_erase(void **state)
{
	struct line *l = *state;

	type(l, "ab\177c\n");
	expect_read(l, "ac\n");
	expect_screen(l, "ab\b \bc\r\n");
	type(l, "\177\177x\n"); /* nothing to erase */
	expect_read(l, "x\n");
	expect_screen(l, "x\r\n");
	type(l, "one two\027three\n");
	expect_read(l, "one three\n");
	expect_screen(l, "one two\b \b\b \b\b \bthree\r\n");
	type(l, "wrong\025ok\n");
	expect_read(l, "ok\n");
	expect_screen(l, "wrong\b \b\b \b\b \b\b \b\b \bok\r\n");
}

static void test_erase_wide(void **state)
{
	struct line *l = *state;

	type(l, "\303\244\177\n"); /* one character of two bytes, one column */
	expect_read(l, "\n");
	expect_screen(l, "\303\244\b \b\r\n");
	type(l, "a\t\177\n");
	expect_read(l, "a\n");
	expect_screen(l, "a\t\b \b\b \b\b \b\b \b\b \b\b \b\b \b\r\n");
	type(l, "\026\003\177\n"); /* a quoted ^C takes two columns */
	expect_read(l, "\n");
	expect_screen(l, "^\b^C\b \b\b \b\r\n");
}

static void test_end_of_file(void **state)
{
	struct line *l = *state;

	type(l, "\004");
	expect_read(l, "");
	type(l, "abc\004");
	expect_read(l, "abc");
	assert_false(line_read_ready(l, 1));
	/* Just as many as asked for: no end of file is left over. */
	char buffer[3];

	type(l, "abc\004");
	assert_int_equal(line_read(l, buffer, 3), 3);
	assert_false(line_read_ready(l, 1));

	/* Typed before the reader went raw: a byte, and no end. */
	type(l, "\004");
	set(l, ICANON, 0);
	assert_int_equal(line_read(l, buffer, 3), 1);
	assert_int_equal(buffer[0], '\0');
}

static void test_signals(void **state)
{
	struct line *l = *state;

	type(l, "junk\003");
	assert_int_equal(l->signals, 1u << (SIGINT - 1));
	type(l, "\034\032");
	assert_int_equal(
		l->signals, 1u << (SIGINT - 1) | 1u << (SIGQUIT - 1) | 1u << (SIGTSTP - 1));
	type(l, "\n");
	expect_read(l, "\n");
	set(l, ISIG, 0);
	l->signals = 0;
	type(l, "\003\n");
	assert_int_equal(l->signals, 0);
	expect_read(l, "\003\n");
}

static void test_flow(void **state)
{
	struct line *l = *state;
	const char *bytes;

	type(l, "\023");
	assert_int_equal(line_write(l, "held", 4), 4);
	assert_int_equal(line_output(l, &bytes), 0);
	type(l, "\021");
	expect_screen(l, "held");
}

static void test_raw(void **state)
{
	struct line *l = *state;
	struct termios2 s = l->settings;

	type(l, "left");
	s.c_lflag &= ~(ICANON | ECHO | ISIG);
	s.c_iflag &= ~ICRNL;
	s.c_cc[VMIN] = 3;
	line_change(l, &s);
	expect_read(l, "left");
	type(l, "a\r");
	assert_false(line_read_ready(l, 10));
	assert_true(line_read_ready(l, 2)); /* never more than asked for */
	type(l, "\003");
	expect_read(l, "a\r\003");
	s.c_cc[VMIN] = 0;
	line_change(l, &s);
	assert_true(line_read_ready(l, 10));
	/* Back to lines: what is there counts as one. */
	type(l, "xy");
	s.c_lflag |= ICANON;
	line_change(l, &s);
	expect_read(l, "xy");
}

static void test_output(void **state)
{
	struct line *l = *state;
	struct termios2 s = l->settings;

	assert_int_equal(line_write(l, "a\nb\tc\n", 6), 6);
	expect_screen(l, "a\r\nb\tc\r\n");
	s.c_oflag |= XTABS;
	line_change(l, &s);
	line_write(l, "b\tc\n", 4);
	expect_screen(l, "b       c\r\n");
	s.c_oflag &= ~OPOST;
	line_change(l, &s);
	line_write(l, "b\n", 2);
	expect_screen(l, "b\n");
}

/* More output than fits is taken in parts, nothing is lost. */
static void test_output_full(void **state)
{
	struct line *l = *state;
	static char block[LINE_OUTPUT * 2];
	uint32_t done, total = 0;

	memset(block, 'x', sizeof(block));
	done = line_write(l, block, sizeof(block));
	assert_true(done < sizeof(block) && done > LINE_OUTPUT / 2);
	const char *bytes;
	uint32_t n;

	while ((n = line_output(l, &bytes)) > 0) {
		line_sent(l, n);
		total += n;
	}
	assert_int_equal(total, done);
}

static void test_input_full(void **state)
{
	struct line *l = *state;
	static char block[3 * LINE_INPUT];
	char buffer[LINE_INPUT];

	/* One endless line: the rest of it is dropped, its end is not. */
	memset(block, 'x', sizeof(block));
	assert_int_equal(line_type(l, block, sizeof(block)), sizeof(block));
	type(l, "\n");
	assert_int_equal(line_read(l, buffer, sizeof(buffer)), LINE_INPUT);
	assert_int_equal(buffer[LINE_INPUT - 1], '\n');
	/* Many lines: the typist waits. */
	memset(block, '\n', sizeof(block));
	uint32_t taken = line_type(l, block, sizeof(block));

	assert_true(taken < sizeof(block));
	assert_int_equal(line_type(l, "x", 1), 0);
	assert_int_equal(line_read(l, buffer, sizeof(buffer)), 1);
	assert_int_equal(line_type(l, "x", 1), 1);
}

static void test_flush(void **state)
{
	struct line *l = *state;
	const char *bytes;

	type(l, "a\nb");
	line_flush_input(l);
	assert_int_equal(line_readable(l), 0);
	uint32_t n = line_output(l, &bytes);

	line_flush_output(l);
	line_sent(l, n); /* it was under way */
	expect_screen(l, "");
	type(l, "c\n");
	expect_read(l, "c\n");
}

static void test_no_echo(void **state)
{
	struct line *l = *state;

	set(l, ECHO, 0);
	type(l, "secret\177\n");
	expect_read(l, "secre\n");
	expect_screen(l, "");
	set(l, 0, ECHONL);
	type(l, "x\n");
	expect_screen(l, "\r\n");
}

static void test_reprint(void **state)
{
	struct line *l = *state;

	type(l, "ab\022c\n");
	expect_read(l, "abc\n");
	expect_screen(l, "ab^R\r\nabc\r\n");
}

/* Whatever is typed in whatever mode, the counts hold. */
static void test_random(void **state)
{
	struct line *l = *state;

	srand(1);
	for (int i = 0; i < 200000; i++) {
		char c = (char)rand(), buffer[64];
		const char *bytes;

		line_type(l, &c, 1);
		if (rand() % 3 == 0 && line_read_ready(l, sizeof(buffer)))
			line_read(l, buffer, 1 + rand() % sizeof(buffer));
		if (rand() % 2 == 0)
			line_sent(l, line_output(l, &bytes));
		if (rand() % 50 == 0) {
			struct termios2 s = l->settings;

			s.c_lflag ^= rand() & (ICANON | ECHO | ISIG | IEXTEN | NOFLSH | ECHOKE);
			s.c_iflag ^= rand() & (IXON | ICRNL | IUTF8 | ISTRIP | IMAXBEL);
			s.c_oflag ^= rand() & (OPOST | ONLCR);
			line_change(l, &s);
		}
		assert_true(l->input_tail - l->input_head <= LINE_INPUT);
		assert_true(l->edit_start - l->input_head <= LINE_INPUT);
		assert_true(line_output_pending(l) <= LINE_OUTPUT);
		assert_true(l->lines <= LINE_INPUT);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_line),
		TEST(test_partial_read),
		TEST(test_erase),
		TEST(test_erase_wide),
		TEST(test_end_of_file),
		TEST(test_signals),
		TEST(test_flow),
		TEST(test_raw),
		TEST(test_output),
		TEST(test_output_full),
		TEST(test_input_full),
		TEST(test_flush),
		TEST(test_no_echo),
		TEST(test_reprint),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
