/* Unit tests of pipe.c. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "test.h"

/* Pages of the host; counted, so that each is given back once. */
static int pages_out;

static uint32_t page_count(const void *data, uint32_t size)
{
	uintptr_t from = (uintptr_t)data & ~(uintptr_t)(PIPE_PAGE - 1);
	uintptr_t to = ((uintptr_t)data + size + PIPE_PAGE - 1) & ~(uintptr_t)(PIPE_PAGE - 1);

	return (to - from) / PIPE_PAGE;
}

static void *allocate(uint32_t size)
{
	char *pages = aligned_alloc(PIPE_PAGE, (size + PIPE_PAGE - 1) & ~(PIPE_PAGE - 1));

	pages_out += page_count(pages, size);
	return pages;
}

/* Parts of one allocation come back separately: only counted, freed by the test. */
static void release(void *data, uint32_t size)
{
	pages_out -= page_count(data, size);
}

static const struct pipe_memory memory = { allocate, release };

static int begin(void **state)
{
	struct pipe *p = malloc(sizeof(*p));

	pages_out = 0;
	pipe_init(p, &memory);
	pipe_open(p, true, false);
	pipe_open(p, false, true);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct pipe *p = *state;

	pipe_destroy(p);
	free(p);
	return 0;
}

static struct pipe_call *park(struct pipe *p, enum pipe_call_kind kind, uint32_t token)
{
	struct pipe_call *call = calloc(1, sizeof(*call));

	call->kind = kind;
	call->end = p;
	call->token = token;
	call->amount = 100;
	pipe_park(p, call);
	return call;
}

/* For room; of a writer's end, or of one that is open both ways. */
static void park_poll(struct pipe *p, uint32_t token, bool reader)
{
	struct pipe_call *call = park(p, PIPE_POLL, token);

	call->events = MASIX_POLL_OUT;
	call->reader = reader;
	call->writer = true;
}

/* Take the first answer off the list; the caller frees it with pipe_call_free. */
static struct pipe_call *answer(struct pipe *p)
{
	struct pipe_call *call = p->answers;

	if (call != NULL)
		p->answers = call->next;
	return call;
}

static uint32_t write_now(struct pipe *p, const char *text)
{
	uint32_t count;
	int error;

	assert_int_equal(pipe_write(p, text, strlen(text), true, &error, &count), PIPE_DONE);
	assert_int_equal(error, 0);
	return count;
}

static void test_round_trip(void **state)
{
	struct pipe *p = *state;
	char buffer[16];
	uint32_t count;
	int error;

	assert_int_equal(pipe_read(p, buffer, 16, false, &error, &count), PIPE_WAIT);
	assert_int_equal(pipe_read(p, buffer, 16, true, &error, &count), PIPE_DONE);
	assert_int_equal(error, MASIX_E_WOULD_BLOCK);
	assert_int_equal(write_now(p, "hello "), 6);
	assert_int_equal(write_now(p, "world"), 5);
	assert_int_equal(pipe_read(p, buffer, 8, false, &error, &count), PIPE_DONE);
	assert_int_equal(count, 8);
	assert_memory_equal(buffer, "hello wo", 8);
	assert_int_equal(pipe_read(p, buffer, 8, false, &error, &count), PIPE_DONE);
	assert_int_equal(count, 3);
	assert_memory_equal(buffer, "rld", 3);
}

/* A parked reader gets the writer's bytes past the queue; they are its own, since the writer may be answered first. */
static void test_direct(void **state)
{
	struct pipe *p = *state;
	static const char text[] = "direct";
	uint32_t count;
	int error;

	park(p, PIPE_READ, 1);
	assert_int_equal(pipe_write(p, text, 6, false, &error, &count), PIPE_DONE);
	assert_int_equal(count, 6);
	struct pipe_call *call = answer(p);

	assert_int_equal(call->count, 6);
	assert_memory_equal(call->data.data, text, 6);
	assert_true(call->data_owned);
	assert_int_equal(p->queued, 0);
	pipe_call_free(p, call);
}

static void test_end_of_file(void **state)
{
	struct pipe *p = *state;
	char buffer[4];
	uint32_t count = 9;
	int error;

	write_now(p, "ab");
	park_poll(p, 3, false); /* parked too late to matter */
	pipe_close(p, false, true);
	assert_int_equal(pipe_poll(p, true, false), MASIX_POLL_IN | MASIX_POLL_HUP);
	assert_int_equal(pipe_read(p, buffer, 4, false, &error, &count), PIPE_DONE);
	assert_int_equal(count, 2);
	assert_int_equal(pipe_read(p, buffer, 4, false, &error, &count), PIPE_DONE);
	assert_int_equal(error, 0);
	assert_int_equal(count, 0);
}

static void test_last_writer_wakes_reader(void **state)
{
	struct pipe *p = *state;

	park(p, PIPE_READ, 1);
	pipe_close(p, false, true);
	struct pipe_call *call = answer(p);

	assert_int_equal(call->error, 0);
	assert_int_equal(call->count, 0);
	pipe_call_free(p, call);
}

static void test_broken(void **state)
{
	struct pipe *p = *state;
	uint32_t count;
	int error;

	pipe_close(p, true, false);
	assert_int_equal(pipe_write(p, "x", 1, false, &error, &count), PIPE_DONE);
	assert_int_equal(error, MASIX_E_PIPE);
	assert_true((pipe_poll(p, false, true) & MASIX_POLL_ERR) != 0);
}

/* Fill the pipe; returns what it took. */
static uint32_t fill(struct pipe *p)
{
	static char block[PIPE_CAPACITY * 2];
	uint32_t count;
	int error;

	assert_int_equal(pipe_write(p, block, sizeof(block), true, &error, &count), PIPE_DONE);
	assert_int_equal(error, 0);
	return count;
}

static void test_full(void **state)
{
	struct pipe *p = *state;
	char buffer[PIPE_ATOMIC];
	uint32_t count;
	int error;

	assert_int_equal(fill(p), PIPE_CAPACITY);
	assert_int_equal(pipe_poll(p, false, true), 0);
	assert_int_equal(pipe_write(p, "x", 1, true, &error, &count), PIPE_DONE);
	assert_int_equal(error, MASIX_E_WOULD_BLOCK);
	park_poll(p, 4, false);
	park_poll(p, 5, true);
	/* Room for a part of an atomic write is no room. */
	assert_int_equal(pipe_read(p, buffer, 100, true, &error, &count), PIPE_DONE);
	assert_null(p->answers);
	assert_int_equal(pipe_write(p, buffer, 200, true, &error, &count), PIPE_DONE);
	assert_int_equal(error, MASIX_E_WOULD_BLOCK);
	assert_int_equal(pipe_read(p, buffer, PIPE_ATOMIC, true, &error, &count), PIPE_DONE);
	for (uint32_t token = 4; token <= 5; token++) {
		struct pipe_call *call = answer(p);

		assert_non_null(call);
		assert_int_equal(call->token, token);
		assert_int_equal(call->ready, MASIX_POLL_OUT);
		pipe_call_free(p, call);
	}
}

static struct pipe_call *park_write(struct pipe *p, const char *text, uint32_t token)
{
	struct pipe_call *call = calloc(1, sizeof(*call));

	call->kind = PIPE_WRITE;
	call->end = p;
	call->token = token;
	call->memory = strdup(text);
	call->rest = (struct pipe_span){ .data = call->memory, .length = strlen(text) };
	pipe_park(p, call);
	return call;
}

/* Writers wait in order, and nobody passes them. */
static void test_writers_in_order(void **state)
{
	struct pipe *p = *state;
	static char sink[PIPE_CAPACITY];
	char buffer[16];
	uint32_t count;
	int error;

	fill(p);
	struct pipe_call *first = park_write(p, "first", 1), *second = park_write(p, "second", 2);

	assert_int_equal(pipe_read(p, buffer, 5, true, &error, &count), PIPE_DONE);
	assert_ptr_equal(answer(p), first);
	assert_null(answer(p));
	assert_int_equal(pipe_write(p, "x", 1, true, &error, &count), PIPE_DONE);
	assert_int_equal(error, MASIX_E_WOULD_BLOCK);
	assert_int_equal(pipe_read(p, sink, PIPE_CAPACITY - 5, true, &error, &count), PIPE_DONE);
	assert_ptr_equal(answer(p), second);
	assert_int_equal(second->count, 6);
	assert_int_equal(pipe_read(p, buffer, 16, true, &error, &count), PIPE_DONE);
	assert_int_equal(count, 11);
	assert_memory_equal(buffer, "firstsecond", 11);
	pipe_call_free(p, first);
	pipe_call_free(p, second);
}

static void test_cancel(void **state)
{
	struct pipe *p = *state;
	int other;

	park(p, PIPE_READ, 7);
	assert_false(pipe_cancel(p, p, 8));
	assert_false(pipe_cancel(p, &other, 7));
	assert_true(pipe_cancel(p, p, 7));
	struct pipe_call *call = answer(p);

	assert_int_equal(call->error, MASIX_E_INTERRUPTED);
	pipe_call_free(p, call);
	/* A write that got some bytes through has succeeded. */
	fill(p);
	call = park_write(p, "rest", 9);
	call->count = 3;
	assert_true(pipe_cancel(p, p, 9));
	assert_ptr_equal(answer(p), call);
	assert_int_equal(call->error, 0);
	assert_int_equal(call->count, 3);
	pipe_call_free(p, call);
}

/* What a reader that was gone would have got comes first, also beyond the capacity. */
static void test_unread(void **state)
{
	struct pipe *p = *state;
	char bytes[8];
	uint32_t count;
	int error;

	fill(p);
	pipe_unread(p, "gone", 4);
	assert_int_equal(pipe_poll(p, false, true) & MASIX_POLL_OUT, 0);
	assert_int_equal(pipe_write(p, "x", 1, true, &error, &count), PIPE_DONE);
	assert_int_equal(error, MASIX_E_WOULD_BLOCK);
	assert_int_equal(pipe_read(p, bytes, 4, true, &error, &count), PIPE_DONE);
	assert_int_equal(count, 4);
	assert_memory_equal(bytes, "gone", 4);
	/* Or goes to who waits. */
	while (p->queued > 0)
		assert_int_equal(
			pipe_read(p, bytes, sizeof(bytes), true, &error, &count), PIPE_DONE);
	park(p, PIPE_READ, 3);
	pipe_unread(p, "back", 4);

	struct pipe_call *call = answer(p);

	assert_int_equal(call->count, 4);
	assert_memory_equal(call->data.data, "back", 4);
	pipe_call_free(p, call);
}

/* The calls of an end that is closed do not take what is for others. */
static void test_forget(void **state)
{
	struct pipe *p = *state;
	struct pipe_call *call;

	park(p, PIPE_READ, 1);
	park(p, PIPE_POLL, 2);
	pipe_forget(p, p + 1);
	assert_null(p->answers);
	pipe_forget(p, p);
	for (unsigned token = 1; token <= 2; token++) {
		call = answer(p);
		assert_int_equal(call->token, token);
		assert_int_equal(call->error, MASIX_E_INTERRUPTED);
		pipe_call_free(p, call);
	}
	assert_null(p->reads);
	assert_null(p->polls);
}

static void test_reader_gone_wakes_writers(void **state)
{
	struct pipe *p = *state;

	fill(p);
	struct pipe_call *call = park_write(p, "rest", 9);

	pipe_close(p, true, false);
	assert_ptr_equal(answer(p), call);
	assert_int_equal(call->error, MASIX_E_PIPE);
	pipe_call_free(p, call);
}

/* Pages go through untouched when the reader takes that many. */
static void test_pages(void **state)
{
	struct pipe *p = *state;
	char *pages = allocate(5 * PIPE_PAGE);
	struct pipe_span in = { .data = pages, .length = 5 * PIPE_PAGE, .paged = true }, out;
	uint32_t count;
	int error;

	assert_int_equal(pipe_write_large(p, &in, false, &error, &count), PIPE_DONE);
	assert_int_equal(count, 5 * PIPE_PAGE);
	assert_int_equal(pipe_read_large(p, 8 * PIPE_PAGE, false, &error, &out), PIPE_DONE);
	assert_ptr_equal(out.data, pages);
	assert_int_equal(out.length, 5 * PIPE_PAGE);
	release(out.data, out.length);
	assert_int_equal(pages_out, 0);
	free(pages);
}

/* A write larger than the pipe, read in small pieces: all bytes, in order, all pages given back. */
static void test_large_by_small(void **state)
{
	struct pipe *p = *state;
	const uint32_t size = 3 * PIPE_CAPACITY + 1000, offset = 100;
	char *pages = allocate(offset + size);
	struct pipe_span in = { .data = pages + offset, .length = size, .paged = true };
	uint32_t count, total = 0;
	char buffer[999];
	int error;

	for (uint32_t i = 0; i < size; i++)
		pages[offset + i] = (char)(i * 7);
	assert_int_equal(pipe_write_large(p, &in, false, &error, &count), PIPE_WAIT);
	struct pipe_call *call = calloc(1, sizeof(*call));

	*call = (struct pipe_call){ .kind = PIPE_WRITE_LARGE, .rest = in, .count = count };
	pipe_park(p, call);
	while (total < size) {
		assert_int_equal(
			pipe_read(p, buffer, sizeof(buffer), true, &error, &count), PIPE_DONE);
		assert_int_equal(error, 0);
		assert_true(count > 0);
		for (uint32_t i = 0; i < count; i++)
			assert_int_equal(buffer[i], (char)((total + i) * 7));
		total += count;
	}
	assert_ptr_equal(answer(p), call);
	assert_int_equal(call->count, size);
	pipe_call_free(p, call);
	assert_int_equal(pages_out, 0);
	free(pages);
}

static void test_pages_to_parked(void **state)
{
	struct pipe *p = *state;
	char *pages = allocate(2 * PIPE_PAGE);
	struct pipe_span in = { .data = pages, .length = 2 * PIPE_PAGE, .paged = true };
	uint32_t count;
	int error;

	memset(pages, 'a', 2 * PIPE_PAGE);
	park(p, PIPE_READ, 1);
	park(p, PIPE_READ_LARGE, 2)->amount = 8 * PIPE_PAGE;
	assert_int_equal(pipe_write_large(p, &in, false, &error, &count), PIPE_DONE);
	struct pipe_call *small = answer(p), *large = answer(p);

	assert_int_equal(small->count, 100);
	assert_true(small->data_owned);
	assert_int_equal(large->count, 2 * PIPE_PAGE - 100);
	assert_true(large->data_owned && large->data.paged);
	pipe_call_free(p, small);
	pipe_call_free(p, large);
	assert_int_equal(pages_out, 0);
	free(pages);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_direct),
		TEST(test_end_of_file),
		TEST(test_last_writer_wakes_reader),
		TEST(test_broken),
		TEST(test_full),
		TEST(test_writers_in_order),
		TEST(test_cancel),
		TEST(test_forget),
		TEST(test_unread),
		TEST(test_reader_gone_wakes_writers),
		TEST(test_pages),
		TEST(test_large_by_small),
		TEST(test_pages_to_parked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
