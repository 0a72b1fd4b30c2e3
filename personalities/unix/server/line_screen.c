/* The screen side of the line discipline: post-processing, echo, erasing. */
#include "line_screen.h"

uint32_t line_output_room(const struct line *l)
{
	return LINE_OUTPUT - (l->output_tail - l->output_head);
}

void line_emit(struct line *l, char c)
{
	if (line_output_room(l) > 0)
		l->output[l->output_tail++ % LINE_OUTPUT] = c;
}

bool line_is_continuation(const struct line *l, uint8_t c)
{
	return line_on_input(l, IUTF8) && (c & 0xc0) == 0x80;
}

void line_put(struct line *l, uint8_t c)
{
	tcflag_t flags = l->settings.c_oflag;

	if ((flags & OPOST) == 0) {
		line_emit(l, c);
		return;
	}
	switch (c) {
	case '\n':
		if ((flags & ONLCR) != 0) {
			line_emit(l, '\r');
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
		unsigned width = LINE_TAB - l->column % LINE_TAB;

		l->column += width;
		if ((flags & TABDLY) == XTABS) {
			while (width-- > 0)
				line_emit(l, ' ');
			return;
		}
		break;
	}
	case '\b':
		if (l->column > 0)
			l->column--;
		break;
	default:
		if (c >= ' ' && c != 127 && !line_is_continuation(l, c))
			l->column++;
		if ((flags & OLCUC) != 0 && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
	}
	line_emit(l, c);
}

uint32_t line_write(struct line *l, const char *bytes, uint32_t count)
{
	uint32_t done = 0;

	while (done < count && line_output_room(l) >= LINE_TAB)
		line_put(l, bytes[done++]);
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
	return line_local(l, ECHOCTL) && ((c < ' ' && c != '\t' && c != '\n') || c == 127);
}

void line_show(struct line *l, uint8_t c)
{
	if (line_output_room(l) < LINE_TAB)
		return;
	if (is_shown_as_control(l, c)) {
		line_put(l, '^');
		line_put(l, c ^ 64);
	} else {
		line_put(l, c);
	}
}

void line_echo(struct line *l, uint8_t c)
{
	if (line_local(l, ECHO))
		line_show(l, c);
}

unsigned line_column_at(const struct line *l, uint32_t end)
{
	unsigned column = l->edit_column;

	for (uint32_t i = l->edit_start; i != end; i++) {
		uint8_t c = l->input[i % LINE_INPUT];

		if (c == '\t')
			column += LINE_TAB - column % LINE_TAB;
		else if (is_shown_as_control(l, c))
			column += 2;
		else if (c >= ' ' && !line_is_continuation(l, c))
			column++;
	}
	return column;
}

void line_rub_out(struct line *l, unsigned columns)
{
	while (columns-- > 0 && line_output_room(l) >= 3 * LINE_TAB) {
		line_put(l, '\b');
		line_put(l, ' ');
		line_put(l, '\b');
	}
}

void line_flush_output(struct line *l)
{
	l->output_head = l->output_tail;
}
