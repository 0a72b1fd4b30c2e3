#include "counter.h"

#include <stddef.h>

#include <masix/error.h>

int counter_ready(const struct counter *c)
{
	return (c->value > 0 ? MASIX_POLL_IN : 0) | (c->value < COUNTER_MAX ? MASIX_POLL_OUT : 0);
}

static void append(struct counter_call **list, struct counter_call *call)
{
	while (*list != NULL)
		list = &(*list)->next;
	call->next = NULL;
	*list = call;
}

static void answer(struct counter *c, struct counter_call **link, int error)
{
	struct counter_call *call = *link;

	*link = call->next;
	call->error = error;
	append(&c->answers, call);
}

static uint64_t take(struct counter *c)
{
	uint64_t taken = c->is_semaphore && c->value > 0 ? 1 : c->value;

	c->value -= taken;
	c->activity.went += taken > 0;
	return taken;
}

static bool add(struct counter *c, uint64_t amount)
{
	if (amount > COUNTER_MAX - c->value)
		return false;
	c->value += amount;
	c->activity.came++;
	return true;
}

/* Can the call end now?  What it does is done then. */
static bool is_done(struct counter *c, struct counter_call *call)
{
	switch (call->kind) {
	case COUNTER_READ:
		if (c->value == 0)
			return false;
		call->value = take(c);
		return true;
	case COUNTER_ADD:
		return add(c, call->value);
	case COUNTER_POLL:
		call->ready = masix_activity_answer(&c->activity, counter_ready(c), call->events);
		return !masix_activity_waits(&c->activity, counter_ready(c), call->events);
	}
	return false;
}

/* What one call does can be what another waits for. */
static void settle(struct counter *c)
{
	for (struct counter_call **link = &c->parked; *link != NULL;) {
		const bool changes = (*link)->kind != COUNTER_POLL;

		if (!is_done(c, *link)) {
			link = &(*link)->next;
			continue;
		}
		answer(c, link, 0);
		if (changes)
			link = &c->parked;
	}
}

uint64_t counter_take(struct counter *c)
{
	uint64_t taken = take(c);

	settle(c);
	return taken;
}

bool counter_add(struct counter *c, uint64_t amount)
{
	bool added = add(c, amount);

	settle(c);
	return added;
}

void counter_park(struct counter *c, struct counter_call *call)
{
	append(&c->parked, call);
}

bool counter_cancel(struct counter *c, uint32_t token)
{
	for (struct counter_call **link = &c->parked; *link != NULL; link = &(*link)->next) {
		if ((*link)->token == token) {
			answer(c, link, MASIX_E_INTERRUPTED);
			return true;
		}
	}
	return false;
}

void counter_forget(struct counter *c)
{
	while (c->parked != NULL)
		answer(c, &c->parked, MASIX_E_INTERRUPTED);
}
