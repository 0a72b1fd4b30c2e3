#include "frame.h"

#include <string.h>

static size_t payload_length(const uint8_t *header)
{
	return (size_t)frame_decode_u16(header + 2);
}

/* What the host may send, by channel: which flags, and the exact length if it is fixed. */
static const struct {
	bool allowed;
	unsigned flags;
	size_t fixed_length;
} incoming[FRAME_CHANNELS] = {
	[FRAME_STDIN] = { .allowed = true, .flags = FRAME_END | FRAME_ANEW },
	[FRAME_CONTROL] = { .allowed = true },
	[FRAME_WINDOW_SIZE] = { .allowed = true, .fixed_length = FRAME_WINDOW },
};

static bool header_is_valid(const uint8_t *header)
{
	unsigned channel = header[0];
	unsigned flags = header[1];
	size_t length = payload_length(header);

	if (channel >= FRAME_CHANNELS || !incoming[channel].allowed)
		return false;
	if (flags & ~incoming[channel].flags || (flags && length))
		return false;
	if (incoming[channel].fixed_length)
		return length == incoming[channel].fixed_length;
	return length <= FRAME_PAYLOAD_MAX;
}

/* Moves input into the decoder until it holds `wanted` bytes; false if the input ended first. */
static bool fill(struct frame_decoder *decoder, size_t wanted, const uint8_t **input, size_t *count)
{
	size_t missing = wanted - decoder->filled;
	size_t taken = *count < missing ? *count : missing;

	memcpy(decoder->bytes + decoder->filled, *input, taken);
	decoder->filled += taken;
	*input += taken;
	*count -= taken;
	return taken == missing;
}

enum frame_progress frame_decode(
	struct frame_decoder *decoder, const uint8_t **input, size_t *count, struct frame *frame)
{
	size_t length;

	if (decoder->broken)
		return FRAME_BROKEN;
	if (decoder->filled < FRAME_HEADER) {
		if (!fill(decoder, FRAME_HEADER, input, count))
			return FRAME_MORE;
		if (!header_is_valid(decoder->bytes)) {
			decoder->broken = true;
			return FRAME_BROKEN;
		}
	}
	length = payload_length(decoder->bytes);
	if (!fill(decoder, FRAME_HEADER + length, input, count))
		return FRAME_MORE;
	frame->channel = decoder->bytes[0];
	frame->flags = decoder->bytes[1];
	frame->length = length;
	frame->payload = decoder->bytes + FRAME_HEADER;
	decoder->filled = 0;
	return FRAME_COMPLETE;
}

void frame_encode_header(
	uint8_t header[FRAME_HEADER], enum frame_channel channel, unsigned flags, size_t length)
{
	header[0] = (uint8_t)channel;
	header[1] = (uint8_t)flags;
	header[2] = (uint8_t)length;
	header[3] = (uint8_t)(length >> 8);
}

void frame_encode_u32(uint8_t *payload, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		payload[i] = (uint8_t)(value >> (8 * i));
}

uint16_t frame_decode_u16(const uint8_t *payload)
{
	return (uint16_t)(payload[0] | payload[1] << 8);
}
