/* What a fuzzer's input is read with: numbers and pieces, zeros when it is used up; and what must hold. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct input {
	const uint8_t *next;
	size_t left;
};

static inline uint32_t take8(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->next++;
}

static inline uint32_t take32(struct input *input)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++)
		value = value << 8 | take8(input);
	return value;
}

static inline uint64_t take64(struct input *input)
{
	uint64_t high = take32(input);

	return high << 32 | take32(input);
}

/* Below `limit`, which is at most 256. */
static inline unsigned take_below(struct input *input, unsigned limit)
{
	return take8(input) % limit;
}

/* Up to `most` bytes in `to`, as many as a byte of the input says; how many. */
static inline size_t take_bytes(struct input *input, void *to, size_t most)
{
	size_t size = take8(input);

	if (size > most)
		size = most;
	if (size > input->left)
		size = input->left;
	if (size != 0)
		memcpy(to, input->next, size);
	input->next += size;
	input->left -= size;
	return size;
}

/* One of a few names that servers have, or one of the input's own making; terminated. */
static inline void take_name(struct input *input, char name[64])
{
	static const char *const known[] = { "a", "b", "a/x", "a/y", "b/x", "fs", "fs/root", "c" };
	unsigned which = take_below(input, 10);
	size_t size;

	if (which < sizeof known / sizeof known[0]) {
		snprintf(name, 64, "%s", known[which]);
		return;
	}
	size = take_bytes(input, name, 63);
	name[size] = '\0';
}

#endif
