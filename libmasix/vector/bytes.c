/* memcpy and memset for code that may not call glibc. */
#include "vector/bytes.h"

#include <stdint.h>

typedef uint32_t __attribute__((may_alias, aligned(1))) word;

/* Eight words a round: under software emulation half as long as the string instructions take.
 * i386 does not mind unaligned words. */
static size_t copy_rounds(word *to, const word *from, size_t rounds)
{
	size_t left;

	for (left = rounds; left > 0; left--, to += 8, from += 8) {
		word a = from[0], b = from[1], c = from[2], d = from[3];

		to[0] = a;
		to[1] = b;
		to[2] = c;
		to[3] = d;
		a = from[4];
		b = from[5];
		c = from[6];
		d = from[7];
		to[4] = a;
		to[5] = b;
		to[6] = c;
		to[7] = d;
	}
	return rounds * 8 * sizeof *to;
}

void *vector_copy(void *to, const void *from, size_t size)
{
	void *start = to;
	size_t done = copy_rounds(to, from, size / 32), words = size % 32 / 4;

	to = (char *)to + done;
	from = (const char *)from + done;
	size %= 4;
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return start;
}

void *vector_fill(void *to, int byte, size_t size)
{
	void *start = to;
	size_t words = size / 4;

	size %= 4;
	__asm__ volatile("rep stosl"
			 : "+D"(to), "+c"(words)
			 : "a"((byte & 0xff) * 0x01010101u)
			 : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return start;
}
