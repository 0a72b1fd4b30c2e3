/* The sending half of a stream. */
#include <stdlib.h>

#include "stream_private.h"

#define WINDOW_FIRST 16
#define WINDOW_LEAST 4
/* A frame is taken for lost when so many sent after it have arrived. */
#define OVERTAKEN 3

void stream_init(
	struct stream *stream, const struct stream_ops *ops, size_t frame_size, size_t budget)
{
	memset(stream, 0, sizeof *stream);
	stream->ops = ops;
	stream->frame_size = frame_size < STREAM_FRAME_MAX ? frame_size : STREAM_FRAME_MAX;
	stream->budget = budget;
	stream->window = WINDOW_FIRST;
	stream->window_most = STREAM_FRAMES_MAX;
	stream->retry = 10 * STREAM_RETRY_MS_MIN;
}

static struct stream_frame_out *frame_at(struct stream *stream, uint64_t sequence)
{
	return &stream->out[sequence % STREAM_FRAMES_MAX];
}

/* --- Lanes --------------------------------------------------------------------------------------------------------- */

static struct stream_lane_out *find_lane(const struct stream *stream, uint32_t lane)
{
	struct stream_lane_out *found = stream->lanes_out[lane % STREAM_BUCKETS];

	while (found != NULL && found->lane != lane)
		found = found->next;
	return found;
}

static struct stream_lane_out *make_lane(struct stream *stream, uint32_t lane)
{
	struct stream_lane_out **bucket = &stream->lanes_out[lane % STREAM_BUCKETS];
	struct stream_lane_out *made = find_lane(stream, lane);

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

static void drop_lane_if_idle(struct stream *stream, struct stream_lane_out *lane)
{
	struct stream_lane_out **link = &stream->lanes_out[lane->lane % STREAM_BUCKETS];

	if (lane->first != NULL || lane->begun != 0 || lane->listed)
		return;
	while (*link != lane)
		link = &(*link)->next;
	*link = lane->next;
	free(lane);
}

static void list_ready(struct stream *stream, struct stream_lane_out *lane)
{
	if (lane->listed)
		return;
	lane->listed = true;
	lane->turn = NULL;
	if (stream->ready == NULL)
		stream->ready = lane;
	else
		stream->ready_last->turn = lane;
	stream->ready_last = lane;
}

static struct stream_lane_out *next_turn(struct stream *stream)
{
	struct stream_lane_out *lane = stream->ready;

	if (lane != NULL) {
		stream->ready = lane->turn;
		lane->listed = false;
	}
	return lane;
}

bool stream_send(struct stream *stream, struct stream_message *message)
{
	size_t size = stream_size(message);
	struct stream_lane_out *lane;

	if (size > (message->lane == 0 ? STREAM_CONTROL_MAX : stream->budget))
		return false;
	lane = make_lane(stream, message->lane);
	if (lane == NULL)
		return false;
	message->sent = 0;
	message->begun = false;
	message->next = NULL;
	if (lane->first == NULL)
		lane->first = message;
	else
		lane->last->next = message;
	lane->last = message;
	lane->pending += message->lane != 0;
	list_ready(stream, lane);
	return true;
}

unsigned stream_waiting(const struct stream *stream, uint32_t lane)
{
	const struct stream_lane_out *found = find_lane(stream, lane);

	return found != NULL ? found->pending : 0;
}

bool stream_was_consumed(struct stream *stream, uint32_t lane_number, uint32_t size)
{
	struct stream_lane_out *lane = find_lane(stream, lane_number);

	if (lane_number == 0 || lane == NULL || lane->begun == 0 || size > stream->peer_holds)
		return false;
	lane->begun--;
	lane->pending--;
	stream->peer_holds -= size;
	if (lane->first != NULL)
		list_ready(stream, lane);
	else
		drop_lane_if_idle(stream, lane);
	/* There is budget again, perhaps enough. */
	while (stream->waiting != NULL) {
		lane = stream->waiting;
		stream->waiting = lane->turn;
		lane->listed = false;
		list_ready(stream, lane);
	}
	return true;
}

/* --- Frames ---------------------------------------------------------------------------------------------------------- */

#define ITEM_HEADER 5			 /* kind, lane */
#define BEGIN_OVERHEAD (ITEM_HEADER + 6) /* size, length */
#define MORE_OVERHEAD (ITEM_HEADER + 2)
#define CONSUMED_SIZE (ITEM_HEADER + 4)
/* Less than this of a message is not worth an item, if more of it must follow. */
#define PIECE_LEAST 128

static uint64_t seen_bits(const struct stream *stream)
{
	uint64_t bits = 0;
	unsigned i;

	for (i = 0; i + 1 < STREAM_FRAMES_MAX && stream->in_stored > 0; i++)
		if (stream->in[(stream->in_next + 1 + i) % STREAM_FRAMES_MAX].items != NULL)
			bits |= 1ull << i;
	return bits;
}

/* With what is to be acknowledged now. */
static void emit(struct stream *stream, uint64_t sequence, uint8_t *bytes, size_t size)
{
	struct writer writer = writer_to(bytes, STREAM_HEADER_SIZE);

	write_u64(&writer, sequence);
	write_u64(&writer, stream->in_next);
	write_u64(&writer, seen_bits(stream));
	stream->owes_ack = 0;
	stream->totals.frames_sent++;
	stream->totals.bytes_sent += size;
	stream->ops->emit(stream->ops->context, bytes, size);
}

static size_t room_in(const struct writer *writer)
{
	return writer->size - writer->used;
}

static void write_consumed(struct stream *stream, struct writer *writer)
{
	/* Never so many that nothing else has room. */
	while (stream->consumed != NULL && writer->used + CONSUMED_SIZE <= writer->size / 2) {
		struct stream_consumed *consumed = stream->consumed;

		write_u8(writer, STREAM_CONSUMED);
		write_u32(writer, consumed->lane);
		write_u32(writer, consumed->size);
		stream->consumed = consumed->next;
		stream->consumed_count--;
		stream->consumed_bytes -= consumed->size;
		free(consumed);
	}
}

/* May the lane's first message begin now?  If not the lane waits for what would allow it. */
static bool may_begin(struct stream *stream, struct stream_lane_out *lane)
{
	size_t size = stream_size(lane->first);

	if (lane->lane == 0)
		return true;
	if (lane->begun == STREAM_LANE_WINDOW)
		return false; /* stream_was_consumed lists it again */
	if (stream->peer_holds + size > stream->budget) {
		lane->listed = true;
		lane->turn = stream->waiting;
		stream->waiting = lane;
		return false;
	}
	lane->begun++;
	stream->peer_holds += size;
	return true;
}

static void write_message_bytes(
	struct writer *writer, const struct stream_message *message, size_t count)
{
	size_t offset = message->sent, part = 0;

	if (offset < message->head_size) {
		part = message->head_size - offset;
		if (part > count)
			part = count;
		write_bytes(writer, message->head + offset, part);
	}
	if (count > part)
		write_bytes(
			writer, message->rest + (offset + part - message->head_size), count - part);
}

/* Bytes of the message that fit into the room as an item; 0: begin a new frame. */
static size_t piece_of(const struct stream_message *message, size_t room)
{
	size_t overhead = message->begun ? MORE_OVERHEAD : BEGIN_OVERHEAD;
	size_t left = stream_size(message) - message->sent;

	if (room < overhead)
		return 0;
	room -= overhead;
	return left <= room ? left : room >= PIECE_LEAST ? room : 0;
}

static bool fits(const struct stream_message *message, size_t room)
{
	return piece_of(message, room) > 0 || (stream_size(message) == 0 && room >= BEGIN_OVERHEAD);
}

/* The next lane that has something to send, if a piece of it fits. */
static struct stream_lane_out *next_lane(struct stream *stream, size_t room)
{
	struct stream_lane_out *lane;

	while (stream->ready != NULL && fits(stream->ready->first, room)) {
		lane = next_turn(stream);
		if (lane->first->begun || may_begin(stream, lane))
			return lane;
	}
	return NULL;
}

/* A piece of the lane's first message; then it is others' turn. */
static void write_piece(struct stream *stream, struct stream_lane_out *lane, struct writer *writer)
{
	struct stream_message *message = lane->first;
	size_t size = piece_of(message, room_in(writer));

	write_u8(writer, message->begun ? STREAM_MORE : STREAM_BEGIN);
	write_u32(writer, lane->lane);
	if (!message->begun)
		write_u32(writer, (uint32_t)stream_size(message));
	write_u16(writer, (uint16_t)size);
	write_message_bytes(writer, message, size);
	message->begun = true;
	message->sent += size;
	if (message->sent == stream_size(message)) {
		lane->first = message->next;
		stream->ops->done(stream->ops->context, message);
	}
	if (lane->first != NULL)
		list_ready(stream, lane);
	else
		drop_lane_if_idle(stream, lane);
}

/* Fills the next frame.  False: there is nothing to send now. */
static bool next_frame(struct stream *stream, bool with_consumed, struct stream_frame_out *frame)
{
	struct stream_lane_out *lane = next_lane(stream, stream->frame_size / 2);
	struct writer writer;

	if (lane == NULL && !(with_consumed && stream->consumed != NULL))
		return false;
	frame->bytes = malloc(stream->frame_size);
	if (frame->bytes == NULL) {
		stream->failed = true;
		return false;
	}
	frame->tries = 0;
	writer = writer_to(frame->bytes, stream->frame_size);
	(void)write_room(&writer, STREAM_HEADER_SIZE);
	write_consumed(stream, &writer);
	while (lane != NULL) {
		write_piece(stream, lane, &writer);
		lane = next_lane(stream, room_in(&writer));
	}
	frame->size = writer.used;
	return true;
}

/* --- Acknowledgements and time ------------------------------------------------------------------------------------- */

static void frame_done(struct stream_frame_out *frame)
{
	free(frame->bytes);
	frame->bytes = NULL;
}

static void measure(struct stream *stream, uint64_t sample)
{
	stream->round_trip =
		stream->round_trip == 0 ? sample : (7 * stream->round_trip + sample) / 8;
	stream->retry = 2 * stream->round_trip + STREAM_RETRY_MS_MIN;
	if (stream->retry > STREAM_RETRY_MS_MAX)
		stream->retry = STREAM_RETRY_MS_MAX;
}

static void arrived(struct stream *stream, uint64_t now, struct stream_frame_out *frame)
{
	if (frame->bytes == NULL)
		return;
	if (frame->tries == 1)
		measure(stream, now - frame->sent_at);
	frame_done(frame);
	if (++stream->grown >= stream->window && stream->window < stream->window_most) {
		stream->window++;
		stream->grown = 0;
	}
}

/* Once for what was lost together. */
static void lose(struct stream *stream)
{
	if (stream->out_first < stream->backed_off)
		return;
	stream->backed_off = stream->out_next;
	stream->window /= 2;
	if (stream->window < WINDOW_LEAST)
		stream->window = WINDOW_LEAST;
}

static void find_overtaken(struct stream *stream, uint64_t now)
{
	unsigned later = 0;
	uint64_t sequence;

	for (sequence = stream->out_next; sequence-- > stream->out_first;) {
		struct stream_frame_out *frame = frame_at(stream, sequence);

		if (frame->bytes == NULL) {
			later++;
		} else if (later >= OVERTAKEN && !frame->again &&
			   now - frame->sent_at >= stream->round_trip) {
			frame->again = true;
			lose(stream);
		}
	}
}

void stream_acknowledged(struct stream *stream, uint64_t now, uint64_t next, uint64_t seen)
{
	uint64_t sequence;
	unsigned i;

	if (next > stream->out_next) { /* of what was never sent */
		stream->failed = true;
		return;
	}
	if (next < stream->out_first)
		return; /* overtaken by a later one */
	for (sequence = stream->out_first; sequence < next; sequence++)
		arrived(stream, now, frame_at(stream, sequence));
	stream->out_first = next;
	for (i = 0; i < 63; i++)
		if (seen >> i & 1 && next + 1 + i < stream->out_next)
			arrived(stream, now, frame_at(stream, next + 1 + i));
	find_overtaken(stream, now);
}

static uint64_t patience(const struct stream *stream, const struct stream_frame_out *frame)
{
	unsigned doublings = frame->tries < 6 ? frame->tries - 1 : 5;
	uint64_t patience = stream->retry << doublings;

	return patience < STREAM_RETRY_MS_MAX ? patience : STREAM_RETRY_MS_MAX;
}

static void send_frame(
	struct stream *stream, uint64_t now, uint64_t sequence, struct stream_frame_out *frame)
{
	frame->sent_at = now;
	frame->again = false;
	frame->tries++;
	stream->totals.frames_again += frame->tries > 1;
	emit(stream, sequence, frame->bytes, frame->size);
}

/* What was lost, or seems to be; when to look again. */
static uint64_t resend(struct stream *stream, uint64_t now)
{
	uint64_t sequence, deadline = UINT64_MAX;

	for (sequence = stream->out_first; sequence < stream->out_next; sequence++) {
		struct stream_frame_out *frame = frame_at(stream, sequence);

		if (frame->bytes == NULL)
			continue;
		if (!frame->again && now - frame->sent_at >= patience(stream, frame)) {
			frame->again = true;
			lose(stream);
		}
		if (frame->again)
			send_frame(stream, now, sequence, frame);
		if (frame->sent_at + patience(stream, frame) < deadline)
			deadline = frame->sent_at + patience(stream, frame);
	}
	return deadline;
}

/* Is it time for what waits for a frame that has more to say? */
static bool owes_now(struct stream *stream, uint64_t now)
{
	if (stream->owes_ack == 0 && stream->consumed == NULL) {
		stream->owes = stream->presses = false;
		return false;
	}
	if (!stream->owes)
		stream->owes_since = now;
	stream->owes = true;
	return stream->presses || now - stream->owes_since >= STREAM_PATIENCE_MS;
}

uint64_t stream_run(struct stream *stream, uint64_t now)
{
	uint8_t acknowledgement[STREAM_HEADER_SIZE];
	uint64_t deadline;
	bool owes;

	if (stream->failed)
		return UINT64_MAX;
	deadline = resend(stream, now);
	owes = owes_now(stream, now);
	while (stream->out_next - stream->out_first < stream->window) {
		struct stream_frame_out *frame = frame_at(stream, stream->out_next);

		if (!next_frame(stream, owes, frame))
			break;
		send_frame(stream, now, stream->out_next++, frame);
		if (now + patience(stream, frame) < deadline)
			deadline = now + patience(stream, frame);
	}
	if (stream->owes_ack > 0 && owes)
		emit(stream, 0, acknowledgement, sizeof acknowledgement);
	/* What there was no room for goes with the first acknowledgement that comes. */
	if (!owes_now(stream, now) && stream->owes &&
		stream->owes_since + STREAM_PATIENCE_MS < deadline)
		deadline = stream->owes_since + STREAM_PATIENCE_MS;
	return deadline;
}

void stream_reconnected(struct stream *stream)
{
	uint64_t sequence;

	for (sequence = stream->out_first; sequence < stream->out_next; sequence++)
		if (frame_at(stream, sequence)->bytes != NULL)
			frame_at(stream, sequence)->again = true;
	stream->owes_ack++;
	stream->presses = true;
}

void stream_end(struct stream *stream)
{
	uint64_t sequence;
	unsigned i;

	for (sequence = stream->out_first; sequence < stream->out_next; sequence++)
		frame_done(frame_at(stream, sequence));
	stream->out_first = stream->out_next;
	for (i = 0; i < STREAM_BUCKETS; i++)
		while (stream->lanes_out[i] != NULL) {
			struct stream_lane_out *lane = stream->lanes_out[i];

			stream->lanes_out[i] = lane->next;
			while (lane->first != NULL) {
				struct stream_message *message = lane->first;

				lane->first = message->next;
				stream->ops->done(stream->ops->context, message);
			}
			free(lane);
		}
	stream->ready = stream->waiting = NULL;
	while (stream->consumed != NULL) {
		struct stream_consumed *consumed = stream->consumed;

		stream->consumed = consumed->next;
		free(consumed);
	}
	stream_end_in(stream);
	stream->failed = true;
}
