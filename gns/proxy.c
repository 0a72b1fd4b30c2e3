/* The life of a proxy: from the first right that comes for its port to the last that goes. */
#include <mach/notify.h>
#include <stdlib.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "copier.h"
#include "mach_debug.h"
#include "mach_port.h"
#include "state.h"

#define ONCE_PROOFS 2	  /* how often it is tried whether a right leads to a proxy */
#define ONCE_TRIED_MAX 64 /* with how many of the youngest */

static bool enter_set(const struct gns_port *proxy)
{
	return mach_port_move_member(mach_task_self(), proxy->name, gns.set) == KERN_SUCCESS;
}

/* `name`: a receive right that becomes the proxy, and is left out of the set; or 0: a new one. */
struct gns_port *proxy_make(const struct wire_identity *identity, struct peer *peer, uint32_t name)
{
	struct gns_port *proxy = calloc(1, sizeof *proxy);
	bool is_new = name == MACH_PORT_NULL;

	if (proxy == NULL)
		return NULL;
	if (is_new && mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &name) !=
			      KERN_SUCCESS) {
		free(proxy);
		return NULL;
	}
	proxy->identity = *identity;
	proxy->name = name;
	proxy->peer = peer;
	proxy->lane = ++gns.last_lane;
	if (!ports_add(&gns.ports, proxy))
		goto fail;
	if (is_new && !enter_set(proxy)) {
		ports_remove(&gns.ports, proxy);
		goto fail;
	}
	gns.proxies++;
	peer->proxies++;
	return proxy;
fail:
	if (is_new)
		(void)mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
	free(proxy);
	return NULL;
}

bool proxy_arm(struct gns_port *proxy)
{
	mach_port_t previous = MACH_PORT_NULL;

	if (proxy->armed)
		return true;
	if (mach_port_request_notification(mach_task_self(), proxy->name, MACH_NOTIFY_NO_SENDERS,
		    proxy->made, proxy->name, MACH_MSG_TYPE_MAKE_SEND_ONCE,
		    &previous) != KERN_SUCCESS)
		return false;
	if (MACH_PORT_VALID(previous))
		(void)mach_port_deallocate(mach_task_self(), previous);
	proxy->armed = true;
	return true;
}

static void list_waiting(struct gns_port *proxy)
{
	struct gns_port *listed = gns.waiting;

	while (listed != NULL && listed != proxy)
		listed = listed->next_waiting;
	if (listed == NULL) {
		proxy->next_waiting = gns.waiting;
		gns.waiting = proxy;
	}
}

static void unlist_waiting(struct gns_port *proxy)
{
	struct gns_port **link = &gns.waiting;

	while (*link != NULL && *link != proxy)
		link = &(*link)->next_waiting;
	if (*link != NULL)
		*link = proxy->next_waiting;
}

/* --- Send-once rights --------------------------------------------------------------------------------------------- */

void proxy_be_once(struct gns_port *proxy)
{
	proxy->once = true;
	proxy->next_once = gns.once;
	proxy->once_link = &gns.once;
	if (gns.once != NULL)
		gns.once->once_link = &proxy->next_once;
	gns.once = proxy;
}

static void unlink_once(struct gns_port *proxy)
{
	*proxy->once_link = proxy->next_once;
	if (proxy->next_once != NULL)
		proxy->next_once->once_link = proxy->once_link;
}

static bool watch(uint32_t name, mach_port_t notify)
{
	mach_port_t previous = MACH_PORT_NULL;
	kern_return_t kr = mach_port_request_notification(mach_task_self(), name,
		MACH_NOTIFY_DEAD_NAME, 1, notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);

	if (kr == KERN_SUCCESS && MACH_PORT_VALID(previous))
		(void)mach_port_deallocate(mach_task_self(), previous);
	return kr == KERN_SUCCESS;
}

/* Who waits for the port's death. */
static unsigned watchers(const struct gns_port *proxy)
{
	unsigned total, used;

	return mach_port_dnrequest_info(mach_task_self(), proxy->name, &total, &used) ==
			       KERN_SUCCESS
		       ? used
		       : 0;
}

/* Others may watch the port too, so what counts is that the number follows us, each time. */
static bool follows(const struct gns_port *proxy, uint32_t name)
{
	unsigned i, with = watchers(proxy);

	for (i = 0; i < ONCE_PROOFS; i++)
		if (with == 0 || !watch(name, MACH_PORT_NULL) || watchers(proxy) != with - 1 ||
			!watch(name, gns.notify) || watchers(proxy) != with)
			return false;
	return true;
}

/* Each send-once right has a name of its own, which does not tell of what port it is.  But the port tells how many wait for its
 * death, and we can be one of them by the right's name. */
struct gns_port *proxy_of_once(uint32_t name)
{
	struct gns_port *proxy = gns.once;
	unsigned tried;

	if (proxy == NULL || !watch(name, gns.notify))
		return NULL;
	for (tried = 0; proxy != NULL && tried < ONCE_TRIED_MAX; tried++) {
		if (watchers(proxy) > 0 && follows(proxy, name))
			return proxy;
		proxy = proxy->next_once;
	}
	return NULL; /* it is watched, as an export is */
}

/* --- The end ------------------------------------------------------------------------------------------------------ */

void proxy_forget(struct gns_port *proxy)
{
	if (proxy->once)
		unlink_once(proxy);
	unlist_waiting(proxy);
	moved_end(proxy);
	ports_remove(&gns.ports, proxy);
	gns.proxies--;
	proxy->peer->proxies--;
	free(proxy);
}

void proxy_destroy(struct gns_port *proxy)
{
	const uint32_t name = proxy->name;

	if (proxy->homecoming != NULL)
		home_end(proxy);
	if (proxy->parked != NULL)
		parked_free(proxy->parked);
	proxy_forget(proxy);
	/* All senders have dead names from now on. */
	(void)mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
}

void proxy_block(struct gns_port *proxy)
{
	proxy->blocked = true;
	(void)mach_port_move_member(mach_task_self(), proxy->name, MACH_PORT_NULL);
	list_waiting(proxy);
}

/* The notification is a hint: a right may have been made since. */
void proxy_no_senders(struct gns_port *proxy)
{
	mach_port_status_t status;

	proxy->armed = false;
	if (mach_port_get_receive_status(mach_task_self(), proxy->name, &status) != KERN_SUCCESS)
		return;
	if (status.mps_srights) {
		if (!proxy_arm(proxy))
			masix_log("a proxy cannot be watched");
		return;
	}
	proxy->closing = true;
	list_waiting(proxy);
}

/* Its credits go home behind the last of its messages, so that home has counted them until then. */
static bool close_proxy(struct gns_port *proxy)
{
	const struct letter letter = {
		.type = LETTER_RETURN, .identity = proxy->identity, .credits = proxy->purse
	};
	mach_port_status_t status;

	if (stream_waiting(&proxy->peer->stream, proxy->lane) != 0)
		return false;
	if (mach_port_get_receive_status(mach_task_self(), proxy->name, &status) != KERN_SUCCESS ||
		status.mps_srights) {
		proxy->closing = false;
		(void)proxy_arm(proxy);
		return false;
	}
	if (status.mps_sorights || status.mps_msgcount > 0 || proxy->parked != NULL)
		return false; /* of a receive right that left us: somebody may still use it */
	peer_letter(proxy->peer, &letter);
	proxy_destroy(proxy);
	return true;
}

static void unblock(struct gns_port *proxy)
{
	const struct stream *stream = &proxy->peer->stream;

	if (proxy->held_by != 0 && stream_waiting(stream, proxy->held_by) != 0)
		return;
	proxy->held_by = 0;
	if (proxy->untold)
		moved_tell(proxy);
	if (!moved_may_go_on(proxy))
		return;
	if (stream_waiting(stream, proxy->lane) < STREAM_LANE_WINDOW && enter_set(proxy))
		proxy->blocked = false;
}

void proxy_look_after(void)
{
	struct gns_port *proxy, *next;
	bool once;

	for (proxy = gns.waiting; proxy != NULL; proxy = next) {
		next = proxy->next_waiting;
		if (proxy->closing && close_proxy(proxy))
			continue;
		once = proxy->once;
		if (proxy->parked != NULL && (!forward_parked(proxy) || once))
			continue;
		if (proxy->blocked)
			unblock(proxy);
		if (!proxy->blocked && !proxy->closing)
			unlist_waiting(proxy);
	}
}
