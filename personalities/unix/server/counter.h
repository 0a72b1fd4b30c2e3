/* A counter that can be waited for: eventfd(2), and what a timerfd has counted.  Pure: the caller holds the lock, and
 * sends the answers that collect in `answers` after releasing it. */
#ifndef UNIX_COUNTER_H
#define UNIX_COUNTER_H

#include <masix/activity.h>
#include <stdbool.h>
#include <stdint.h>

#define COUNTER_MAX (UINT64_MAX - 1)

enum counter_call_kind { COUNTER_READ, COUNTER_ADD, COUNTER_POLL };

/* A parked call, later its answer. */
struct counter_call {
	struct counter_call *next;
	enum counter_call_kind kind;
	uint32_t token;
	uint32_t reply; /* send-once right, owned */
	int events;	/* COUNTER_POLL */
	uint64_t value; /* COUNTER_ADD: how much; the answer of COUNTER_READ */

	/* The answer. */
	int error;
	int ready;
};

struct counter {
	uint64_t value;
	bool is_semaphore;
	struct masix_activity activity;
	struct counter_call *parked, *answers; /* oldest first */
};

/* What is there, or 1 of it; 0: nothing. */
uint64_t counter_take(struct counter *c);
/* False: there is no room for so much. */
bool counter_add(struct counter *c, uint64_t amount);
int counter_ready(const struct counter *c);

/* Park a call (malloc), which the counter owns until it is an answer. */
void counter_park(struct counter *c, struct counter_call *call);
/* False: there is no such call. */
bool counter_cancel(struct counter *c, uint32_t token);
/* End all that waits: nobody hears of it. */
void counter_forget(struct counter *c);

#endif
