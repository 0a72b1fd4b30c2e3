#include <string.h>

#include "machine.h"
#include "vector/clock.h"

#define ROOM 4096u
#define SMALL 512u	 /* what is larger goes out at once */
#define TICK_NS 54925494 /* 18.2 a second */

static char collected[ROOM];
static uint32_t collected_size;
static int collected_for; /* stream */
static bool failed;	  /* what was collected could not be written: the next write says so */
static bool has_terminal;

static int write_now(int stream, const char *from, uint32_t n)
{
	uint32_t done = 0;

	while (done < n) {
		uint32_t part = n - done < MASIX_INLINE_MAX ? n - done : MASIX_INLINE_MAX;
		int put =
			events_call(MASIX_PROGRAM_WRITE, stream, part, from + done, part, NULL, 0);

		if (put < 0 || (uint32_t)put > part)
			return done ? (int)done : -1;
		if (put == 0)
			break;
		done += (uint32_t)put;
	}
	return (int)done;
}

void streams_flush(void)
{
	uint32_t n = collected_size;

	collected_size = 0;
	if (n > 0 && write_now(collected_for, collected, n) != (int)n)
		failed = true;
}

static int stream_write(void *context, int stream, const void *from, unsigned n)
{
	(void)context;
	if (collected_size > 0 && (stream != collected_for || n > ROOM - collected_size))
		streams_flush();
	if (failed) {
		failed = false;
		return -1;
	}
	if (n > SMALL) {
		streams_flush();
		return write_now(stream, from, n);
	}
	collected_for = stream;
	memcpy(collected + collected_size, from, n);
	collected_size += n;
	return (int)n;
}

static int stream_read(void *context, int stream, void *to, unsigned n)
{
	(void)context;
	streams_flush();
	if (n > MASIX_INLINE_MAX)
		n = MASIX_INLINE_MAX;
	return events_call(MASIX_PROGRAM_READ, stream, n, NULL, 0, to, n);
}

static bool stream_is_terminal(void *context, int stream)
{
	(void)context;
	return machine_boot()->numbers[MASIX_PROGRAM_TERMINALS] >> stream & 1;
}

/* The terminal becomes the program's with the first key that it asks for. */
static int key(void *context, bool wait)
{
	int c = events_key();

	(void)context;
	if (c >= 0)
		return c;
	if (wait && !has_terminal) {
		streams_flush();
		has_terminal = true;
		(void)events_call(MASIX_PROGRAM_TERMINAL, 0, 1, NULL, 0, NULL, 0);
	}
	if (wait)
		streams_flush();
	while (wait && !keys_end && (c = events_key()) < 0)
		events_wait(~0u);
	return c >= 0 ? c : events_key();
}

static void show(void *context, const void *bytes, unsigned n)
{
	int stream = stream_is_terminal(context, 1) || !stream_is_terminal(context, 2) ? 1 : 2;

	(void)stream_write(context, stream, bytes, n); /* a terminal that is gone shows nothing */
}

/* Until the next tick, or a key. */
static void idle(void *context)
{
	int64_t left = TICK_NS - vector_realtime_ns() % TICK_NS;

	if (!has_terminal && stream_is_terminal(context, 0)) {
		has_terminal = true;
		(void)events_call(MASIX_PROGRAM_TERMINAL, 0, 1, NULL, 0, NULL, 0);
	}
	streams_flush();
	events_wait(vector_ms(left));
}

static int64_t now_ns(void *context)
{
	(void)context;
	return vector_realtime_ns();
}

static void log_line(void *context, const char *line)
{
	(void)context;
	machine_say(line);
}

void streams_init(struct world *world)
{
	world->stream_read = stream_read;
	world->stream_write = stream_write;
	world->stream_is_terminal = stream_is_terminal;
	world->key = key;
	world->show = show;
	world->idle = idle;
	world->now_ns = now_ns;
	world->log = log_line;
}
