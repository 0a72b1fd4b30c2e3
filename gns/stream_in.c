/* The receiving half of a stream. */
#include <stdlib.h>

#include "stream_private.h"

static struct stream_lane_in *find_lane(struct stream *stream, uint32_t lane)
{
	struct stream_lane_in *found = stream->lanes_in[lane % STREAM_BUCKETS];

	while (found != NULL && found->lane != lane)
		found = found->next;
	return found;
}

static struct stream_lane_in *make_lane(struct stream *stream, uint32_t lane)
{
	struct stream_lane_in **bucket = &stream->lanes_in[lane % STREAM_BUCKETS];
	struct stream_lane_in *made = find_lane(stream, lane);

	if (made != NULL)
		return made;
	made = calloc(1, sizeof *made);
	if (made != NULL) {
		made->lane = lane;
		made->next = *bucket;
		*bucket = made;
	}
	return made;
}

static void drop_lane_if_idle(struct stream *stream, struct stream_lane_in *lane)
{
	struct stream_lane_in **link = &stream->lanes_in[lane->lane % STREAM_BUCKETS];

	if (lane->message != NULL || lane->unconsumed != 0)
		return;
	while (*link != lane)
		link = &(*link)->next;
	*link = lane->next;
	free(lane);
}

void stream_consumed(struct stream *stream, uint32_t lane_number, size_t size)
{
	struct stream_lane_in *lane = find_lane(stream, lane_number);
	struct stream_consumed *consumed = calloc(1, sizeof *consumed);

	if (consumed == NULL || lane == NULL || lane->unconsumed == 0 || lane_number == 0) {
		free(consumed);
		stream->failed = true; /* the other side would wait for it for ever */
		return;
	}
	lane->unconsumed--;
	stream->holds -= size;
	drop_lane_if_idle(stream, lane);
	consumed->lane = lane_number;
	consumed->size = (uint32_t)size;
	if (stream->consumed == NULL)
		stream->consumed = consumed;
	else
		stream->consumed_last->next = consumed;
	stream->consumed_last = consumed;
}

/* Some bytes of the lane's message. */
static bool add_bytes(struct stream *stream, struct stream_lane_in *lane, struct reader *reader)
{
	uint8_t *message = lane->message;
	size_t size = lane->size;
	uint32_t number = lane->lane;

	if (reader->left > lane->size - lane->got)
		return false;
	if (reader->left > 0)
		memcpy(message + lane->got, reader->next, reader->left);
	lane->got += reader->left;
	if (lane->got < lane->size)
		return true;
	lane->message = NULL;
	if (number == 0)
		drop_lane_if_idle(stream, lane);
	/* The lane may be gone when it returns. */
	stream->ops->deliver(stream->ops->context, number, message, size);
	return true;
}

static bool begin_message(struct stream *stream, uint32_t number, struct reader *reader)
{
	uint32_t size = read_u32(reader);
	struct stream_lane_in *lane;

	if (reader->failed)
		return false;
	if (number == 0 ? size > STREAM_CONTROL_MAX : size > stream->budget - stream->holds)
		return false;
	lane = make_lane(stream, number);
	if (lane == NULL || lane->message != NULL ||
		(number != 0 && lane->unconsumed == STREAM_LANE_WINDOW))
		return false;
	lane->message = malloc(size > 0 ? size : 1);
	if (lane->message == NULL) {
		drop_lane_if_idle(stream, lane);
		return false;
	}
	lane->got = 0;
	lane->size = size;
	if (number != 0) {
		lane->unconsumed++;
		stream->holds += size;
	}
	return add_bytes(stream, lane, reader);
}

static bool take_frame(struct stream *stream, uint8_t kind, struct reader *reader)
{
	uint32_t number = read_u32(reader), size;
	struct stream_lane_in *lane;

	switch (kind) {
	case STREAM_BEGIN:
		return begin_message(stream, number, reader);
	case STREAM_MORE:
		lane = find_lane(stream, number);
		return !reader->failed && reader->left > 0 && lane != NULL &&
		       lane->message != NULL && add_bytes(stream, lane, reader);
	case STREAM_CONSUMED:
		size = read_u32(reader);
		return read_all(reader) && stream_was_consumed(stream, number, size);
	default:
		return false;
	}
}

/* Frame in_next and those behind it that are here already. */
static bool take_frames(struct stream *stream, uint8_t kind, struct reader *reader)
{
	struct stream_frame_in *stored;
	bool good;

	stream->in_next++;
	if (!take_frame(stream, kind, reader))
		return false;
	while ((stored = &stream->in[stream->in_next % STREAM_FRAMES_MAX])->bytes != NULL) {
		uint8_t *bytes = stored->bytes;
		struct reader next = reader_of(bytes + 1, stored->size - 1);

		stored->bytes = NULL;
		stream->in_next++;
		good = take_frame(stream, bytes[0], &next);
		free(bytes);
		if (!good)
			return false;
	}
	return true;
}

/* It overtook others: kind and contents stay until its turn comes. */
static void store(struct stream *stream, uint64_t sequence, uint8_t kind, struct reader *reader)
{
	struct stream_frame_in *stored = &stream->in[sequence % STREAM_FRAMES_MAX];

	if (stored->bytes != NULL) {
		stream->totals.frames_double++;
		return;
	}
	stored->bytes = malloc(1 + reader->left);
	if (stored->bytes == NULL)
		return; /* as if it had been lost */
	stored->size = 1 + reader->left;
	stored->bytes[0] = kind;
	memcpy(stored->bytes + 1, reader->next, reader->left);
}

bool stream_receive(struct stream *stream, uint64_t now, const uint8_t *frame, size_t size)
{
	struct reader reader = reader_of(frame, size);
	uint8_t kind = read_u8(&reader);
	uint64_t sequence = read_u64(&reader), next = read_u64(&reader), seen = read_u64(&reader);

	if (stream->failed || reader.failed || kind < STREAM_ACK || kind > STREAM_CONSUMED ||
		(kind == STREAM_ACK && reader.left != 0))
		return !(stream->failed = true);
	stream->totals.frames_received++;
	stream->totals.bytes_received += size;
	stream_acknowledged(stream, now, next, seen);
	if (stream->failed || kind == STREAM_ACK)
		return !stream->failed;
	stream->owes_ack = true;
	if (sequence < stream->in_next)
		stream->totals.frames_double++;
	else if (sequence == stream->in_next)
		stream->failed = !take_frames(stream, kind, &reader) || stream->failed;
	else if (sequence - stream->in_next < STREAM_FRAMES_MAX)
		store(stream, sequence, kind, &reader);
	return !stream->failed;
}

void stream_end_in(struct stream *stream)
{
	unsigned i;

	for (i = 0; i < STREAM_FRAMES_MAX; i++) {
		free(stream->in[i].bytes);
		stream->in[i].bytes = NULL;
	}
	for (i = 0; i < STREAM_BUCKETS; i++)
		while (stream->lanes_in[i] != NULL) {
			struct stream_lane_in *lane = stream->lanes_in[i];

			stream->lanes_in[i] = lane->next;
			free(lane->message);
			free(lane);
		}
}
