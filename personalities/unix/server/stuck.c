#include "stuck.h"

#include <pthread.h>

#include <masix/server.h>

#include "server.h"

#define STUCK_NS 2000000000ull
#define REPLACEMENTS_MAX 32 /* since start */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static struct stuck_call *calls;
static unsigned replacements;

void stuck_begin(struct stuck_call *call, int pid, bool worker)
{
	*call = (struct stuck_call){ .pid = pid, .since = masix_monotonic_ns(), .worker = worker };
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
	pthread_mutex_unlock(&lock);
}

void workers_replace_stuck(void)
{
	uint64_t now = masix_monotonic_ns();

	pthread_mutex_lock(&lock);
	for (struct stuck_call *call = calls; call != NULL; call = call->next) {
		if (call->reported || now - call->since < STUCK_NS)
			continue;
		call->reported = true;
		masix_log("the kernel does not let go of process %d", call->pid);
		if (call->worker && replacements < REPLACEMENTS_MAX)
			replacements += worker_add();
	}
	pthread_mutex_unlock(&lock);
}
