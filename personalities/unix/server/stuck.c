#include "stuck.h"

#include <pthread.h>

#include <masix/server.h>

#define STUCK_NS 2000000000ull
#define OF_USER_MAX 8 /* root is not limited */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below, and of `replaced` */
static struct stuck_call *calls;

void stuck_begin(struct stuck_call *call, int pid, uint32_t uid, struct stuck_crew *crew)
{
	*call = (struct stuck_call){
		.pid = pid, .uid = uid, .since = masix_monotonic_ns(), .crew = crew
	};
	pthread_mutex_lock(&lock);
	call->next = calls;
	calls = call;
	pthread_mutex_unlock(&lock);
}

void stuck_end(struct stuck_call *call)
{
	struct stuck_call **link = &calls;

	pthread_mutex_lock(&lock);
	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	if (call->replaced) {
		call->crew->replaced--;
		atomic_fetch_add(&call->crew->surplus, 1);
	}
	pthread_mutex_unlock(&lock);
}

bool stuck_too_many(uint32_t uid)
{
	unsigned found = 0;

	pthread_mutex_lock(&lock);
	for (const struct stuck_call *call = calls; call != NULL; call = call->next)
		found += call->overdue && call->uid == uid;
	pthread_mutex_unlock(&lock);
	return uid != 0 && found >= OF_USER_MAX;
}

unsigned stuck_replaced(struct stuck_crew *crew)
{
	pthread_mutex_lock(&lock);
	unsigned replaced = crew->replaced;

	pthread_mutex_unlock(&lock);
	return replaced;
}

bool stuck_is_surplus(struct stuck_crew *crew)
{
	unsigned surplus = atomic_load(&crew->surplus);

	while (surplus > 0)
		if (atomic_compare_exchange_weak(&crew->surplus, &surplus, surplus - 1))
			return true;
	return false;
}

/* Lock held.  One that should end goes on instead. */
static bool replace(struct stuck_crew *crew)
{
	return crew->replaced < crew->most && (stuck_is_surplus(crew) || crew->add());
}

static void report(const struct stuck_call *call)
{
	if (call->pid != 0)
		masix_log("the kernel does not let go of process %d", call->pid);
	else
		masix_log("the memory of a message does not come");
}

void stuck_replace(void)
{
	uint64_t now = masix_monotonic_ns();

	pthread_mutex_lock(&lock);
	for (struct stuck_call *call = calls; call != NULL; call = call->next) {
		if (call->replaced || now - call->since < STUCK_NS)
			continue;
		if (!call->overdue)
			report(call);
		call->overdue = true;
		call->replaced = replace(call->crew);
		call->crew->replaced += call->replaced;
	}
	pthread_mutex_unlock(&lock);
}
