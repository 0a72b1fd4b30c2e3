/* What the keyboard side of the line discipline (line.c) has of the screen side. */
#ifndef UNIX_LINE_SCREEN_H
#define UNIX_LINE_SCREEN_H

#include "line.h"

#define LINE_TAB 8u /* columns; also the most bytes that one byte becomes */

static inline bool line_local(const struct line *l, tcflag_t flag)
{
	return (l->settings.c_lflag & flag) != 0;
}

static inline bool line_on_input(const struct line *l, tcflag_t flag)
{
	return (l->settings.c_iflag & flag) != 0;
}

/* A byte of a character of several bytes, but not its first (IUTF8). */
bool line_is_continuation(const struct line *l, uint8_t c);

uint32_t line_output_room(const struct line *l);

/* One byte as it is; dropped if there is no room. */
void line_emit(struct line *l, char c);

/* One byte, post-processed (OPOST); there must be room for LINE_TAB. */
void line_put(struct line *l, uint8_t c);

/* A typed byte as it is to be seen (ECHOCTL), and the same if ECHO is on. */
void line_show(struct line *l, uint8_t c);
void line_echo(struct line *l, uint8_t c);

/* The column after showing the line that is being typed, up to entry `end`. */
unsigned line_column_at(const struct line *l, uint32_t end);

void line_rub_out(struct line *l, unsigned columns);

#endif
