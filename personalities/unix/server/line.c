#include "line.h"

#include <signal.h>
#include <string.h>

#define TAB_WIDTH 8

static bool local(const struct line *l, tcflag_t flag)
{
	return (l->settings.c_lflag & flag) != 0;
}

static bool on_input(const struct line *l, tcflag_t flag)
{
	return (l->settings.c_iflag & flag) != 0;
}

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

/* --- Towards the screen --- */

static uint32_t output_room(const struct line *l)
{
	return LINE_OUTPUT - (l->output_tail - l->output_head);
}

static void emit(struct line *l, char c)
{
	if (output_room(l) > 0)
		l->output[l->output_tail++ % LINE_OUTPUT] = c;
}

static bool is_continuation(const struct line *l, uint8_t c)
{
	return on_input(l, IUTF8) && (c & 0xc0) == 0x80;
}

/* Post-process one byte; needs room for TAB_WIDTH bytes. */
static void put(struct line *l, uint8_t c)
{
	tcflag_t flags = l->settings.c_oflag;

	if ((flags & OPOST) == 0) {
		emit(l, c);
		return;
	}
	switch (c) {
	case '\n':
		if ((flags & ONLCR) != 0) {
			emit(l, '\r');
			l->column = 0;
		} else if ((flags & ONLRET) != 0) {
			l->column = 0;
		}
		break;
	case '\r':
		if ((flags & ONOCR) != 0 && l->column == 0)
			return;
		if ((flags & OCRNL) != 0)
			c = '\n';
		l->column = 0;
		break;
	case '\t': {
		unsigned width = TAB_WIDTH - l->column % TAB_WIDTH;

		l->column += width;
		if ((flags & TABDLY) == XTABS) {
			while (width-- > 0)
				emit(l, ' ');
			return;
		}
		break;
	}
	case '\b':
		if (l->column > 0)
			l->column--;
		break;
	default:
		if (c >= ' ' && c != 127 && !is_continuation(l, c))
			l->column++;
		if ((flags & OLCUC) != 0 && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
	}
	emit(l, c);
}

uint32_t line_write(struct line *l, const char *bytes, uint32_t count)
{
	uint32_t done = 0;

	while (done < count && output_room(l) >= TAB_WIDTH)
		put(l, bytes[done++]);
	return done;
}

uint32_t line_output(const struct line *l, const char **bytes)
{
	uint32_t head = l->output_head % LINE_OUTPUT;
	uint32_t count = l->output_tail - l->output_head;

	if (l->stopped)
		return 0;
	*bytes = l->output + head;
	return count < LINE_OUTPUT - head ? count : LINE_OUTPUT - head;
}

void line_sent(struct line *l, uint32_t count)
{
	uint32_t pending = line_output_pending(l);

	/* A flush may have come in between. */
	l->output_head += count < pending ? count : pending;
}

uint32_t line_output_pending(const struct line *l)
{
	return l->output_tail - l->output_head;
}

/* --- Echo --- */

static bool is_shown_as_control(const struct line *l, uint8_t c)
{
	return local(l, ECHOCTL) && ((c < ' ' && c != '\t' && c != '\n') || c == 127);
}

static void show(struct line *l, uint8_t c)
{
	if (output_room(l) < TAB_WIDTH)
		return;
	if (is_shown_as_control(l, c)) {
		put(l, '^');
		put(l, c ^ 64);
	} else {
		put(l, c);
	}
}

static void echo(struct line *l, uint8_t c)
{
	if (local(l, ECHO))
		show(l, c);
}

/* The column after showing the line that is being typed, up to entry `end`. */
static unsigned column_at(const struct line *l, uint32_t end)
{
	unsigned column = l->edit_column;

	for (uint32_t i = l->edit_start; i != end; i++) {
		uint8_t c = l->input[i % LINE_INPUT];

		if (c == '\t')
			column += TAB_WIDTH - column % TAB_WIDTH;
		else if (is_shown_as_control(l, c))
			column += 2;
		else if (c >= ' ' && !is_continuation(l, c))
			column++;
	}
	return column;
}

static void rub_out(struct line *l, unsigned columns)
{
	while (columns-- > 0 && output_room(l) >= 3 * TAB_WIDTH) {
		put(l, '\b');
		put(l, ' ');
		put(l, '\b');
	}
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
	unsigned before = column_at(l, end);
	uint8_t c;

	do {
		end--;
		c = l->input[end % LINE_INPUT];
	} while (end != l->edit_start && is_continuation(l, c));
	l->input_tail = end;
	if (!local(l, ECHO))
		return;
	if (local(l, ECHOE))
		rub_out(l, before - column_at(l, end));
	else
		show(l, l->settings.c_cc[VERASE]);
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
	if (local(l, ECHO) && !(local(l, ECHOK) && local(l, ECHOKE) && local(l, ECHOE))) {
		l->input_tail = l->edit_start;
		show(l, l->settings.c_cc[VKILL]);
		if (local(l, ECHOK))
			put(l, '\n');
		return;
	}
	while (l->input_tail != l->edit_start)
		erase_one(l);
}

static void reprint(struct line *l)
{
	show(l, l->settings.c_cc[VREPRINT]);
	put(l, '\n');
	l->edit_column = 0;
	for (uint32_t i = l->edit_start; i != l->input_tail; i++)
		show(l, l->input[i % LINE_INPUT]);
}

/* Characters that send signals.  True: c was one. */
static bool type_signal(struct line *l, uint8_t c)
{
	int signal;

	if (!local(l, ISIG))
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
	if (!local(l, NOFLSH)) {
		line_flush_input(l);
		line_flush_output(l);
	}
	l->stopped = false;
	echo(l, c);
	return true;
}

/* Characters that hold and release output. */
static bool type_flow(struct line *l, uint8_t c)
{
	if (!on_input(l, IXON))
		return false;
	if (is_control(l, c, VSTART)) {
		l->stopped = false;
		return true;
	}
	if (is_control(l, c, VSTOP)) {
		l->stopped = true;
		return true;
	}
	if (on_input(l, IXANY))
		l->stopped = false;
	return false;
}

/* Characters that edit the line being typed. */
static bool type_edit(struct line *l, uint8_t c)
{
	bool extended = local(l, IEXTEN);
	bool empty = l->input_tail == l->edit_start;

	if (is_control(l, c, VERASE)) {
		if (!empty)
			erase_one(l);
	} else if (is_control(l, c, VKILL)) {
		erase_line(l);
	} else if (extended && is_control(l, c, VWERASE)) {
		erase_word(l);
	} else if (extended && is_control(l, c, VREPRINT) && local(l, ECHO)) {
		reprint(l);
	} else if (extended && is_control(l, c, VLNEXT)) {
		l->literal = true;
		if (local(l, ECHO) && local(l, ECHOCTL) && output_room(l) >= TAB_WIDTH) {
			put(l, '^');
			put(l, '\b');
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
		(local(l, IEXTEN) && is_control(l, c, VEOL2));

	/* The last place is kept for the end of the line. */
	if (!ends && input_count(l) >= LINE_INPUT - 1) {
		if (on_input(l, IMAXBEL))
			emit(l, '\a');
		return;
	}
	if (c == '\n' && local(l, ECHONL) && !local(l, ECHO))
		show(l, c);
	else
		echo(l, c);
	store(l, c | (ends ? LINE_DELIMITER : 0));
}

static void type_one(struct line *l, uint8_t c)
{
	if (l->input_tail == l->edit_start)
		l->edit_column = l->column;
	if (on_input(l, ISTRIP))
		c &= 0x7f;
	if (l->literal) {
		l->literal = false;
		if (input_count(l) < LINE_INPUT - 1) {
			echo(l, c);
			store(l, c);
		}
		return;
	}
	if (type_flow(l, c) || type_signal(l, c))
		return;
	if (c == '\r') {
		if (on_input(l, IGNCR))
			return;
		if (on_input(l, ICRNL))
			c = '\n';
	} else if (c == '\n' && on_input(l, INLCR)) {
		c = '\r';
	}
	if (local(l, ICANON)) {
		if (!type_edit(l, c))
			type_canonical(l, c);
		return;
	}
	echo(l, c);
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
	if (!local(l, ICANON))
		return input_count(l);
	return l->lines > 0 ? l->edit_start - l->input_head : 0;
}

bool line_read_ready(const struct line *l, uint32_t amount)
{
	uint32_t wanted = l->settings.c_cc[VMIN];

	if (local(l, ICANON))
		return l->lines > 0;
	if (wanted > amount)
		wanted = amount;
	if (wanted == 0)
		return l->settings.c_cc[VTIME] == 0 || input_count(l) > 0;
	return input_count(l) >= wanted;
}

uint32_t line_read(struct line *l, char *to, uint32_t amount)
{
	bool canonical = local(l, ICANON);
	uint32_t end = canonical && l->lines > 0 ? l->edit_start : l->input_tail;
	uint32_t done = 0;

	while (done < amount && l->input_head != end) {
		uint16_t entry = l->input[l->input_head % LINE_INPUT];

		l->input_head++;
		if ((entry & LINE_DELIMITER) != 0)
			l->lines--;
		if ((entry & LINE_END_OF_FILE) == 0)
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
	bool was_canonical = local(l, ICANON);

	l->settings = *settings;
	if (was_canonical == local(l, ICANON))
		return;
	l->literal = false;
	/* What was typed so far can be read: raw as it is, canonical as one line. */
	if (!was_canonical && input_count(l) > 0 && l->edit_start != l->input_tail) {
		l->input[(l->input_tail - 1) % LINE_INPUT] |= LINE_DELIMITER;
		l->lines++;
		l->edit_start = l->input_tail;
	}
	if (!on_input(l, IXON))
		l->stopped = false;
}

void line_flush_input(struct line *l)
{
	l->input_head = l->edit_start = l->input_tail;
	l->lines = 0;
	l->literal = false;
}

void line_flush_output(struct line *l)
{
	l->output_head = l->output_tail;
}
