/* Randomness of a server: the processor's generator, or none. */
#include <cpuid.h>

#include "start/start.h"
#include "vector/bytes.h"

static int has_generator(void)
{
	static int known; /* 0 not asked yet, 1 no, 2 yes */
	unsigned a, b, c, d;

	if (known == 0)
		known = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_RDRND) ? 2 : 1;
	return known == 2;
}

static int random_word(uint32_t *word)
{
	unsigned char ok;
	int tries;

	/* The processor's manual: ten failures in a row mean that it is broken. */
	for (tries = 0; tries < 10; tries++) {
		__asm__ volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
		if (ok)
			return 1;
	}
	return 0;
}

int vector_random(void *bytes, size_t size)
{
	char *at = bytes;

	if (!has_generator())
		return 0;
	while (size > 0) {
		uint32_t word;
		size_t part = size < sizeof word ? size : sizeof word;

		if (!random_word(&word))
			return 0;
		vector_copy(at, &word, part);
		at += part;
		size -= part;
	}
	return 1;
}
