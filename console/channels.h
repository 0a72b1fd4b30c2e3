/* The channels of the host link: what came in and was not read, who waits for what, flow
 * control.  A pure core: frames come in through channels_receive, and everything that
 * leaves goes through `ops`.  One lock of the owner covers all of it.
 *
 * Calls answer 0, a MASIX_E_* code, or CHANNELS_PARKED: then the core owns the caller's
 * reply right, and ops->answer is called for it exactly once, now or later.
 *
 * The server may die at any instruction, and its successor goes on from the last record that ops->commit was given, from
 * the memory of the inboxes, and from what the outside has: frames that the device was given, and answers that are still
 * owed (channels_recover).  So data that changes hands is answered here, under the lock, between two commits. */
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

/* All that a successor needs besides the memory of the inboxes. */
struct channels_record {
	struct channels_inbox_record {
		uint32_t head, count, ended;
	} input, control;
	uint32_t consumed, window_serial;
	int rows, columns;
	uint16_t sends; /* frames given to the device, modulo 2^16 */
	/* What the frame after those does, when it has been given. */
	enum { CHANNELS_NO_FRAME, CHANNELS_WRITE_FRAME, CHANNELS_CREDIT_FRAME } pending;
	struct { /* the write that is being sent; reply 0: none */
		unsigned reply;
		enum parked_kind kind;
		uint32_t sent, next; /* bytes; next: with the pending frame */
	} writing;
	struct { /* the read that is being answered; reply 0: none */
		unsigned reply;
		unsigned channel;
		uint32_t count;
	} reading;
};

/* An answer that the one before owed: a write that was sent in part. */
struct channels_debt {
	unsigned reply; /* 0: none */
	enum parked_kind kind;
	size_t count;
};

struct channels_ops {
	/* Give a reply right a name that no other right will ever have, as long as its record may count. */
	unsigned (*claim)(void *device, unsigned reply);
	/* What the record says holds from now on, in one step. */
	void (*commit)(void *device, const struct channels_record *record);
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
	unsigned parked; /* calls in all lists */
	/* consumed: bytes of stdin whose credit was not returned yet.  The inboxes' part is filled in to commit. */
	struct channels_record now;
	uint8_t scratch[CHANNELS_READ_MAX];
};

void channels_init(struct channels *channels, const struct channels_ops *ops, void *device);

/* The state of the one before, who died, from his last record; `channels` is his struct.  `given`: how many frames the device
 * was given (modulo 2^16); `is_owed`: is there still an answer to be sent to this reply right?  False: the record is not
 * sound, and nothing can be said.  The record stands until channels_resume: what is owed is paid before, so that a
 * successor of the successor does not pay twice. */
bool channels_recover(struct channels *channels, const struct channels_record *record,
	uint16_t given, bool (*is_owed)(void *context, unsigned reply), void *context,
	struct channels_debt *debt) __attribute__((warn_unused_result));
void channels_resume(struct channels *channels, const struct channels_ops *ops, void *device);

/* A frame from the host.  False: the host broke the protocol (more data than it had
 * credit for); the frame is dropped. */
bool channels_receive(struct channels *channels, const struct frame *frame)
	__attribute__((warn_unused_result));

/* The device has room for frames again. */
void channels_slots_freed(struct channels *channels);

/* Which events of MASIX_POLL_* can ever hold on a channel: 0 if there is no such channel. */
int channels_directions(unsigned channel);

/* Read up to `amount` (at most CHANNELS_READ_MAX) bytes.  0: there is nothing to be read, now and later (the end).
 * kind: PARKED_READ or _READ_LARGE, which tells the form of the answer. */
int channels_read(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, size_t amount) __attribute__((warn_unused_result));

/* Without MASIX_IO_NONBLOCK everything (at most CHANNELS_WRITE_MAX) is written before the answer.  0: nothing was to be
 * written.  kind: PARKED_WRITE or _WRITE_LARGE. */
int channels_write(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, const uint8_t *data, size_t count)
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
