#include "line.h"

#include <signal.h>
#include <string.h>

#include "line_screen.h"

/* Is c the control character `which`?  0 switches one off. */
static bool is_control(const struct line *l, uint8_t c, int which)
{
	return c != 0 && l->settings.c_cc[which] == c;
}

void line_init(struct line *l)
{
	static const struct termios2 usual = {
		.c_iflag = ICRNL | IXON | IUTF8,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = B38400 | CS8 | CREAD | HUPCL,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_cc = {
			[VINTR] = 'C' - 64, [VQUIT] = '\\' - 64, [VERASE] = 127,
			[VKILL] = 'U' - 64, [VEOF] = 'D' - 64, [VMIN] = 1,
			[VSTART] = 'Q' - 64, [VSTOP] = 'S' - 64, [VSUSP] = 'Z' - 64,
			[VREPRINT] = 'R' - 64, [VDISCARD] = 'O' - 64,
			[VWERASE] = 'W' - 64, [VLNEXT] = 'V' - 64,
		},
		.c_ispeed = 38400,
		.c_ospeed = 38400,
	};

	memset(l, 0, sizeof(*l));
	l->settings = usual;
}

/* --- Typing --- */

static uint32_t input_count(const struct line *l)
{
	return l->input_tail - l->input_head;
}

static void store(struct line *l, uint16_t entry)
{
	l->input[l->input_tail++ % LINE_INPUT] = entry;
	if ((entry & LINE_DELIMITER) != 0) {
		l->lines++;
		l->edit_start = l->input_tail;
	}
}

/* Remove the last typed character (all its bytes) from the line being typed. */
static void erase_one(struct line *l)
{
	uint32_t end = l->input_tail;
	unsigned before = line_column_at(l, end);
	uint8_t c;

	do {
		end--;
		c = l->input[end % LINE_INPUT];
	} while (end != l->edit_start && line_is_continuation(l, c));
	l->input_tail = end;
	if (!line_local(l, ECHO))
		return;
	if (line_local(l, ECHOE))
		line_rub_out(l, before - line_column_at(l, end));
	else
		line_show(l, l->settings.c_cc[VERASE]);
}

static void erase_word(struct line *l)
{
	bool in_word = false;

	while (l->input_tail != l->edit_start) {
		uint8_t c = l->input[(l->input_tail - 1) % LINE_INPUT];
		bool space = c == ' ' || c == '\t';

		if (in_word && space)
			return;
		in_word = !space;
		erase_one(l);
	}
}

static void erase_line(struct line *l)
{
	if (line_local(l, ECHO) &&
		!(line_local(l, ECHOK) && line_local(l, ECHOKE) && line_local(l, ECHOE))) {
		l->input_tail = l->edit_start;
		line_show(l, l->settings.c_cc[VKILL]);
		if (line_local(l, ECHOK))
			line_put(l, '\n');
		return;
	}
	while (l->input_tail != l->edit_start)
		erase_one(l);
}

static void reprint(struct line *l)
{
	line_show(l, l->settings.c_cc[VREPRINT]);
	line_put(l, '\n');
	l->edit_column = 0;
	for (uint32_t i = l->edit_start; i != l->input_tail; i++)
		line_show(l, l->input[i % LINE_INPUT]);
}

/* Characters that send signals.  True: c was one. */
static bool type_signal(struct line *l, uint8_t c)
{
	int signal;

	if (!line_local(l, ISIG))
		return false;
	if (is_control(l, c, VINTR))
		signal = SIGINT;
	else if (is_control(l, c, VQUIT))
		signal = SIGQUIT;
	else if (is_control(l, c, VSUSP))
		signal = SIGTSTP;
	else
		return false;
	l->signals |= (uint64_t)1 << (signal - 1);
	if (!line_local(l, NOFLSH)) {
		line_flush_input(l);
		line_flush_output(l);
	}
	l->stopped = false;
	line_echo(l, c);
	return true;
}

/* Characters that hold and release output. */
static bool type_flow(struct line *l, uint8_t c)
{
	if (!line_on_input(l, IXON))
		return false;
	if (is_control(l, c, VSTART)) {
		l->stopped = false;
		return true;
	}
	if (is_control(l, c, VSTOP)) {
		l->stopped = true;
		return true;
	}
	if (line_on_input(l, IXANY))
		l->stopped = false;
	return false;
}

/* Characters that edit the line being typed. */
static bool type_edit(struct line *l, uint8_t c)
{
	bool extended = line_local(l, IEXTEN);
	bool empty = l->input_tail == l->edit_start;

	if (is_control(l, c, VERASE)) {
		if (!empty)
			erase_one(l);
	} else if (is_control(l, c, VKILL)) {
		erase_line(l);
	} else if (extended && is_control(l, c, VWERASE)) {
		erase_word(l);
	} else if (extended && is_control(l, c, VREPRINT) && line_local(l, ECHO)) {
		reprint(l);
	} else if (extended && is_control(l, c, VLNEXT)) {
		l->literal = true;
		if (line_local(l, ECHO) && line_local(l, ECHOCTL) &&
			line_output_room(l) >= LINE_TAB) {
			line_put(l, '^');
			line_put(l, '\b');
		}
	} else {
		return false;
	}
	return true;
}

static void type_canonical(struct line *l, uint8_t c)
{
	if (is_control(l, c, VEOF)) {
		store(l, LINE_DELIMITER | LINE_END_OF_FILE);
		return;
	}
	bool ends = c == '\n' || is_control(l, c, VEOL) ||
		    (line_local(l, IEXTEN) && is_control(l, c, VEOL2));

	/* The last place is kept for the end of the line. */
	if (!ends && input_count(l) >= LINE_INPUT - 1) {
		if (line_on_input(l, IMAXBEL))
			line_emit(l, '\a');
		return;
	}
	if (c == '\n' && line_local(l, ECHONL) && !line_local(l, ECHO))
		line_show(l, c);
	else
		line_echo(l, c);
	store(l, c | (ends ? LINE_DELIMITER : 0));
}

static void type_one(struct line *l, uint8_t c)
{
	if (l->input_tail == l->edit_start)
		l->edit_column = l->column;
	if (line_on_input(l, ISTRIP))
		c &= 0x7f;
	if (l->literal) {
		l->literal = false;
		if (input_count(l) < LINE_INPUT - 1) {
			line_echo(l, c);
			store(l, c);
		}
		return;
	}
	if (type_flow(l, c) || type_signal(l, c))
		return;
	if (c == '\r') {
		if (line_on_input(l, IGNCR))
			return;
		if (line_on_input(l, ICRNL))
			c = '\n';
	} else if (c == '\n' && line_on_input(l, INLCR)) {
		c = '\r';
	}
	if (line_local(l, ICANON)) {
		if (!type_edit(l, c))
			type_canonical(l, c);
		return;
	}
	line_echo(l, c);
	store(l, c);
}

uint32_t line_type(struct line *l, const char *bytes, uint32_t count)
{
	uint32_t done = 0;

	while (done < count) {
		/* Full: wait for readers, unless all of it is one unfinished line. */
		if (input_count(l) >= LINE_INPUT - 1 && line_readable(l) > 0)
			break;
		type_one(l, bytes[done++]);
	}
	return done;
}

/* --- Reading --- */

uint32_t line_readable(const struct line *l)
{
	if (!line_local(l, ICANON))
		return input_count(l);
	return l->lines > 0 ? l->edit_start - l->input_head : 0;
}

bool line_read_ready(const struct line *l, uint32_t amount)
{
	uint32_t wanted = l->settings.c_cc[VMIN];

	if (line_local(l, ICANON))
		return l->lines > 0;
	if (wanted > amount)
		wanted = amount;
	if (wanted == 0)
		return l->settings.c_cc[VTIME] == 0 || input_count(l) > 0;
	return input_count(l) >= wanted;
}

uint32_t line_read(struct line *l, char *to, uint32_t amount)
{
	bool canonical = line_local(l, ICANON);
	uint32_t end = canonical && l->lines > 0 ? l->edit_start : l->input_tail;
	uint32_t done = 0;

	while (done < amount && l->input_head != end) {
		uint16_t entry = l->input[l->input_head % LINE_INPUT];

		l->input_head++;
		if ((entry & LINE_DELIMITER) != 0)
			l->lines--;
		if (!canonical || (entry & LINE_END_OF_FILE) == 0)
			to[done++] = entry & 0xff;
		if (canonical && (entry & LINE_DELIMITER) != 0)
			break;
	}
	/* "abc^D" is one read of abc, not an end of file after it. */
	if (canonical && done == amount && done > 0 && l->input_head != end &&
		(l->input[l->input_head % LINE_INPUT] & LINE_END_OF_FILE) != 0 &&
		(l->input[(l->input_head - 1) % LINE_INPUT] & LINE_DELIMITER) == 0) {
		l->input_head++;
		l->lines--;
	}
	if ((int32_t)(l->edit_start - l->input_head) < 0)
		l->edit_start = l->input_head;
	return done;
}

/* --- Settings --- */

void line_change(struct line *l, const struct termios2 *settings)
{
	bool was_canonical = line_local(l, ICANON);

	l->settings = *settings;
	if (was_canonical == line_local(l, ICANON))
		return;
	l->literal = false;
	/* What was typed so far can be read: raw as it is, canonical as one line. */
	if (!was_canonical && input_count(l) > 0 && l->edit_start != l->input_tail) {
		l->input[(l->input_tail - 1) % LINE_INPUT] |= LINE_DELIMITER;
		l->lines++;
		l->edit_start = l->input_tail;
	}
	if (!line_on_input(l, IXON))
		l->stopped = false;
}

void line_flush_input(struct line *l)
{
	l->input_head = l->edit_start = l->input_tail;
	l->lines = 0;
	l->literal = false;
}
