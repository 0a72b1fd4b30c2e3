#include <stdio.h>
#include <string.h>

#include "log_ring.h"
#include "tests.h"

static struct log_ring ring;

static size_t read_all(uint64_t offset, uint64_t *start, char *text, size_t size)
{
	size_t count = log_ring_read(&ring, offset, start, (uint8_t *)text, size - 1);

	text[count] = '\0';
	return count;
}

static void lines_are_stamped_and_ended(void **state)
{
	char text[200];
	uint64_t start;

	(void)state;
	log_ring_init(&ring);
	log_ring_append(&ring, 1234567000ull, "acs: up\n\n", 9);
	assert_int_equal(
		read_all(0, &start, text, sizeof text), strlen("[    1.234567] acs: up\n"));
	assert_string_equal(text, "[    1.234567] acs: up\n");
	assert_int_equal(start, 0);
}

static void control_bytes_cannot_forge_lines(void **state)
{
	char text[200];
	uint64_t start;

	(void)state;
	log_ring_init(&ring);
	log_ring_append(&ring, 0, "x\nacs: fine\033[2J\x7f", 16);
	(void)read_all(0, &start, text, sizeof text);
	assert_string_equal(text, "[    0.000000] x?acs: fine?[2J?\n");
}

static void long_text_is_cut(void **state)
{
	char long_text[1000], text[1000];
	uint64_t start;

	(void)state;
	log_ring_init(&ring);
	memset(long_text, 'a', sizeof long_text);
	log_ring_append(&ring, 0, long_text, sizeof long_text);
	assert_int_equal(
		read_all(0, &start, text, sizeof text), strlen("[    0.000000] ") + 256 + 1);
}

static void the_oldest_lines_go_whole(void **state)
{
	char text[64];
	uint64_t start, end;

	(void)state;
	log_ring_init(&ring);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "line %u", i);
		log_ring_append(&ring, 0, text, strlen(text));
	}
	end = ring.end;
	assert_true(end > LOG_RING_BYTES);
	assert_true(read_all(0, &start, text, 17));
	assert_true(start >= end - LOG_RING_BYTES);
	assert_memory_equal(text, "[    0.000000] l", 16);
	/* At the end there is nothing, and beyond it neither. */
	assert_int_equal(read_all(end, &start, text, sizeof text), 0);
	assert_int_equal(read_all(end + 1000, &start, text, sizeof text), 0);
	assert_int_equal(start, end);
}

static void a_reader_goes_on_where_it_was(void **state)
{
	char text[64];
	uint64_t start;

	(void)state;
	log_ring_init(&ring);
	log_ring_append(&ring, 0, "one", 3);
	log_ring_append(&ring, 0, "two", 3);
	assert_int_equal(read_all(19, &start, text, sizeof text), 19);
	assert_string_equal(text, "[    0.000000] two\n");
}

int test_log_ring(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_stamped_and_ended),
		cmocka_unit_test(control_bytes_cannot_forge_lines),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(the_oldest_lines_go_whole),
		cmocka_unit_test(a_reader_goes_on_where_it_was),
	};

	return cmocka_run_group_tests_name("console log ring", tests, NULL, NULL);
}
