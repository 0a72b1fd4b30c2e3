#include "core.h"

#include <pthread.h>
#include <time.h>

#include "call.h"
#include "interfaces.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "sink.h"

#define LONGEST_MS 60000u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct call *answers, **last_answer = &answers; /* lock */
/* When the timer's thread looks again, in ms of sys_now; lock. */
static uint32_t next_look;
static pthread_cond_t sooner;

void core_enter(void)
{
	pthread_mutex_lock(&lock);
}

void core_answer(struct call *call)
{
	call->next = NULL;
	*last_answer = call;
	last_answer = &call->next;
}

static uint32_t until_timeout(void)
{
	uint32_t ms = sys_timeouts_sleeptime();

	return ms < LONGEST_MS ? ms : LONGEST_MS;
}

void core_leave(void)
{
	struct call *ended;

	netif_poll_all();
	sink_flush();
	interfaces_flush();
	ended = answers;
	answers = NULL;
	last_answer = &answers;
	if ((int32_t)(sys_now() + until_timeout() - next_look) < 0)
		pthread_cond_signal(&sooner);
	pthread_mutex_unlock(&lock);
	while (ended != NULL) {
		struct call *call = ended;

		ended = call->next;
		call_answer(call);
	}
}

static void *run_timers(void *unused)
{
	(void)unused;
	for (;;) {
		struct timespec until;
		uint32_t ms;

		core_enter();
		sys_check_timeouts();
		core_leave();
		core_enter();
		ms = until_timeout();
		next_look = sys_now() + ms;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += ms / 1000;
		until.tv_nsec += (long)(ms % 1000) * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&sooner, &lock, &until);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

kern_return_t core_start(void)
{
	pthread_condattr_t attributes;
	pthread_t thread;

	port_memory_init();
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sooner, &attributes);
	lwip_init();
	return pthread_create(&thread, NULL, run_timers, NULL) == 0 ? KERN_SUCCESS
								    : KERN_RESOURCE_SHORTAGE;
}
