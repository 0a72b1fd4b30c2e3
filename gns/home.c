/* A port that comes to live where there is a proxy of it: the proxy becomes the port itself, so that who holds rights to it here
 * holds rights to the very port, under the name that he knows.
 *
 *	old home -> here	a message with the receive right, which says as what we know the port
 *	here			takes what is in the proxy's queue, and lets nobody else in; when the old home has all that was sent:
 *	here -> old home	FLUSH, as in moved.c
 *	old home -> here	what is in its queue, and behind it FLUSHED
 *	here			puts what it took behind that, and delivers the message
 *
 * So what each sender sends keeps its order.  Meanwhile nobody receives from the port, and its limit is 0: what comes is put
 * into its queue over send-once rights, which know no limit.  It is as much as the old home's queue had; who sends more
 * than GNS_COMING_MAX loses it. */
#include <mach/notify.h>
#include <stdlib.h>
#include <string.h>

#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "mach.h"
#include "mach_port.h"
#include "state.h"

struct held {
	struct held *next;
	mach_msg_header_t message; /* as it was received; what follows it is here too */
};

struct homecoming {
	struct wire_identity identity; /* of the export that the proxy will be */
	mach_port_msgcount_t limit;    /* of its queue, as it was */
	struct held *held, **last;
	bool asked;   /* FLUSH */
	bool flushed; /* the old home's queue is here, though some of it may wait to be delivered */
};

static uint32_t buffer[(WIRE_BODY_MAX + sizeof(mach_msg_header_t)) / 4]; /* gns.lock */

static struct gns_port *export_of(const struct homecoming *coming)
{
	struct gns_port *port = ports_identified(&gns.ports, &coming->identity);

	return port != NULL && port->is_export && port->coming != 0 ? port : NULL;
}

/* --- What is in the proxy's queue --------------------------------------------------------------------------------- */

static void hold(struct homecoming *coming, mach_msg_header_t *message)
{
	struct held *held = malloc(sizeof *held - sizeof *message + message->msgh_size);

	if (held == NULL) {
		masix_log("a message is lost: no memory");
		masix_msg_destroy(message, 0);
		return;
	}
	held->next = NULL;
	memcpy(&held->message, message, message->msgh_size);
	*coming->last = held;
	coming->last = &held->next;
}

/* The kernel's word about the proxy, which is not for the port's receiver. */
static bool is_about_senders(const mach_msg_header_t *message)
{
	return MACH_MSGH_BITS_LOCAL(message->msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE &&
	       (message->msgh_id == MACH_NOTIFY_NO_SENDERS ||
		       message->msgh_id == MACH_NOTIFY_SEND_ONCE);
}

static void drain(const struct gns_port *proxy, struct homecoming *coming)
{
	mach_msg_header_t *message = (mach_msg_header_t *)buffer;
	mach_port_t previous = MACH_PORT_NULL;
	bool awaited = proxy->armed;

	/* Who is not asked any more says so, into the queue. */
	if (proxy->armed &&
		mach_port_request_notification(mach_task_self(), proxy->name,
			MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_NULL, MACH_MSG_TYPE_MAKE_SEND_ONCE,
			&previous) == KERN_SUCCESS &&
		MACH_PORT_VALID(previous))
		(void)mach_port_deallocate(mach_task_self(), previous);
	for (;;) {
		mach_msg_return_t result = mach_msg(message, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
			sizeof buffer, proxy->name, 0, MACH_PORT_NULL);

		if (result != MACH_MSG_SUCCESS && (result & ~MACH_MSG_MASK) != MACH_RCV_BODY_ERROR)
			return;
		if (awaited && is_about_senders(message))
			awaited = false;
		else
			hold(coming, message);
	}
}

/* Put it back, behind what has come. */
static void release(mach_port_t port, mach_msg_header_t *message)
{
	const mach_msg_bits_t bits = message->msgh_bits;

	message->msgh_bits =
		MACH_MSGH_BITS_OTHER(bits) |
		MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND_ONCE, MACH_MSGH_BITS_REMOTE(bits));
	message->msgh_local_port = message->msgh_remote_port; /* the reply's */
	message->msgh_remote_port = port;
	if (mach_msg(message, MACH_SEND_MSG, message->msgh_size, 0, MACH_PORT_NULL, 0,
		    MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		gns.refused++;
}

/* --- The beginning ------------------------------------------------------------------------------------------------ */

static struct gns_port *make_export(
	struct peer *peer, const struct gns_port *proxy, const struct wire_right *right)
{
	struct gns_port *port;

	if (mach_port_insert_right(mach_task_self(), proxy->name, proxy->name,
		    MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS)
		return NULL;
	port = export_make(&right->identity, proxy->name, false);
	if (port == NULL) {
		(void)mach_port_deallocate(mach_task_self(), proxy->name);
		return NULL;
	}
	if (!ledger_grant(&port->ledger, &peer->node, right->credits)) {
		export_drop_if_idle(port);
		return NULL;
	}
	return port;
}

static bool begin(struct peer *peer, struct gns_port *proxy, const struct wire_right *right)
{
	struct homecoming *coming = calloc(1, sizeof *coming);
	mach_port_status_t status;
	struct gns_port *port;

	if (coming == NULL)
		return false;
	port = mach_port_get_receive_status(mach_task_self(), proxy->name, &status) == KERN_SUCCESS
		       ? make_export(peer, proxy, right)
		       : NULL;
	if (port == NULL) {
		free(coming);
		return false;
	}
	coming->identity = right->identity;
	coming->limit = status.mps_qlimit;
	coming->last = &coming->held;
	port->coming = 1;
	proxy_block(proxy);
	(void)mach_port_set_qlimit(mach_task_self(), proxy->name, 0);
	drain(proxy, coming);
	proxy->homecoming = coming;
	proxy->armed = true; /* so that it is not asked for senders again */
	proxy->untold = false;
	return true;
}

bool home_awaited(struct peer *peer, const struct wire_right *right)
{
	static const struct wire_identity none;
	struct gns_port *proxy = ports_identified(&gns.ports, &right->was);

	if (right->kind != WIRE_RECEIVE || memcmp(&right->was, &none, sizeof none) == 0 ||
		proxy == NULL || proxy->is_export || proxy->peer != peer)
		return false;
	if (proxy->homecoming != NULL)
		return true;
	if (memcmp(right->identity.node, gns.self.id, sizeof gns.self.id) != 0 ||
		ports_identified(&gns.ports, &right->identity) != NULL || proxy->once ||
		proxy->parked != NULL || proxy->closing || proxy->move != NULL)
		return false;
	return begin(peer, proxy, right);
}

bool home_may_take(struct gns_port *port)
{
	return port->coming == 0 || port->coming++ <= GNS_COMING_MAX;
}

/* --- The end ------------------------------------------------------------------------------------------------------ */

void home_ask(struct gns_port *proxy)
{
	const struct letter flush = { .type = LETTER_FLUSH, .identity = proxy->identity };

	if (proxy->homecoming->asked)
		return;
	proxy->homecoming->asked = true;
	peer_letter(proxy->peer, &flush);
}

/* What was held goes into the queue; marks of others in it have come to where they were going. */
static void release_all(struct gns_port *proxy)
{
	struct homecoming *coming = proxy->homecoming;

	while (coming->held != NULL) {
		struct held *held = coming->held;

		coming->held = held->next;
		if (moved_is_mark(&held->message))
			moved_mark_is_home(proxy);
		else
			release(proxy->name, &held->message);
		free(held);
	}
}

bool home_finish(struct gns_port *proxy)
{
	const struct letter back = {
		.type = LETTER_RETURN, .identity = proxy->identity, .credits = proxy->purse
	};
	struct homecoming *coming = proxy->homecoming;
	struct gns_port *port = export_of(coming);
	struct peer *peer = proxy->peer;

	if (!coming->asked || port == NULL)
		return false;
	coming->flushed = true;
	if (port->arrivals != NULL)
		return true; /* home_go_on */
	release_all(proxy);
	(void)mach_port_set_qlimit(mach_task_self(), proxy->name, coming->limit);
	port->coming = 0;
	port->peer = peer;
	proxy->homecoming = NULL;
	free(coming);
	proxy_forget(proxy);
	peer_letter(peer, &back);
	deliver_others(port);
	deliver_detained();
	return true;
}

void home_go_on(const struct gns_port *port)
{
	struct gns_port *proxy = port->coming != 0 ? ports_proxy(&gns.ports, port->name) : NULL;

	if (port->arrivals == NULL && proxy != NULL && proxy->homecoming != NULL &&
		proxy->homecoming->flushed)
		(void)home_finish(proxy);
}

void home_end(struct gns_port *proxy)
{
	struct homecoming *coming = proxy->homecoming;
	struct gns_port *port = export_of(coming);

	while (coming->held != NULL) {
		struct held *held = coming->held;

		coming->held = held->next;
		masix_msg_destroy(&held->message, 0);
		free(held);
	}
	if (port != NULL)
		port->coming = 0;
	proxy->homecoming = NULL;
	free(coming);
}

uint32_t home_take(const struct peer *peer, const struct wire_right *right)
{
	struct gns_port *port = ports_identified(&gns.ports, &right->identity);
	uint32_t name;

	if (port == NULL || !port->is_export || port->peer != peer)
		return MACH_PORT_NULL;
	name = port->name;
	port->peer = NULL;
	export_drop_if_idle(port);
	return name;
}

void home_abandon(void *peer, const struct wire_right *right)
{
	uint32_t name = right->kind == WIRE_RECEIVE ? home_take(peer, right) : MACH_PORT_NULL;

	if (name != MACH_PORT_NULL)
		(void)mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
}
