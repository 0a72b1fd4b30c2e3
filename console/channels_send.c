/* What goes to the host: frames, credit, and the writes behind them. */
#include "channels.h"

#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "channels_private.h"

/* Credit goes back in pieces of this size, or when stdin has been read empty. */
#define CREDIT_STEP 16384

/* Gives the device a frame; what that changes is in the record before, and counts when the device has it. */
static void send_frame(struct channels *channels, size_t length, size_t bytes)
{
	struct channels_record *now = &channels->now;

	now->writing.next = now->writing.sent + bytes;
	channels_commit(channels);
	channels->ops->send(channels->device, FRAME_HEADER + length);
	now->sends++;
	if (now->pending == CHANNELS_WRITE_FRAME)
		now->writing.sent = now->writing.next;
	else
		now->consumed = 0;
	now->pending = CHANNELS_NO_FRAME;
	channels_commit(channels);
}

/* Sends what it can of `data`; how many bytes. */
static size_t send_data(
	struct channels *channels, unsigned channel, const uint8_t *data, size_t count)
{
	const bool is_credit = channel == FRAME_CREDIT_BYTES;
	size_t done = 0;

	while (done < count) {
		size_t size;
		uint8_t *slot = channels->ops->slot(channels->device, &size);
		size_t length = count - done;

		if (!slot)
			break;
		size -= FRAME_HEADER;
		if (length > size)
			length = size;
		if (length > FRAME_PAYLOAD_MAX)
			length = FRAME_PAYLOAD_MAX;
		frame_encode_header(slot, channel, 0, length);
		memcpy(slot + FRAME_HEADER, data + done, length);
		channels->now.pending = is_credit ? CHANNELS_CREDIT_FRAME : CHANNELS_WRITE_FRAME;
		send_frame(channels, length, is_credit ? 0 : length);
		done += length;
	}
	return done;
}

static bool credit_is_due(const struct channels *channels)
{
	return channels->now.consumed >= CREDIT_STEP ||
	       (channels->now.consumed && !channels->input.ring.count);
}

void channels_send_credit(struct channels *channels)
{
	uint8_t payload[FRAME_CREDIT];

	if (!credit_is_due(channels))
		return;
	frame_encode_u32(payload, channels->now.consumed);
	(void)send_data(channels, FRAME_CREDIT_BYTES, payload, sizeof payload); /* or later */
}

/* A slot that is free now, or not: a slot got and not sent is got again by the next call. */
static bool has_slot(struct channels *channels)
{
	size_t size;

	return channels->ops->slot(channels->device, &size) != NULL;
}

/* What holds of the events that can hold on the channel. */
int channels_ready(struct channels *channels, unsigned channel)
{
	int directions = channels_directions(channel);
	int ready = 0;

	if (directions & MASIX_POLL_IN) {
		const struct inbox *inbox = channels_inbox(channels, channel);

		if (inbox->ring.count || inbox->ended)
			ready |= MASIX_POLL_IN;
	}
	if (directions & MASIX_POLL_OUT && !channels->writers.first && has_slot(channels))
		ready |= MASIX_POLL_OUT;
	return ready;
}

void channels_serve_pollers(struct channels *channels)
{
	for (struct parked *call = channels->pollers.first, *next; call; call = next) {
		int ready = channels_ready(channels, call->channel) & (int)call->wanted;
		struct channels_answer answer = { .count = (size_t)ready };

		next = call->next;
		if (!ready)
			continue;
		parking_remove(&channels->pollers, call);
		(void)channels_finish(
			channels, call, &answer); /* a poller that died misses nothing */
	}
}

/* What is sent from now on is of this write, of which `sent` bytes are sent. */
static void begin_write(
	struct channels *channels, const struct caller *caller, enum parked_kind kind, size_t sent)
{
	channels->now.writing.reply = caller->reply;
	channels->now.writing.kind = kind;
	channels->now.writing.sent = sent;
}

/* Sends what waited for room. */
static void drain(struct channels *channels)
{
	struct parked *call;

	channels_send_credit(channels);
	while ((call = channels->writers.first)) {
		struct channels_answer answer = { .count = call->count };

		begin_write(channels, &call->caller, call->kind, call->done);
		call->done += send_data(
			channels, call->channel, call->data + call->done, call->count - call->done);
		if (call->done < call->count)
			break;
		parking_remove(&channels->writers, call);
		(void)channels_finish(channels, call, &answer); /* what was sent stays sent */
	}
	channels_serve_pollers(channels);
}

static bool wants_slots(const struct channels *channels)
{
	if (channels->writers.first || credit_is_due(channels))
		return true;
	for (const struct parked *call = channels->pollers.first; call; call = call->next) {
		if (call->wanted & MASIX_POLL_OUT)
			return true;
	}
	return false;
}

/* Every entry that may have sent something, or left something waiting for room, ends here. */
void channels_flush(struct channels *channels)
{
	while (!channels->ops->flush(channels->device, wants_slots(channels)))
		drain(channels);
}

void channels_slots_freed(struct channels *channels)
{
	drain(channels);
	channels_flush(channels);
}

/* Answers a call that does not wait. */
bool channels_answer_now(struct channels *channels, const struct caller *caller,
	enum parked_kind kind, const struct channels_answer *answer)
{
	const struct parked call = { .kind = kind, .caller = *caller };

	return channels->ops->answer(&call, answer);
}

/* A write for which there is room; at least a part of it goes out. */
static int write_now(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, const uint8_t *data, size_t count)
{
	struct caller claimed = *caller;
	struct channels_answer answer = { 0 };

	claimed.reply = channels->ops->claim(channels->device, caller->reply);
	begin_write(channels, &claimed, kind, 0);
	answer.count = send_data(channels, channel, data, count);
	if (answer.count < count && !(flags & MASIX_IO_NONBLOCK) &&
		channels_park(channels, &channels->writers, kind, channel, &claimed, 0, data, count,
			answer.count) == CHANNELS_PARKED)
		return CHANNELS_PARKED;
	/* A partial write is a success; what was sent stays sent. */
	(void)channels_answer_now(channels, &claimed, kind, &answer);
	channels->now.writing.reply = 0;
	channels_commit(channels);
	return CHANNELS_PARKED;
}

int channels_write(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, const uint8_t *data, size_t count)
{
	int result = 0;

	if (count > CHANNELS_WRITE_MAX)
		count = CHANNELS_WRITE_MAX;
	if (count && !channels->writers.first && has_slot(channels))
		result = write_now(channels, channel, caller, kind, flags, data, count);
	else if (count && flags & MASIX_IO_NONBLOCK)
		result = MASIX_E_WOULD_BLOCK;
	else if (count)
		result = channels_park(
			channels, &channels->writers, kind, channel, caller, 0, data, count, 0);
	channels_flush(channels);
	return result;
}
