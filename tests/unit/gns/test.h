/* cmocka with the headers that it needs first, and figures as they are published. */
#ifndef GNS_TEST_H
#define GNS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Hexadecimal digits to bytes; how many. */
static inline size_t unhex(const char *digits, uint8_t *bytes)
{
	size_t i;

	for (i = 0; digits[2 * i] != '\0'; i++) {
		char pair[3] = { digits[2 * i], digits[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return i;
}

/* A copy that the address sanitizer guards on both ends. */
static inline uint8_t *guarded(const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

/* A small generator of its own, the same everywhere: xorshift64*. */
static inline uint64_t dice_next(uint64_t *dice)
{
	*dice ^= *dice >> 12;
	*dice ^= *dice << 25;
	*dice ^= *dice >> 27;
	return *dice * 0x2545f4914f6cdd1dull;
}

static inline uint32_t dice_below(uint64_t *dice, uint32_t bound)
{
	return (uint32_t)((dice_next(dice) >> 32) % bound);
}

#endif
