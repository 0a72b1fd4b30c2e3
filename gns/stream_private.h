/* Inside the stream: its lanes, and what its two halves do for each other. */
#ifndef GNS_STREAM_PRIVATE_H
#define GNS_STREAM_PRIVATE_H

#include "bytes.h"
#include "stream.h"

enum stream_kind { STREAM_BEGIN = 1, STREAM_MORE, STREAM_CONSUMED };

struct stream_lane_out {
	uint32_t lane;
	struct stream_message *first, *last; /* not all of it is in frames yet */
	unsigned begun;			     /* and not consumed; not counted for lane 0 */
	unsigned pending;		     /* given and not consumed; not counted for lane 0 */
	bool listed;			     /* in stream->ready or ->waiting */
	struct stream_lane_out *turn, *next;
};

/* A message of ours that the other side is to be told about. */
struct stream_consumed {
	uint32_t lane, size;
	struct stream_consumed *next;
};

struct stream_lane_in {
	uint32_t lane;
	uint8_t *message; /* of which some bytes are missing, or NULL */
	size_t got, size;
	unsigned unconsumed; /* begun, or delivered; not counted for lane 0 */
	struct stream_lane_in *next;
};

/* The other side has all before `next`, and those of the bits. */
void stream_acknowledged(struct stream *stream, uint64_t now, uint64_t next, uint64_t seen);

/* One message of ours has been consumed there.  False: it cannot be. */
bool stream_was_consumed(struct stream *stream, uint32_t lane, uint32_t size);

void stream_end_in(struct stream *stream);

static inline size_t stream_size(const struct stream_message *message)
{
	return message->head_size + message->rest_size;
}

#endif
