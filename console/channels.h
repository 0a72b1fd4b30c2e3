/* The channels of the host link: what came in and was not read, who waits for what, flow
 * control.  A pure core: frames come in through channels_receive, and everything that
 * leaves goes through `ops`.  One lock of the owner covers all of it.
 *
 * Calls answer 0, a MASIX_E_* code, or CHANNELS_PARKED: then the core owns the caller's
 * reply right and ops->answer will be called for it exactly once. */
#ifndef CONSOLE_CHANNELS_H
#define CONSOLE_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "byte_ring.h"
#include "frame.h"
#include "parking.h"

#define CHANNELS_PARKED 1
#define CHANNELS_INBOX 65536	 /* bytes under way or unread on stdin; the longest request */
#define CHANNELS_READ_MAX 16384	 /* bytes of one answer to a read */
#define CHANNELS_WRITE_MAX 65536 /* bytes taken of one write */
#define CHANNELS_PARKED_MAX 256	 /* calls; a bound on what clients can make us keep */

struct channels_answer {
	int error;
	size_t count; /* bytes read or written; the events of a poll */
	const uint8_t *data;
	uint32_t serial; /* of the window */
	int rows, columns;
};

struct channels_ops {
	/* Answer a parked call; the core frees it afterwards.  False: nobody waits for
	 * the answer any more (what was read is then given to the next reader).  Must
	 * not block. */
	bool (*answer)(const struct parked *call, const struct channels_answer *answer);
	/* Is somebody still waiting for the answer to this call? */
	bool (*is_alive)(const struct parked *call);
	/* Room for one frame of at most `*size` bytes, or NULL while the device has none. */
	uint8_t *(*slot)(void *device, size_t *size);
	/* Send the `length` bytes written to the slot that was got last. */
	void (*send)(void *device, size_t length);
	/* Tell the device what was sent, and whether channels_slots_freed is wanted when a
	 * slot comes back.  False: one came back already. */
	bool (*flush)(void *device, bool wanted);
};

struct inbox {
	struct byte_ring ring;
	struct parking readers; /* not empty only while the ring is empty and not at its end */
	bool ended;
	uint8_t memory[CHANNELS_INBOX];
};

struct channels {
	const struct channels_ops *ops;
	void *device;
	struct inbox input; /* stdin */
	struct inbox control;
	struct parking writers;
	struct parking pollers;
	struct parking windows;
	unsigned parked;   /* calls in all lists */
	uint32_t consumed; /* bytes of stdin whose credit was not returned yet */
	uint32_t window_serial;
	int rows, columns;
	uint8_t scratch[CHANNELS_READ_MAX];
};

void channels_init(struct channels *channels, const struct channels_ops *ops, void *device);

/* A frame from the host.  False: the host broke the protocol (more data than it had
 * credit for); the frame is dropped. */
bool channels_receive(struct channels *channels, const struct frame *frame)
	__attribute__((warn_unused_result));

/* The device has room for frames again. */
void channels_slots_freed(struct channels *channels);

/* Which events of MASIX_POLL_* can ever hold on a channel: 0 if there is no such channel. */
int channels_directions(unsigned channel);

/* Read up to `amount` (at most CHANNELS_READ_MAX) bytes into data; *count 0 is the end.
 * kind: PARKED_READ or _READ_LARGE, which tells the form of a late answer. */
int channels_read(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, size_t amount, uint8_t *data, size_t *count)
	__attribute__((warn_unused_result));

/* Without MASIX_IO_NONBLOCK everything (at most CHANNELS_WRITE_MAX) is written before the answer.
 * kind: PARKED_WRITE or _WRITE_LARGE. */
int channels_write(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, const uint8_t *data, size_t count, size_t *written)
	__attribute__((warn_unused_result));

int channels_poll(struct channels *channels, unsigned channel, const struct caller *caller,
	int flags, int events, int *ready) __attribute__((warn_unused_result));

/* Waits while the window still has `serial` (0: never waits); the answer has its size. */
int channels_window(struct channels *channels, const struct caller *caller, uint32_t serial,
	struct channels_answer *answer) __attribute__((warn_unused_result));

/* Answers the waiting call `token` of `owner` with MASIX_E_INTERRUPTED (a write that sent
 * something: with what it sent).  MASIX_E_NOT_FOUND. */
int channels_cancel(struct channels *channels, const void *owner, uint32_t token)
	__attribute__((warn_unused_result));

/* The object `owner` goes away: cancels all its calls. */
void channels_forget(struct channels *channels, const void *owner);

#endif
