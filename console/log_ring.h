/* The system log in memory: the last LOG_RING_BYTES of text, addressed by the offset since
 * boot.  A pure core; the owner's lock covers it. */
#ifndef CONSOLE_LOG_RING_H
#define CONSOLE_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "byte_ring.h"

#define LOG_RING_BYTES (128 * 1024)
#define LOG_LINE_MAX 288 /* time stamp, 256 bytes of text, newline */

/* Where the log begins and ends. */
struct log_bounds {
	uint32_t head, count;
	uint64_t end;
};

struct log_ring {
	struct byte_ring ring;
	uint64_t end; /* offset after the newest byte */
	/* For a successor: as of the last whole step. */
	struct log_bounds bounds[2];
	volatile uint32_t valid; /* which one counts */
	uint8_t memory[LOG_RING_BYTES];
};

void log_ring_init(struct log_ring *log);

/* The log of one who died, at any instruction: the same memory.  False: it is not sound. */
bool log_ring_recover(struct log_ring *log) __attribute__((warn_unused_result));

/* Append one line: a time stamp, then `text` (at most 256 bytes are kept), then a newline.
 * Control bytes in it become '?', so that nobody can forge a second line or drive
 * the terminal that shows the log.  The oldest lines make room. */
void log_ring_append(struct log_ring *log, uint64_t nanoseconds, const char *text, size_t length);

/* Copy up to `count` bytes from `offset`, or from the oldest kept byte if `offset` is
 * older; *start tells which.  0: nothing there yet. */
size_t log_ring_read(
	const struct log_ring *log, uint64_t offset, uint64_t *start, uint8_t *data, size_t count);

#endif
