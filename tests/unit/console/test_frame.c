#include <string.h>

#include "frame.h"
#include "tests.h"

/* Decodes all of `bytes`, fed in pieces of `step`, into `frames`; how many there were, or -1. */
static int decode_all(const uint8_t *bytes, size_t count, size_t step, char out[][64])
{
	static struct frame_decoder decoder;
	int frames = 0;

	decoder = (struct frame_decoder){ 0 };
	while (count) {
		size_t piece = count < step ? count : step;
		const uint8_t *input = bytes;
		enum frame_progress progress;
		struct frame frame;

		bytes += piece;
		count -= piece;
		while ((progress = frame_decode(&decoder, &input, &piece, &frame)) ==
			FRAME_COMPLETE) {
			assert_true(frame.length < 64);
			memcpy(out[frames], frame.payload, frame.length);
			out[frames][frame.length] = '\0';
			frames++;
		}
		if (progress == FRAME_BROKEN)
			return -1;
		assert_int_equal(piece, 0);
	}
	return frames;
}

static void frames_survive_any_cut(void **state)
{
	static const uint8_t stream[] = {
		0,
		0,
		3,
		0,
		'a',
		'b',
		'c',
		3,
		0,
		2,
		0,
		'x',
		0,
		0,
		1,
		0,
		0,
		4,
		0,
		4,
		0,
		24,
		0,
		80,
		0,
	};
	char out[4][64];

	(void)state;
	for (size_t step = 1; step <= sizeof stream; step++) {
		assert_int_equal(decode_all(stream, sizeof stream, step, out), 4);
		assert_string_equal(out[0], "abc");
		assert_string_equal(out[1], "x");
		assert_string_equal(out[2], "");
		assert_memory_equal(out[3], "\x18\0\x50\0", 4);
	}
}

static void malformed_headers_break_the_stream(void **state)
{
	static const uint8_t bad[][4] = {
		{ 6, 0, 0, 0 },			/* no such channel */
		{ 1, 0, 0, 0 },			/* only the guest sends on it */
		{ 5, 0, 4, 0 }, { 0, 4, 0, 0 }, /* no such flag */
		{ 0, 1, 1, 0 },			/* a flag with a payload */
		{ 3, 1, 0, 0 },			/* control has no end */
		{ 0, 0, 1, 16 },		/* 4097 bytes */
		{ 4, 0, 3, 0 },			/* half a window */
	};
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		static struct frame_decoder decoder;
		const uint8_t *input = bad[i];
		size_t count = 4;

		decoder = (struct frame_decoder){ 0 };
		assert_int_equal(frame_decode(&decoder, &input, &count, &frame), FRAME_BROKEN);
		input = (const uint8_t *)"\0\0\0\0";
		count = 4;
		assert_int_equal(frame_decode(&decoder, &input, &count, &frame), FRAME_BROKEN);
	}
}

static void the_longest_payload_fits(void **state)
{
	static struct frame_decoder decoder;
	static uint8_t stream[FRAME_HEADER + FRAME_PAYLOAD_MAX];
	const uint8_t *input = stream;
	size_t count = sizeof stream;
	struct frame frame;

	(void)state;
	frame_encode_header(stream, FRAME_STDIN, 0, FRAME_PAYLOAD_MAX);
	memset(stream + FRAME_HEADER, 'z', FRAME_PAYLOAD_MAX);
	assert_int_equal(frame_decode(&decoder, &input, &count, &frame), FRAME_COMPLETE);
	assert_int_equal(frame.length, FRAME_PAYLOAD_MAX);
	assert_int_equal(frame.payload[FRAME_PAYLOAD_MAX - 1], 'z');
	assert_int_equal(count, 0);
}

int test_frame(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_survive_any_cut),
		cmocka_unit_test(malformed_headers_break_the_stream),
		cmocka_unit_test(the_longest_payload_fits),
	};

	return cmocka_run_group_tests_name("console frame", tests, NULL, NULL);
}
