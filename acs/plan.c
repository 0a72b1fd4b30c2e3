/* What is to be done next for the servers. */
#include "plan.h"

#include <string.h>

/* How near each state is to being up. */
static const int nearness[] = {
	[SERVER_FAILED] = 0,
	[SERVER_DRAINING] = 0,
	[SERVER_DECLARED] = 1,
	[SERVER_ENDING] = 1,
	[SERVER_WAITING] = 2,
	[SERVER_WANTED] = 3,
	[SERVER_LAUNCHING] = 4,
	[SERVER_STARTING] = 5,
	[SERVER_UP] = 6,
};

/* The server of that name which is nearest to being up, or -1. */
static int nearest(const struct plan_server *servers, unsigned count, const char *name)
{
	int best = -1;
	unsigned i;

	for (i = 0; i < count; i++)
		if (strcmp(servers[i].manifest->name, name) == 0 &&
			(best < 0 || nearness[servers[i].state] > nearness[servers[best].state]))
			best = i;
	return best;
}

static bool has_deadline(const struct plan_server *server)
{
	return server->state == SERVER_STARTING || server->state == SERVER_DRAINING ||
	       server->state == SERVER_WAITING;
}

/* What a WANTED server waits for. */
static struct plan_step advance(const struct plan_server *servers, unsigned count, unsigned which)
{
	const struct manifest *manifest = servers[which].manifest;
	struct plan_step step = { PLAN_LAUNCH, which, NULL };
	unsigned i;

	for (i = 0; i < manifest->need_count; i++) {
		int need = nearest(servers, count, manifest->needs[i]);

		if (need < 0 || nearness[servers[need].state] == 0)
			return (struct plan_step){ PLAN_REFUSE, which, manifest->needs[i] };
		if (servers[need].state == SERVER_DECLARED)
			return (struct plan_step){ PLAN_CALL, need, NULL };
		if (servers[need].state != SERVER_UP)
			step.what = PLAN_NOTHING;
	}
	return step;
}

struct plan_step plan_next(const struct plan_server *servers, unsigned count, uint64_t now)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		struct plan_step step = { PLAN_NOTHING, i, NULL };

		if (has_deadline(&servers[i]) && servers[i].deadline <= now)
			step.what = servers[i].state == SERVER_WAITING ? PLAN_AGAIN : PLAN_LATE;
		else if (servers[i].state == SERVER_WANTED)
			step = advance(servers, count, i);
		if (step.what != PLAN_NOTHING)
			return step;
	}
	return (struct plan_step){ PLAN_NOTHING, 0, NULL };
}

uint64_t plan_deadline(const struct plan_server *servers, unsigned count, uint64_t now)
{
	uint64_t deadline = UINT64_MAX;
	unsigned i;

	if (plan_next(servers, count, now).what != PLAN_NOTHING)
		return 0;
	for (i = 0; i < count; i++)
		if (has_deadline(&servers[i]) && servers[i].deadline < deadline)
			deadline = servers[i].deadline;
	return deadline;
}
