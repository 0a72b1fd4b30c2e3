/* Copying and filling without the C library: every size and alignment, and not one byte more. */
#include "test.h"

#include <string.h>

#include "vector/bytes.h"

#define SIZE 300

static void copy(void **state)
{
	unsigned char from[SIZE + 8], to[SIZE + 16], wanted[SIZE + 16];
	size_t size, i, shift;

	(void)state;
	for (i = 0; i < sizeof from; i++)
		from[i] = (unsigned char)(i * 7 + 1);
	for (size = 0; size <= SIZE; size++)
		for (shift = 0; shift < 4; shift++) {
			memset(to, 0xee, sizeof to);
			memset(wanted, 0xee, sizeof wanted);
			memcpy(wanted + 8 + shift, from + 3 - shift, size);
			assert_ptr_equal(vector_copy(to + 8 + shift, from + 3 - shift, size),
				to + 8 + shift);
			assert_memory_equal(to, wanted, sizeof to);
		}
}

static void fill(void **state)
{
	unsigned char to[SIZE + 16], wanted[SIZE + 16];
	size_t size;

	(void)state;
	for (size = 0; size <= SIZE; size++) {
		memset(to, 0xee, sizeof to);
		memset(wanted, 0xee, sizeof wanted);
		/* cppcheck-suppress memsetValueOutOfRange; only the low byte counts */
		memset(wanted + 7, 0x1a5, size);
		assert_ptr_equal(vector_fill(to + 7, 0x1a5, size), to + 7);
		assert_memory_equal(to, wanted, sizeof to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy),
		cmocka_unit_test(fill),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
