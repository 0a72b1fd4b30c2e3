/* The line discipline of a terminal: what becomes of typed bytes on their way to readers, of
 * written ones on their way to the screen.  termios(3).  Pure: whoever holds the terminal's lock feeds it
 * and carries out what it asks for (output, signals). */
#ifndef UNIX_LINE_H
#define UNIX_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include <asm/termbits.h>

#define LINE_INPUT 4096u   /* typed, not read yet */
#define LINE_OUTPUT 16384u /* written, not on the screen yet */

/* A typed byte and what it means. */
#define LINE_DELIMITER 0x100 /* the last of a line */
#define LINE_END_OF_FILE                                                                           \
	0x200 /* a delimiter that is not delivered; to a raw reader a NUL, as in Linux */

struct line {
	struct termios2 settings;
	uint16_t input[LINE_INPUT];	 /* ring */
	uint32_t input_head, input_tail; /* free running; head = next to read */
	uint32_t edit_start;		 /* first entry of the line that is being typed */
	unsigned lines;			 /* delimiters between head and tail */
	char output[LINE_OUTPUT];	 /* ring */
	uint32_t output_head, output_tail;
	unsigned column;      /* of the cursor */
	unsigned edit_column; /* where the line being typed begins */
	bool stopped;	      /* XOFF, TCOOFF */
	bool literal;	      /* the next byte was quoted by VLNEXT */
	uint64_t signals;     /* for the foreground group, bit signal-1; taken by the caller */
};

void line_init(struct line *l);

/* Bytes arrive from the keyboard.  Returns how many were taken: fewer when readers have to come
 * first. */
uint32_t line_type(struct line *l, const char *bytes, uint32_t count);

/* Bytes that a read could have now.  A waiting end of file counts as one. */
uint32_t line_readable(const struct line *l);

/* Would read(2) of `amount` return now, time apart (VMIN)? */
bool line_read_ready(const struct line *l, uint32_t amount);

/* Take up to `amount` bytes, in canonical mode at most one line; 0 is end of file. */
uint32_t line_read(struct line *l, char *to, uint32_t amount);

/* A process writes.  Returns how many bytes were taken. */
uint32_t line_write(struct line *l, const char *bytes, uint32_t count);

/* The next bytes for the screen, contiguous; 0 if there are none or output is stopped. */
uint32_t line_output(const struct line *l, const char **bytes);
void line_sent(struct line *l, uint32_t count);
uint32_t line_output_pending(const struct line *l);

void line_change(struct line *l, const struct termios2 *settings);
void line_flush_input(struct line *l);
void line_flush_output(struct line *l);

#endif
