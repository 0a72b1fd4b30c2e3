/* Time-outs of raw reads (VTIME): one thread for all terminals, started when first needed. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <masix/server.h>

#include "terminal.h"

struct alarm {
	struct alarm *next;
	struct terminal *terminal; /* a reference */
	uint64_t deadline;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct alarm *alarms; /* earliest first */
static bool running;

static void wait_until(uint64_t deadline)
{
	uint64_t now = masix_monotonic_ns();
	uint64_t wake = masix_realtime_ns() + (deadline > now ? deadline - now : 0);
	const struct timespec time = { .tv_sec = wake / 1000000000, .tv_nsec = wake % 1000000000 };

	/* Early or late: the loop looks at the clock again. */
	(void)pthread_cond_timedwait(&changed, &lock, &time);
}

static void *run(void *unused)
{
	pthread_mutex_lock(&lock);
	for (;;) {
		struct alarm *first = alarms;

		if (first == NULL) {
			pthread_cond_wait(&changed, &lock);
			continue;
		}
		if (masix_monotonic_ns() < first->deadline) {
			wait_until(first->deadline);
			continue;
		}
		alarms = first->next;
		pthread_mutex_unlock(&lock);
		kept_lock(&first->terminal->lock);
		terminal_leave(first->terminal);
		terminal_put(first->terminal);
		plain_free(first);
		pthread_mutex_lock(&lock);
	}
	return unused;
}

void terminal_alarm(struct terminal *t, uint64_t deadline)
{
	struct alarm *alarm = plain_malloc(sizeof(*alarm));
	pthread_t thread;

	if (alarm == NULL)
		return; /* the read then waits for a byte */
	*alarm = (struct alarm){ .terminal = terminal_ref(t), .deadline = deadline };
	pthread_mutex_lock(&lock);
	struct alarm **link = &alarms;

	while (*link != NULL && (*link)->deadline <= deadline)
		link = &(*link)->next;
	alarm->next = *link;
	*link = alarm;
	if (!running)
		running = pthread_create(&thread, NULL, run, NULL) == 0;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}
