/* The life of a proxy: from the first right that comes for its port to the last that goes. */
#include <mach/notify.h>
#include <stdlib.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "mach_port.h"
#include "state.h"

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

void proxy_destroy(struct gns_port *proxy)
{
	unlist_waiting(proxy);
	moved_end(proxy);
	ports_remove(&gns.ports, proxy);
	gns.proxies--;
	proxy->peer->proxies--;
	/* All senders have dead names from now on. */
	(void)mach_port_mod_refs(mach_task_self(), proxy->name, MACH_PORT_RIGHT_RECEIVE, -1);
	free(proxy);
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
	if (status.mps_sorights || status.mps_msgcount > 0)
		return false; /* of a receive right that left us: somebody may still use it */
	peer_letter(proxy->peer, &letter);
	proxy_destroy(proxy);
	return true;
}

static void unblock(struct gns_port *proxy)
{
	struct stream *stream = &proxy->peer->stream;

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

	for (proxy = gns.waiting; proxy != NULL; proxy = next) {
		next = proxy->next_waiting;
		if (proxy->closing && close_proxy(proxy))
			continue;
		if (proxy->blocked)
			unblock(proxy);
		if (!proxy->blocked && !proxy->closing)
			unlist_waiting(proxy);
	}
}
