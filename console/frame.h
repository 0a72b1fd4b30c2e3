/* Frames of the host channel (docs/host-channel.md): the codec, a pure core. */
#ifndef CONSOLE_FRAME_H
#define CONSOLE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER 4
#define FRAME_PAYLOAD_MAX 4096
#define FRAME_CREDIT 4 /* bytes of a credit payload */
#define FRAME_WINDOW 4 /* bytes of a window payload */

enum frame_channel {
	FRAME_STDIN,
	FRAME_STDOUT,
	FRAME_STDERR,
	FRAME_CONTROL,
	FRAME_WINDOW_SIZE,
	FRAME_CREDIT_BYTES,
	FRAME_CHANNELS,
};

enum frame_flags {
	FRAME_END = 1,	/* end of file of the channel */
	FRAME_ANEW = 2, /* the channel starts anew: what is unread is void, so is an end of file */
};

struct frame {
	enum frame_channel channel;
	unsigned flags;
	size_t length;
	const uint8_t *payload; /* inside the decoder, until its next call */
};

/* Bytes that arrived and are no whole frame yet.  All zero is the initial state. */
struct frame_decoder {
	size_t filled; /* header and payload bytes held */
	bool broken;   /* a malformed header was met: the stream has no frames any more */
	uint8_t bytes[FRAME_HEADER + FRAME_PAYLOAD_MAX];
};

enum frame_progress { FRAME_MORE, FRAME_COMPLETE, FRAME_BROKEN };

/* Takes bytes from *input (advancing it and *count) until one frame is complete or the
 * input is used up.  FRAME_BROKEN: unknown channel or flags, a payload that is too long or
 * has the wrong size for its channel; every later call answers it too. */
enum frame_progress frame_decode(struct frame_decoder *decoder, const uint8_t **input,
	size_t *count, struct frame *frame) __attribute__((warn_unused_result));

/* Writes the header of a frame of `length` <= FRAME_PAYLOAD_MAX payload bytes. */
void frame_encode_header(
	uint8_t header[FRAME_HEADER], enum frame_channel channel, unsigned flags, size_t length);

void frame_encode_u32(uint8_t *payload, uint32_t value);
uint16_t frame_decode_u16(const uint8_t *payload);

#endif
