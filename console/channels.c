#include "channels.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "channels_private.h"

static void inbox_init(struct inbox *inbox)
{
	byte_ring_init(&inbox->ring, inbox->memory, sizeof inbox->memory);
	parking_init(&inbox->readers);
	inbox->ended = false;
}

static void begin(struct channels *channels, const struct channels_ops *ops, void *device)
{
	channels->ops = ops;
	channels->device = device;
	parking_init(&channels->writers);
	parking_init(&channels->pollers);
	parking_init(&channels->windows);
	channels->parked = 0;
}

static struct channels_inbox_record record_of(const struct inbox *inbox)
{
	return (struct channels_inbox_record){ inbox->ring.head, inbox->ring.count, inbox->ended };
}

void channels_commit(struct channels *channels)
{
	channels->now.input = record_of(&channels->input);
	channels->now.control = record_of(&channels->control);
	channels->ops->commit(channels->device, &channels->now);
}

void channels_init(struct channels *channels, const struct channels_ops *ops, void *device)
{
	begin(channels, ops, device);
	inbox_init(&channels->input);
	inbox_init(&channels->control);
	channels->now = (struct channels_record){ .window_serial = 1 };
	channels_commit(channels);
}

void channels_resume(struct channels *channels, const struct channels_ops *ops, void *device)
{
	begin(channels, ops, device);
	channels_commit(channels);
}

int channels_directions(unsigned channel)
{
	static const int directions[] = {
		[MASIX_CHANNEL_STDIN] = MASIX_POLL_IN,
		[MASIX_CHANNEL_STDOUT] = MASIX_POLL_OUT,
		[MASIX_CHANNEL_STDERR] = MASIX_POLL_OUT,
		[MASIX_CHANNEL_CONTROL] = MASIX_POLL_IN | MASIX_POLL_OUT,
	};

	return channel < sizeof directions / sizeof directions[0] ? directions[channel] : 0;
}

/* The inbox of a channel that can be read. */
struct inbox *channels_inbox(struct channels *channels, unsigned channel)
{
	return channel == MASIX_CHANNEL_STDIN ? &channels->input : &channels->control;
}

/* --- From the host --- */

/* `count` bytes were read or are void. */
static void consume(struct channels *channels, struct inbox *inbox, size_t count)
{
	byte_ring_drop(&inbox->ring, count);
	if (inbox == &channels->input)
		channels->now.consumed += (uint32_t)count;
}

/* Answers a read with what there is: bytes leave the ring only when their reader was there to take them.  False: he was
 * not.  The reply right has been claimed. */
static bool answer_read(struct channels *channels, struct inbox *inbox, const struct caller *caller,
	enum parked_kind kind, size_t amount)
{
	struct channels_answer answer = { .data = channels->scratch };
	bool heard;

	answer.count = amount < inbox->ring.count ? amount : inbox->ring.count;
	byte_ring_copy(&inbox->ring, 0, channels->scratch, answer.count);
	channels->now.reading.reply = caller->reply;
	channels->now.reading.channel =
		inbox == &channels->input ? MASIX_CHANNEL_STDIN : MASIX_CHANNEL_CONTROL;
	channels->now.reading.count = answer.count;
	channels_commit(channels);
	heard = channels_answer_now(channels, caller, kind, &answer);
	if (heard)
		consume(channels, inbox, answer.count);
	channels->now.reading.reply = 0;
	channels_commit(channels);
	return heard;
}

static void serve_readers(struct channels *channels, struct inbox *inbox)
{
	struct parked *call;

	while ((inbox->ring.count || inbox->ended) && (call = inbox->readers.first)) {
		parking_remove(&inbox->readers, call);
		(void)answer_read(channels, inbox, &call->caller, call->kind, call->wanted);
		channels->parked--;
		free(call);
	}
}

static bool receive_data(struct channels *channels, struct inbox *inbox, const struct frame *frame)
{
	if (frame->length > inbox->ring.capacity - inbox->ring.count)
		return false;
	if (frame->flags & FRAME_ANEW) {
		consume(channels, inbox, inbox->ring.count);
		inbox->ended = false;
	}
	byte_ring_put(&inbox->ring, frame->payload, frame->length);
	if (frame->flags & FRAME_END)
		inbox->ended = true;
	channels_commit(channels);
	serve_readers(channels, inbox);
	channels_serve_pollers(channels);
	channels_send_credit(channels);
	return true;
}

static void fill_window(const struct channels *channels, struct channels_answer *answer)
{
	*answer = (struct channels_answer){ .serial = channels->now.window_serial,
		.rows = channels->now.rows,
		.columns = channels->now.columns };
}

static void receive_window(struct channels *channels, const struct frame *frame)
{
	struct parked *call;
	struct channels_answer answer;

	channels->now.rows = frame_decode_u16(frame->payload);
	channels->now.columns = frame_decode_u16(frame->payload + 2);
	if (!++channels->now.window_serial)
		channels->now.window_serial = 1; /* 0 means "do not wait" */
	channels_commit(channels);
	fill_window(channels, &answer);
	while ((call = channels->windows.first)) {
		parking_remove(&channels->windows, call);
		(void)channels_finish(
			channels, call, &answer); /* the size stays for who asks next */
	}
}

bool channels_receive(struct channels *channels, const struct frame *frame)
{
	bool good = true;

	switch (frame->channel) {
	case FRAME_STDIN:
		good = receive_data(channels, &channels->input, frame);
		break;
	case FRAME_CONTROL:
		good = receive_data(channels, &channels->control, frame);
		break;
	case FRAME_WINDOW_SIZE:
		receive_window(channels, frame);
		break;
	default: /* the decoder lets no other channel through */
		good = false;
	}
	channels_flush(channels);
	return good;
}

int channels_read(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, size_t amount)
{
	struct inbox *inbox = channels_inbox(channels, channel);
	struct caller claimed = *caller;

	if (amount > CHANNELS_READ_MAX)
		amount = CHANNELS_READ_MAX;
	if (!amount || (!inbox->ring.count && inbox->ended))
		return 0;
	if (!inbox->ring.count) {
		if (flags & MASIX_IO_NONBLOCK)
			return MASIX_E_WOULD_BLOCK;
		return channels_park(channels, &inbox->readers, kind, channel, caller,
			(uint32_t)amount, NULL, 0, 0);
	}
	claimed.reply = channels->ops->claim(channels->device, caller->reply);
	(void)answer_read(channels, inbox, &claimed, kind, amount); /* or the next reader gets it */
	channels_send_credit(channels);
	channels_flush(channels);
	return CHANNELS_PARKED;
}

int channels_poll(struct channels *channels, unsigned channel, const struct caller *caller,
	int flags, int events, int *ready)
{
	int error;

	*ready = channels_ready(channels, channel) & events;
	if (*ready || flags & MASIX_IO_NONBLOCK)
		return 0;
	error = channels_park(channels, &channels->pollers, PARKED_POLL, channel, caller,
		(uint32_t)events, NULL, 0, 0);
	channels_flush(channels);
	return error;
}

int channels_window(struct channels *channels, const struct caller *caller, uint32_t serial,
	struct channels_answer *answer)
{
	fill_window(channels, answer);
	if (!serial || serial != channels->now.window_serial)
		return 0;
	return channels_park(
		channels, &channels->windows, PARKED_WINDOW, 0, caller, serial, NULL, 0, 0);
}
