/* How lives end, and what becomes of the server then. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <string.h>

#include "life.h"
#include "machine.h"
#include "names.h"

enum server_state life_after_end(struct acs *acs, struct server *server, enum server_end end)
{
	const enum manifest_restart policy = server->manifest.restart;
	const bool again = policy == MANIFEST_RESTART_BACKOFF || policy == MANIFEST_RESTART_ALWAYS;

	pthread_cond_broadcast(&acs->changed);
	if (end == SERVER_RESTARTED && !acs->stopping) {
		server->restart.failures = 0;
		return server->state = SERVER_WANTED;
	}
	if (end == SERVER_STOPPED || policy == MANIFEST_RESTART_HALT || acs->stopping ||
		server->successor || (!again && !server->on_demand)) {
		life_discard(acs, server);
		return SERVER_GONE;
	}
	server->deadline = (end == SERVER_KILLED ? restart_after_kill : restart_after_death)(
		&server->restart, policy == MANIFEST_RESTART_BACKOFF, masix_monotonic_ns());
	return server->state = server->deadline == UINT64_MAX ? SERVER_FAILED
			       : again			      ? SERVER_WAITING
							      : SERVER_DECLARED;
}

static const char *const consequences[] = {
	[SERVER_WAITING] = "; will be started again",
	[SERVER_FAILED] = "; failed too often",
	[SERVER_GONE] = "",
};

static const char *consequence(enum server_state state)
{
	return consequences[state] != NULL ? consequences[state] : "";
}

/* An heir that is ready has no estate any more. */
static bool is_failed_heir(const struct server *server, enum server_end end)
{
	return server->estate.count != 0 && end == SERVER_DIED;
}

/* Does what the server leaves wait for its successor?  Under the lock. */
static bool leaves_estate(const struct acs *acs, const struct server *server, enum server_end end)
{
	return server->manifest.inherits && server->kept.count != 0 &&
	       (end == SERVER_DIED || end == SERVER_KILLED || end == SERVER_RESTARTED) &&
	       !acs->stopping && server->state != SERVER_DRAINING && !server->successor &&
	       server->estate.count < ESTATE_CORPSES &&
	       server->estate.failures + is_failed_heir(server, end) < ESTATE_FAILURES;
}

/* Nobody looks for it or starts it before its names have gone: one that is started again would find them taken.  With the
 * lock, which is dropped meanwhile. */
static void clear_names(struct acs *acs, struct server *server, uint32_t owner,
	const struct estate *estate, bool leaves)
{
	server->state = SERVER_ENDING;
	pthread_mutex_unlock(&acs->lock);
	/* What the first of several leaves keeps the names for the heir, who registers beside them. */
	if (leaves && estate->count == 0)
		names_remove_calls(acs, owner);
	else
		names_remove_owner(acs, owner);
	if (!leaves && estate->count != 0)
		names_remove_owner(acs, estate->owner);
	pthread_mutex_lock(&acs->lock);
}

void life_end(struct acs *acs, struct server *server, const struct life_ending *ending)
{
	struct session *session = server->session;
	struct start_waiter waiter = server->waiter;
	bool starting = server->state == SERVER_STARTING,
	     draining = server->state == SERVER_DRAINING;
	bool fatal = server->manifest.restart == MANIFEST_RESTART_HALT && !acs->stopping &&
		     !draining && !server->successor;
	bool essential = server->essential && !acs->stopping;
	bool leaves = leaves_estate(acs, server, ending->end);
	/* Whoever was served before is still there: one that begins with nothing would know nobody. */
	bool hopeless = essential && !leaves && is_failed_heir(server, ending->end);
	struct corpse *corpse = corpse_begin(server->task, ending->reply);
	struct estate estate = estate_take(&server->estate);
	enum server_state state;

	estate.failures += estate.count != 0 && ending->end == SERVER_DIED;
	session->server = NULL;
	server->session = NULL;
	server->task = MACH_PORT_NULL;
	server->waiter = ending->next != NULL ? *ending->next : life_nobody;
	acs->stopping |= fatal;
	leaves = leaves && corpse != NULL;
	clear_names(acs, server, session->owner, &estate, leaves);
	state = life_after_end(acs, server, draining ? SERVER_STOPPED : ending->end);
	if (state == SERVER_DECLARED)
		names_call(acs);
	fatal |= hopeless || (essential && state == SERVER_FAILED);
	acs->stopping |= fatal;
	if (leaves && (state == SERVER_WAITING || state == SERVER_WANTED)) {
		estate.by_itself |= ending->end == SERVER_DIED;
		estate_add(&estate, corpse, session->owner);
		server->estate = estate_take(&estate);
		corpse = NULL;
		leaves = false;
	}
	pthread_mutex_unlock(&acs->lock);

	if (leaves) /* but for nobody */
		names_remove_owner(acs, session->owner);
	estate_drop(acs, &estate);
	/* What ended with a message to the session has said all. */
	if (ending->reply == MACH_PORT_NULL)
		session_hear_last_words(session);
	if (fatal)
		machine_fail(acs, "%s: %s%s", session->manifest.name, ending->reason,
			hopeless ? ", as all who inherited" : consequence(state));
	acs_record(acs,
		ending->end == SERVER_STOPPED || ending->end == SERVER_RESTARTED ? AUDIT_STOP
										 : AUDIT_DIE,
		session->manifest.name, "session %u: %s%s", session->owner, ending->reason,
		consequence(state));
	if (corpse != NULL)
		corpse_bury(corpse, true);
	life_answer(&waiter, MASIX_E_DEAD, starting ? ending->reason : "");
	/* Who looked it up while it started has waited in vain. */
	if (starting && state != SERVER_WANTED && state != SERVER_WAITING)
		names_settle(acs, session->manifest.name);
	masix_object_kill(&session->object);
	masix_object_put(&session->object);
	pthread_mutex_lock(&acs->lock);
}

static const char *death(const struct server *server)
{
	return server->state == SERVER_STARTING ? "ended before it was ready" : "died";
}

void server_task_died(struct acs *acs, mach_port_t task)
{
	struct server *server;

	pthread_mutex_lock(&acs->lock);
	for (server = acs->servers; server != NULL; server = server->next)
		if (server->task == task && server->session != NULL)
			break;
	if (server != NULL)
		life_end(acs, server,
			&(struct life_ending){ death(server), SERVER_VANISHED, NULL, 0 });
	pthread_mutex_unlock(&acs->lock);
}

kern_return_t server_ended(struct session *session, mach_port_t task, mach_port_t reply)
{
	struct acs *acs = session->acs;
	struct server *server;
	kern_return_t kr = MASIX_E_DENIED;

	pthread_mutex_lock(&acs->lock);
	server = session->server;
	if (server != NULL && server->task == task) {
		life_end(acs, server,
			&(struct life_ending){ death(server), SERVER_DIED, NULL, reply });
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

void server_too_late(struct acs *acs, struct server *server)
{
	if (server->state == SERVER_DRAINING)
		life_end(acs, server, &(struct life_ending){ "replaced", SERVER_STOPPED, NULL, 0 });
	else
		life_end(acs, server,
			&(struct life_ending){ "did not get ready in time", SERVER_DIED, NULL, 0 });
}

/* What becomes of a server that has got no task: as after_end.  One that is to be there again is tried with
 * pauses, whatever its policy: what it needs may come back too. */
static enum server_state after_failed_start(struct acs *acs, struct server *server)
{
	pthread_cond_broadcast(&acs->changed);
	if (server->on_demand && !server->successor)
		return server->state = SERVER_DECLARED;
	if (server->starts == 0 || server->successor || acs->stopping) {
		life_discard(acs, server);
		return SERVER_GONE;
	}
	server->deadline = restart_after_death(&server->restart, true, masix_monotonic_ns());
	return server->state = server->deadline == UINT64_MAX ? SERVER_FAILED : SERVER_WAITING;
}

void server_start_failed(
	struct acs *acs, struct server *server, kern_return_t status, const char *reason)
{
	struct start_waiter waiter = server->waiter;
	/* An heir may have got some of it already. */
	struct estate estate = estate_take(&server->estate);
	const bool essential = server->essential && !acs->stopping;
	char name[MANIFEST_NAME_SIZE];
	enum server_state state;

	memcpy(name, server->manifest.name, sizeof name);
	server->waiter = life_nobody;
	state = after_failed_start(acs, server);
	pthread_mutex_unlock(&acs->lock);
	if (essential && (state == SERVER_FAILED || estate.count != 0))
		machine_fail(acs, "%s: %s%s", name, reason,
			estate.count != 0 ? ", and what it inherited is lost" : consequence(state));
	estate_drop(acs, &estate);
	acs_record(acs, AUDIT_REFUSE, name, "%s%s", reason, consequence(state));
	life_answer(&waiter, status, reason);
	if (state != SERVER_WAITING)
		names_settle(acs, name);
	pthread_mutex_lock(&acs->lock);
}
