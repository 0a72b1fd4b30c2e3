/* Counters: values, calls that wait, what is news. */
#include "counter.h"

#include <stdlib.h>

#include <masix/error.h>

#include "test.h"

static struct counter_call *parked(struct counter *c, enum counter_call_kind kind, uint32_t token)
{
	struct counter_call *call = calloc(1, sizeof(*call));

	call->kind = kind;
	call->token = token;
	call->events = MASIX_POLL_IN;
	counter_park(c, call);
	return call;
}

/* The oldest answer, which must be that of `call`. */
static void expect_answer(struct counter *c, struct counter_call *call, int error)
{
	assert_ptr_equal(c->answers, call);
	assert_int_equal(call->error, error);
	c->answers = call->next;
	free(call);
}

static void value_is_taken(void **state)
{
	struct counter c = { .value = 5 }, s = { .value = 2, .is_semaphore = true };

	(void)state;
	assert_int_equal(counter_take(&c), 5);
	assert_int_equal(counter_take(&c), 0);
	assert_int_equal(counter_take(&s), 1);
	assert_int_equal(counter_take(&s), 1);
	assert_int_equal(counter_take(&s), 0);
}

static void there_is_a_most(void **state)
{
	struct counter c = { .value = COUNTER_MAX - 1 };

	(void)state;
	assert_false(counter_add(&c, 2));
	assert_int_equal(counter_ready(&c), MASIX_POLL_IN | MASIX_POLL_OUT);
	assert_true(counter_add(&c, 1));
	assert_int_equal(counter_ready(&c), MASIX_POLL_IN);
}

static void who_waits_is_served(void **state)
{
	struct counter c = { 0 };
	struct counter_call *poll = parked(&c, COUNTER_POLL, 1);
	struct counter_call *first = parked(&c, COUNTER_READ, 2);
	struct counter_call *second = parked(&c, COUNTER_READ, 3);

	(void)state;
	assert_true(counter_add(&c, 7));
	assert_int_equal(poll->ready, MASIX_POLL_IN);
	expect_answer(&c, poll, 0);
	assert_int_equal(first->value, 7);
	expect_answer(&c, first, 0);
	assert_null(c.answers);
	assert_true(counter_cancel(&c, 3));
	assert_false(counter_cancel(&c, 3));
	expect_answer(&c, second, MASIX_E_INTERRUPTED);
}

static void a_reader_makes_room_for_a_writer(void **state)
{
	struct counter c = { .value = COUNTER_MAX };
	struct counter_call *add = parked(&c, COUNTER_ADD, 1);
	struct counter_call *read = parked(&c, COUNTER_READ, 2);

	(void)state;
	add->value = 3;
	assert_int_equal(counter_take(&c), COUNTER_MAX);
	expect_answer(&c, add, 0);
	assert_int_equal(read->value, 3);
	expect_answer(&c, read, 0);
	assert_int_equal(c.value, 0);
}

static void only_news_is_told(void **state)
{
	struct counter c = { .value = 1 };
	const int seen = MASIX_POLL_IN | MASIX_POLL_COUNTED;

	(void)state;
	assert_true(masix_activity_waits(&c.activity, counter_ready(&c), seen));
	assert_false(masix_activity_waits(&c.activity, counter_ready(&c), MASIX_POLL_IN));
	assert_true(counter_add(&c, 1));
	assert_false(masix_activity_waits(&c.activity, counter_ready(&c), seen));
	assert_int_equal(masix_activity_answer(&c.activity, counter_ready(&c), seen),
		MASIX_POLL_IN | MASIX_POLL_COUNTED | 1 << MASIX_POLL_COUNT_SHIFT);
	assert_int_equal(masix_activity_answer(&c.activity, counter_ready(&c), MASIX_POLL_IN),
		MASIX_POLL_IN);
}

static void who_is_gone_is_forgotten(void **state)
{
	struct counter c = { 0 };
	struct counter_call *one = parked(&c, COUNTER_READ, 1),
			    *other = parked(&c, COUNTER_POLL, 2);

	(void)state;
	counter_forget(&c);
	expect_answer(&c, one, MASIX_E_INTERRUPTED);
	expect_answer(&c, other, MASIX_E_INTERRUPTED);
	assert_null(c.parked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_is_taken),
		cmocka_unit_test(there_is_a_most),
		cmocka_unit_test(who_waits_is_served),
		cmocka_unit_test(a_reader_makes_room_for_a_writer),
		cmocka_unit_test(only_news_is_told),
		cmocka_unit_test(who_is_gone_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
