/* What lies between two lives of nodes: messages in lanes, each lane in order, each message at most once, over frames that may
 * be lost, doubled or overtaken.  A stream outlives the connections below it: frames of a new one are of the same
 * sequence, so nothing arrives twice.
 *
 * Messages are cut into items, which travel in frames, and lanes take turns, item by item: a large message delays no other
 * lane.  A lane may have STREAM_LANE_WINDOW messages begun that the other side has not consumed; what waits in the receiver
 * is bounded by its budget, which both know.  Lane 0 is for the two servers themselves: small messages, consumed at once.
 *
 *	frame:	sequence 8, acknowledged 8 (the next one expected), seen 8 (bit i: that plus 1 + i is here too), items; a
 *		frame without items only acknowledges, and has no sequence number of its own
 *	item:	STREAM_BEGIN	 kind 1, lane 4, size of the message 4, length 2, the first bytes
 *		STREAM_MORE	 kind 1, lane 4, length 2, more bytes
 *		STREAM_CONSUMED	 kind 1, lane 4, bytes 4: one message of that lane is off the receiver's hands
 *
 * What only acknowledges or tells of a consumed message waits STREAM_PATIENCE_MS for a frame that has more to say, as the answer
 * to a call, unless the other side may be waiting for it.
 *
 * Pure: time in milliseconds; the caller's lock. */
#ifndef GNS_STREAM_H
#define GNS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_HEADER_SIZE 24
#define STREAM_FRAME_MAX 16384
#define STREAM_FRAMES_MAX 64 /* sent and not acknowledged; received and out of order */
#define STREAM_LANE_WINDOW 2
#define STREAM_CONTROL_MAX 65536 /* a message of lane 0 */
#define STREAM_PATIENCE_MS 10
#define STREAM_RETRY_MS_MIN 50 /* longer than an acknowledgement may wait, on a clock of 10 ms */
#define STREAM_RETRY_MS_MAX 2000

/* Bytes of a message, in two places: a head, and what follows it. */
struct stream_message {
	uint32_t lane;
	const uint8_t *head, *rest;
	size_t head_size, rest_size;
	/* The stream's. */
	size_t sent; /* bytes that have gone into frames */
	bool begun;
	struct stream_message *next;
};

struct stream_ops {
	/* A frame for the other side; it may get lost. */
	void (*emit)(void *context, const uint8_t *frame, size_t size);
	/* The message has gone into frames, or never will: its memory is the caller's again. */
	void (*done)(void *context, struct stream_message *message);
	/* A whole message, from malloc, the callee's.  Of other lanes than 0: stream_consumed when it is off his hands. */
	void (*deliver)(void *context, uint32_t lane, uint8_t *message, size_t size);
	void *context;
};

struct stream_lane_out;
struct stream_lane_in;

struct stream_frame_out {
	uint8_t *bytes; /* NULL: the other side has it */
	size_t size;
	uint64_t sent_at;
	unsigned tries;
	bool again; /* to be sent once more */
};

struct stream_frame_in {
	uint8_t *items; /* NULL: not here */
	size_t size;
};

struct stream_totals {
	uint64_t frames_sent, frames_again, frames_received, frames_double;
	uint64_t bytes_sent, bytes_received;
};

#define STREAM_BUCKETS 64

struct stream {
	const struct stream_ops *ops;
	size_t frame_size; /* of a whole frame */
	size_t budget;	   /* bytes of messages in the receiver, at each end */
	bool failed;	   /* the other side broke the rules, or no memory */

	/* Out. */
	uint64_t out_first, out_next; /* sequence: [first, next) is not acknowledged */
	struct stream_frame_out out[STREAM_FRAMES_MAX];
	struct stream_lane_out *lanes_out[STREAM_BUCKETS];
	struct stream_lane_out *ready, *ready_last; /* lanes that have something to send, in turn */
	struct stream_lane_out *waiting;	    /* and those for which there is no budget */
	struct stream_consumed *consumed, *consumed_last;
	unsigned consumed_count;
	size_t consumed_bytes;
	uint64_t peer_holds;	    /* bytes of messages begun and not consumed */
	unsigned window;	    /* frames; adapts to losses */
	unsigned window_most;	    /* what lies below takes no more at a time */
	unsigned grown;		    /* acknowledged since the window grew */
	uint64_t round_trip, retry; /* ms */
	uint64_t backed_off;	    /* out_first when the window was last cut */

	/* In. */
	uint64_t in_next;
	struct stream_frame_in in[STREAM_FRAMES_MAX];
	struct stream_lane_in *lanes_in[STREAM_BUCKETS];
	unsigned in_stored; /* frames that overtook others */
	uint64_t holds;

	/* What the other side is to hear of: acknowledgements and consumed messages. */
	unsigned owes_ack;  /* frames */
	bool owes, presses; /* since `owes_since`; the other side may be waiting for it */
	uint64_t owes_since;

	struct stream_totals totals;
};

void stream_init(
	struct stream *stream, const struct stream_ops *ops, size_t frame_size, size_t budget);

/* Every message that was not done is given back by ops->done, whether it arrived or not. */
void stream_end(struct stream *stream);

/* The message is the stream's until ops->done.  False: no memory, or larger than the budget. */
bool stream_send(struct stream *stream, struct stream_message *message)
	__attribute__((warn_unused_result));

/* Messages of the lane that have been given to stream_send and are not consumed by the other side. */
unsigned stream_waiting(const struct stream *stream, uint32_t lane);

/* The other side's message of `size` bytes is off our hands. */
void stream_consumed(struct stream *stream, uint32_t lane, size_t size);

/* A frame that came.  False: stream->failed. */
bool stream_receive(struct stream *stream, uint64_t now, const uint8_t *frame, size_t size);

/* Send what is due; when to call again at the latest (UINT64_MAX: nothing is due). */
uint64_t stream_run(struct stream *stream, uint64_t now);

/* A new connection: everything not acknowledged goes again, at once. */
void stream_reconnected(struct stream *stream);

#endif
