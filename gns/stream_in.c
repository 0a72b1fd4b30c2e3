/* The receiving half of a stream. */
#include <stdlib.h>

#include "stream_private.h"

/* Frames of the other side, and consumed messages, of which it hears at once: it may have a window of so few frames. */
#define ACK_MOST 4
#define CONSUMED_MOST 32

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

/* Can the other side send the next message of that lane, and others of theirs, without hearing of it? */
static bool is_pressing(const struct stream *stream, const struct stream_consumed *consumed)
{
	const struct stream_consumed *earlier = stream->consumed;

	while (earlier != NULL && earlier->lane != consumed->lane)
		earlier = earlier->next;
	return earlier != NULL || stream->consumed_count + 1 >= CONSUMED_MOST ||
	       stream->consumed_bytes + consumed->size >= stream->budget / 4;
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
	stream->presses = stream->presses || is_pressing(stream, consumed);
	if (stream->consumed == NULL)
		stream->consumed = consumed;
	else
		stream->consumed_last->next = consumed;
	stream->consumed_last = consumed;
	stream->consumed_count++;
	stream->consumed_bytes += size;
}

/* Some bytes of the lane's message, `least` of them. */
static bool add_bytes(
	struct stream *stream, struct stream_lane_in *lane, struct reader *reader, size_t least)
{
	uint8_t *message = lane->message;
	size_t size = lane->size, count = read_u16(reader);
	const uint8_t *bytes = read_bytes(reader, count);
	uint32_t number = lane->lane;

	if (bytes == NULL || count < least || count > lane->size - lane->got)
		return false;
	memcpy(message + lane->got, bytes, count);
	lane->got += count;
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
	return add_bytes(stream, lane, reader, 0);
}

static bool take_item(struct stream *stream, struct reader *reader)
{
	uint8_t kind = read_u8(reader);
	uint32_t number = read_u32(reader), size;
	struct stream_lane_in *lane;

	switch (kind) {
	case STREAM_BEGIN:
		return begin_message(stream, number, reader);
	case STREAM_MORE:
		lane = find_lane(stream, number);
		return !reader->failed && lane != NULL && lane->message != NULL &&
		       add_bytes(stream, lane, reader, 1);
	case STREAM_CONSUMED:
		size = read_u32(reader);
		return !reader->failed && stream_was_consumed(stream, number, size);
	default:
		return false;
	}
}

static bool take_items(struct stream *stream, struct reader *reader)
{
	while (reader->left > 0)
		if (!take_item(stream, reader) || stream->failed)
			return false;
	return true;
}

/* Frame in_next and those behind it that are here already. */
static bool take_frames(struct stream *stream, struct reader *reader)
{
	struct stream_frame_in *stored;
	bool good;

	stream->in_next++;
	if (!take_items(stream, reader))
		return false;
	while ((stored = &stream->in[stream->in_next % STREAM_FRAMES_MAX])->items != NULL) {
		uint8_t *items = stored->items;
		struct reader next = reader_of(items, stored->size);

		stored->items = NULL;
		stream->in_stored--;
		stream->in_next++;
		good = take_items(stream, &next);
		free(items);
		if (!good)
			return false;
	}
	return true;
}

/* It overtook others: its items stay until its turn comes. */
static void store(struct stream *stream, uint64_t sequence, struct reader *reader)
{
	struct stream_frame_in *stored = &stream->in[sequence % STREAM_FRAMES_MAX];

	if (stored->items != NULL) {
		stream->totals.frames_double++;
		return;
	}
	stored->items = malloc(reader->left);
	if (stored->items == NULL)
		return; /* as if it had been lost */
	stored->size = reader->left;
	memcpy(stored->items, reader->next, reader->left);
	stream->in_stored++;
}

bool stream_receive(struct stream *stream, uint64_t now, const uint8_t *frame, size_t size)
{
	struct reader reader = reader_of(frame, size);
	uint64_t sequence = read_u64(&reader), next = read_u64(&reader), seen = read_u64(&reader);

	if (stream->failed || reader.failed)
		return !(stream->failed = true);
	stream->totals.frames_received++;
	stream->totals.bytes_received += size;
	stream_acknowledged(stream, now, next, seen);
	if (stream->failed || reader.left == 0)
		return !stream->failed;
	/* Who has lost a frame, or sends one again, hears so at once. */
	if (++stream->owes_ack >= ACK_MOST || sequence != stream->in_next || stream->in_stored > 0)
		stream->presses = true;
	if (sequence < stream->in_next)
		stream->totals.frames_double++;
	else if (sequence == stream->in_next)
		stream->failed = !take_frames(stream, &reader) || stream->failed;
	else if (sequence - stream->in_next < STREAM_FRAMES_MAX)
		store(stream, sequence, &reader);
	return !stream->failed;
}

void stream_end_in(struct stream *stream)
{
	unsigned i;

	for (i = 0; i < STREAM_FRAMES_MAX; i++) {
		free(stream->in[i].items);
		stream->in[i].items = NULL;
	}
	for (i = 0; i < STREAM_BUCKETS; i++)
		while (stream->lanes_in[i] != NULL) {
			struct stream_lane_in *lane = stream->lanes_in[i];

			stream->lanes_in[i] = lane->next;
			free(lane->message);
			free(lane);
		}
}
