/* What happens to servers by itself. */
#include "launcher.h"

#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <stdio.h>
#include <string.h>

#include "launch.h"
#include "mach.h"
#include "mach_port.h"

/* The servers as plan.h wants to see them.  Under the lock. */
static unsigned draw_up(struct acs *acs, struct plan_server table[SERVERS_MAX])
{
	const struct server *server;
	unsigned count = 0;

	for (server = acs->servers; server != NULL; server = server->next)
		table[count++] = (struct plan_server){
			.manifest = &server->manifest,
			.state = server->state,
			.deadline = server->deadline,
		};
	return count;
}

/* Make the task of a LAUNCHING server.  Called and returns with the lock; nobody else touches the
 * server meanwhile. */
static void launch(struct acs *acs, struct server *server)
{
	struct corpse *corpse = estate_corpse(&server->estate);
	struct launch_parent parent = { .task = MACH_PORT_NULL };
	const char *why = "";
	mach_port_t task;
	kern_return_t kr;

	pthread_mutex_unlock(&acs->lock);
	if (corpse != NULL) {
		corpse_wait(corpse);
		parent = (struct launch_parent){ corpse_task(corpse), &server->kept };
	}
	kr = launch_task(
		server->image, server->manifest.name, corpse != NULL ? &parent : NULL, &task, &why);
	if (kr == KERN_SUCCESS) {
		kr = server_run(acs, server, task);
		if (kr != KERN_SUCCESS) {
			why = "no session for it";
			(void)task_terminate(task);
			(void)mach_port_deallocate(mach_task_self(), task);
		}
	}
	pthread_mutex_lock(&acs->lock);
	if (kr != KERN_SUCCESS)
		server_start_failed(acs, server, kr, why);
}

static void refuse(struct acs *acs, struct server *server, const char *need)
{
	const struct server *needed = server_find(acs, need, strlen(need));
	char reason[AUDIT_DETAIL_SIZE];

	snprintf(reason, sizeof reason, "needs %s, which %s", need,
		needed == NULL ? "is not there" : "has failed");
	server_start_failed(acs, server, MASIX_E_NOT_FOUND, reason);
}

static struct server *nth(struct acs *acs, unsigned n)
{
	struct server *server = acs->servers;

	while (n-- != 0)
		server = server->next;
	return server;
}

void launcher_run(struct acs *acs, uint64_t now)
{
	struct plan_server table[SERVERS_MAX];

	pthread_mutex_lock(&acs->lock);
	for (;;) {
		struct plan_step step = plan_next(table, draw_up(acs, table), now);
		struct server *server;

		if (step.what == PLAN_NOTHING || acs->stopping)
			break;
		server = nth(acs, step.which);
		switch (step.what) {
		case PLAN_NOTHING:
			break;
		case PLAN_LATE:
			server_too_late(acs, server);
			break;
		case PLAN_AGAIN:
		case PLAN_CALL:
			server->state = SERVER_WANTED;
			break;
		case PLAN_LAUNCH:
			server->state = SERVER_LAUNCHING;
			launch(acs, server);
			break;
		case PLAN_REFUSE:
			refuse(acs, server, step.need);
			break;
		}
	}
	pthread_mutex_unlock(&acs->lock);
}

uint64_t launcher_deadline(struct acs *acs, uint64_t now)
{
	struct plan_server table[SERVERS_MAX];

	if (acs->stopping)
		return UINT64_MAX;
	return plan_deadline(table, draw_up(acs, table), now);
}
