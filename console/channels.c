#include "channels.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

/* Credit goes back in pieces of this size, or when stdin has been read empty. */
#define CREDIT_STEP 16384

static void inbox_init(struct inbox *inbox)
{
	byte_ring_init(&inbox->ring, inbox->memory, sizeof inbox->memory);
	parking_init(&inbox->readers);
	inbox->ended = false;
}

void channels_init(struct channels *channels, const struct channels_ops *ops, void *device)
{
	channels->ops = ops;
	channels->device = device;
	inbox_init(&channels->input);
	inbox_init(&channels->control);
	parking_init(&channels->writers);
	parking_init(&channels->pollers);
	parking_init(&channels->windows);
	channels->parked = 0;
	channels->consumed = 0;
	channels->window_serial = 1;
	channels->rows = 0;
	channels->columns = 0;
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
static struct inbox *inbox_of(struct channels *channels, unsigned channel)
{
	return channel == MASIX_CHANNEL_STDIN ? &channels->input : &channels->control;
}

/* --- Parked calls --- */

#define LISTS 5

/* Every list in which a call can wait. */
static void all_lists(struct channels *channels, struct parking *lists[LISTS])
{
	lists[0] = &channels->input.readers;
	lists[1] = &channels->control.readers;
	lists[2] = &channels->writers;
	lists[3] = &channels->pollers;
	lists[4] = &channels->windows;
}

/* Answers a call that was taken out of its list. */
static bool finish(
	struct channels *channels, struct parked *call, const struct channels_answer *answer)
{
	bool heard = channels->ops->answer(call, answer);

	channels->parked--;
	free(call);
	return heard;
}

static void finish_interrupted(struct channels *channels, struct parked *call)
{
	struct channels_answer answer = { .error = MASIX_E_INTERRUPTED };

	if (call->done)
		answer = (struct channels_answer){ .count = call->done };
	(void)finish(channels, call, &answer); /* whether it is heard changes nothing */
}

/* Callers die while they wait, and nobody tells: their calls leave when room is needed. */
static void sweep(struct channels *channels)
{
	struct parking *lists[LISTS];

	all_lists(channels, lists);
	for (unsigned i = 0; i < LISTS; i++) {
		for (struct parked *call = lists[i]->first, *next; call; call = next) {
			next = call->next;
			if (channels->ops->is_alive(call))
				continue;
			parking_remove(lists[i], call);
			finish_interrupted(channels, call);
		}
	}
}

/* Enters a call into `list`.  `data` is copied. */
static int park(struct channels *channels, struct parking *list, enum parked_kind kind,
	unsigned channel, const struct caller *caller, uint32_t wanted, const uint8_t *data,
	size_t count, size_t done)
{
	struct parked *call;

	if (channels->parked == CHANNELS_PARKED_MAX)
		sweep(channels);
	if (channels->parked == CHANNELS_PARKED_MAX)
		return MASIX_E_LIMIT;
	call = malloc(sizeof *call + count);
	if (!call)
		return MASIX_E_LIMIT;
	call->kind = kind;
	call->channel = channel;
	call->caller = *caller;
	call->wanted = wanted;
	call->done = done;
	call->count = count;
	if (count)
		memcpy(call->data, data, count);
	parking_add(list, call);
	channels->parked++;
	return CHANNELS_PARKED;
}

/* --- To the host --- */

/* Sends what it can of `data`; how many bytes. */
static size_t send_data(
	struct channels *channels, unsigned channel, const uint8_t *data, size_t count)
{
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
		channels->ops->send(channels->device, FRAME_HEADER + length);
		done += length;
	}
	return done;
}

static bool credit_is_due(const struct channels *channels)
{
	return channels->consumed >= CREDIT_STEP ||
	       (channels->consumed && !channels->input.ring.count);
}

static void send_credit(struct channels *channels)
{
	uint8_t payload[FRAME_CREDIT];

	if (!credit_is_due(channels))
		return;
	frame_encode_u32(payload, channels->consumed);
	if (send_data(channels, FRAME_CREDIT_BYTES, payload, sizeof payload))
		channels->consumed = 0;
}

/* A slot that is free now, or not: a slot got and not sent is got again by the next call. */
static bool has_slot(struct channels *channels)
{
	size_t size;

	return channels->ops->slot(channels->device, &size) != NULL;
}

/* What holds of the events that can hold on the channel. */
static int ready_events(struct channels *channels, unsigned channel)
{
	int directions = channels_directions(channel);
	int ready = 0;

	if (directions & MASIX_POLL_IN) {
		const struct inbox *inbox = inbox_of(channels, channel);

		if (inbox->ring.count || inbox->ended)
			ready |= MASIX_POLL_IN;
	}
	if (directions & MASIX_POLL_OUT && !channels->writers.first && has_slot(channels))
		ready |= MASIX_POLL_OUT;
	return ready;
}

static void serve_pollers(struct channels *channels)
{
	for (struct parked *call = channels->pollers.first, *next; call; call = next) {
		int ready = ready_events(channels, call->channel) & (int)call->wanted;
		struct channels_answer answer = { .count = (size_t)ready };

		next = call->next;
		if (!ready)
			continue;
		parking_remove(&channels->pollers, call);
		(void)finish(channels, call, &answer); /* a poller that died misses nothing */
	}
}

/* Sends what waited for room. */
static void drain(struct channels *channels)
{
	struct parked *call;

	send_credit(channels);
	while ((call = channels->writers.first)) {
		struct channels_answer answer = { .count = call->count };

		call->done += send_data(
			channels, call->channel, call->data + call->done, call->count - call->done);
		if (call->done < call->count)
			break;
		parking_remove(&channels->writers, call);
		(void)finish(channels, call, &answer); /* what was sent stays sent */
	}
	serve_pollers(channels);
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
static void flush(struct channels *channels)
{
	while (!channels->ops->flush(channels->device, wants_slots(channels)))
		drain(channels);
}

void channels_slots_freed(struct channels *channels)
{
	drain(channels);
	flush(channels);
}

int channels_write(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, const uint8_t *data, size_t count, size_t *written)
{
	size_t done = 0;
	int error = 0;

	if (count > CHANNELS_WRITE_MAX)
		count = CHANNELS_WRITE_MAX;
	if (!channels->writers.first)
		done = send_data(channels, channel, data, count);
	if (done < count && !(flags & MASIX_IO_NONBLOCK))
		error = park(
			channels, &channels->writers, kind, channel, caller, 0, data, count, done);
	else if (done < count && !done)
		error = MASIX_E_WOULD_BLOCK;
	if (error == MASIX_E_LIMIT && done)
		error = 0; /* a partial write is a success */
	*written = done;
	flush(channels);
	return error;
}

/* --- From the host --- */

/* `count` bytes were read or are void. */
static void consume(struct channels *channels, struct inbox *inbox, size_t count)
{
	byte_ring_drop(&inbox->ring, count);
	if (inbox == &channels->input)
		channels->consumed += (uint32_t)count;
}

/* Answers readers while there is something to answer with.  Bytes leave the ring
 * only when their reader was there to take them. */
static void serve_readers(struct channels *channels, struct inbox *inbox)
{
	struct parked *call;

	while ((inbox->ring.count || inbox->ended) && (call = inbox->readers.first)) {
		size_t count = inbox->ring.count;
		struct channels_answer answer = { .data = channels->scratch };

		if (count > call->wanted)
			count = call->wanted;
		byte_ring_copy(&inbox->ring, 0, channels->scratch, count);
		answer.count = count;
		parking_remove(&inbox->readers, call);
		if (finish(channels, call, &answer))
			consume(channels, inbox, count);
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
	serve_readers(channels, inbox);
	serve_pollers(channels);
	send_credit(channels);
	return true;
}

static void fill_window(const struct channels *channels, struct channels_answer *answer)
{
	*answer = (struct channels_answer){ .serial = channels->window_serial,
		.rows = channels->rows,
		.columns = channels->columns };
}

static void receive_window(struct channels *channels, const struct frame *frame)
{
	struct parked *call;
	struct channels_answer answer;

	channels->rows = frame_decode_u16(frame->payload);
	channels->columns = frame_decode_u16(frame->payload + 2);
	if (!++channels->window_serial)
		channels->window_serial = 1; /* 0 means "do not wait" */
	fill_window(channels, &answer);
	while ((call = channels->windows.first)) {
		parking_remove(&channels->windows, call);
		(void)finish(channels, call, &answer); /* the size stays for who asks next */
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
	flush(channels);
	return good;
}

int channels_read(struct channels *channels, unsigned channel, const struct caller *caller,
	enum parked_kind kind, int flags, size_t amount, uint8_t *data, size_t *count)
{
	struct inbox *inbox = inbox_of(channels, channel);

	*count = 0;
	if (amount > CHANNELS_READ_MAX)
		amount = CHANNELS_READ_MAX;
	if (!amount)
		return 0;
	if (!inbox->ring.count && !inbox->ended) {
		if (flags & MASIX_IO_NONBLOCK)
			return MASIX_E_WOULD_BLOCK;
		return park(channels, &inbox->readers, kind, channel, caller, (uint32_t)amount,
			NULL, 0, 0);
	}
	if (amount > inbox->ring.count)
		amount = inbox->ring.count;
	byte_ring_copy(&inbox->ring, 0, data, amount);
	consume(channels, inbox, amount);
	*count = amount;
	send_credit(channels);
	flush(channels);
	return 0;
}

int channels_poll(struct channels *channels, unsigned channel, const struct caller *caller,
	int flags, int events, int *ready)
{
	int error;

	*ready = ready_events(channels, channel) & events;
	if (*ready || flags & MASIX_IO_NONBLOCK)
		return 0;
	error = park(channels, &channels->pollers, PARKED_POLL, channel, caller, (uint32_t)events,
		NULL, 0, 0);
	flush(channels);
	return error;
}

int channels_window(struct channels *channels, const struct caller *caller, uint32_t serial,
	struct channels_answer *answer)
{
	fill_window(channels, answer);
	if (!serial || serial != channels->window_serial)
		return 0;
	return park(channels, &channels->windows, PARKED_WINDOW, 0, caller, serial, NULL, 0, 0);
}

/* Takes one call of `owner` out of whichever list it is in. */
static struct parked *take(struct channels *channels, const void *owner, const uint32_t *token)
{
	struct parking *lists[LISTS];
	struct parked *call = NULL;

	all_lists(channels, lists);
	for (unsigned i = 0; i < LISTS && !call; i++)
		call = parking_take(lists[i], owner, token);
	return call;
}

int channels_cancel(struct channels *channels, const void *owner, uint32_t token)
{
	struct parked *call = take(channels, owner, &token);

	if (!call)
		return MASIX_E_NOT_FOUND;
	finish_interrupted(channels, call);
	return 0;
}

void channels_forget(struct channels *channels, const void *owner)
{
	struct parked *call;

	while ((call = take(channels, owner, NULL)))
		finish_interrupted(channels, call);
}
