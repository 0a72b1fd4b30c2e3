/* Old holders of a port that has moved to another node: the old home steps out of the road.
 *
 *	old home -> holder	MOVED: it lives there now, and here is a right to it
 *	holder			sends nothing more; when the old home has all that it sent:
 *	holder -> old home	FLUSH: let me know when that has gone on
 *	old home		puts a mark behind it in the queue; when the mark comes out, and all before it is at the new home:
 *	old home -> holder	FLUSHED
 *	holder			sends to the new home
 *
 * So what a holder sends keeps its order.  If a node is lost meanwhile, the others go on as if nothing had been said. */
#include <stdlib.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "mach_port.h"
#include "state.h"

#define MARK_ID 1

/* Of a proxy: where it will lead. */
struct move {
	struct wire_identity identity;
	struct peer *peer;
	uint64_t credits;
	bool asked; /* FLUSH */
};

/* Of an old home's proxy: who waits for a mark; they come out in this order. */
struct flush {
	struct gns_node holder;
	struct wire_identity identity; /* under which he knows it */
	struct flush *next;
};

/* --- The old home --------------------------------------------------------------------------------------------------- */

void moved_tell(struct gns_port *proxy)
{
	const struct gns_port *export = ports_export(&gns.ports, proxy->name, NULL);
	unsigned i;

	proxy->untold = false;
	for (i = 0; export != NULL && i < export->ledger.share_count; i++) {
		struct peer *peer = peer_find(&export->ledger.shares[i].holder);
		struct letter moved = {
			.type = LETTER_MOVED, .identity = export->identity, .right.kind = WIRE_SEND
		};

		if (peer == NULL || peer == proxy->peer)
			continue; /* the new home itself has no way but this one */
		rights_hand_on(peer, proxy, &moved.right);
		if (moved.right.kind == WIRE_SEND)
			peer_letter(peer, &moved);
	}
}

bool moved_take_flush(struct peer *peer, struct gns_port *export)
{
	struct arrival *mark;

	if (export->once)
		return false;
	mark = calloc(1, sizeof *mark);
	if (mark == NULL)
		return false;
	mark->peer = peer;
	deliver_add(export, mark);
	return true;
}

bool moved_mark(const struct gns_port *export, struct peer *peer)
{
	const struct letter flushed = { .type = LETTER_FLUSHED, .identity = export->identity };
	struct gns_port *proxy = ports_proxy(&gns.ports, export->name);
	struct flush *flush = proxy == NULL ? NULL : calloc(1, sizeof *flush), **last;
	mach_msg_header_t mark = {
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND),
		.msgh_size = sizeof mark,
		.msgh_remote_port = export->name,
		.msgh_local_port = gns.notify, /* to which nobody else has a right to reply */
		.msgh_id = MARK_ID,
	};
	mach_msg_return_t result;

	if (flush == NULL) { /* it lives here again; or no memory */
		peer_letter(peer, &flushed);
		return false;
	}
	flush->holder = peer->node;
	flush->identity = export->identity;
	result = mach_msg(&mark, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY, sizeof mark,
		0, MACH_PORT_NULL, 0, gns.notify);
	if (result != MACH_MSG_SUCCESS && result != MACH_SEND_WILL_NOTIFY) {
		masix_log("a mark cannot be sent: %#x", (unsigned)result);
		free(flush);
		return false;
	}
	for (last = &proxy->flushes; *last != NULL; last = &(*last)->next)
		continue;
	*last = flush;
	return result == MACH_SEND_WILL_NOTIFY;
}

bool moved_is_mark(const mach_msg_header_t *message)
{
	return message->msgh_id == MARK_ID && message->msgh_remote_port == gns.notify &&
	       MACH_MSGH_BITS_REMOTE(message->msgh_bits) == MACH_MSG_TYPE_PORT_SEND;
}

void moved_marked(struct gns_port *proxy)
{
	(void)mach_port_mod_refs(mach_task_self(), gns.notify, MACH_PORT_RIGHT_SEND, -1);
	proxy->flushing = proxy->flushes != NULL;
	if (proxy->flushing)
		proxy_block(proxy);
}

static void flushed(struct gns_port *proxy)
{
	struct flush *flush = proxy->flushes;
	const struct letter letter = { .type = LETTER_FLUSHED, .identity = flush->identity };
	struct peer *peer = peer_find(&flush->holder);

	proxy->flushes = flush->next;
	proxy->flushing = false;
	free(flush);
	if (peer != NULL)
		peer_letter(peer, &letter);
}

void moved_mark_is_home(struct gns_port *proxy)
{
	(void)mach_port_mod_refs(mach_task_self(), gns.notify, MACH_PORT_RIGHT_SEND, -1);
	if (proxy->flushes != NULL)
		flushed(proxy);
}

/* --- The holder ----------------------------------------------------------------------------------------------------- */

bool moved_take(struct peer *peer, struct gns_port *proxy, const struct wire_right *right)
{
	struct peer *home = peer_of_id(right->identity.node);

	if (right->kind != WIRE_SEND)
		return false;
	if (proxy == NULL || proxy->once || proxy->move != NULL || proxy->homecoming != NULL ||
		home == NULL || home == peer ||
		ports_identified(&gns.ports, &right->identity) != NULL)
		goto refuse; /* it goes on through its old home */
	proxy->move = calloc(1, sizeof *proxy->move);
	if (proxy->move == NULL)
		goto refuse;
	rights_claim(home, peer, right);
	proxy->move->identity = right->identity;
	proxy->move->peer = home;
	proxy->move->credits = right->credits;
	proxy_block(proxy);
	return true;
refuse:
	rights_give_back(peer, right);
	return true;
}

/* False: the proxy has to wait. */
bool moved_may_go_on(struct gns_port *proxy)
{
	const struct letter flush = { .type = LETTER_FLUSH, .identity = proxy->identity };
	bool is_all_there = stream_waiting(&proxy->peer->stream, proxy->lane) == 0;

	if (proxy->flushing && !is_all_there)
		return false;
	if (proxy->flushing)
		flushed(proxy);
	if (proxy->homecoming != NULL) {
		if (is_all_there)
			home_ask(proxy);
		return false;
	}
	if (proxy->move == NULL)
		return true;
	if (is_all_there && !proxy->move->asked) {
		peer_letter(proxy->peer, &flush);
		proxy->move->asked = true;
	}
	return false;
}

static void give_up(struct gns_port *proxy)
{
	const struct letter back = { .type = LETTER_RETURN,
		.identity = proxy->move->identity,
		.credits = proxy->move->credits };

	peer_letter(proxy->move->peer, &back);
	free(proxy->move);
	proxy->move = NULL;
}

bool moved_switch(struct gns_port *proxy)
{
	const struct letter back = {
		.type = LETTER_RETURN, .identity = proxy->identity, .credits = proxy->purse
	};
	struct move *move = proxy->move;

	if (proxy->homecoming != NULL)
		return home_finish(proxy);
	if (move == NULL)
		return true; /* its new home was lost */
	if (!move->asked)
		return false;
	if (ports_identified(&gns.ports, &move->identity) != NULL) {
		give_up(proxy); /* a right to it has come meanwhile; a proxy is only one port */
		return true;
	}
	peer_letter(proxy->peer, &back);
	ports_remove(&gns.ports, proxy);
	proxy->peer->proxies--;
	proxy->identity = move->identity;
	proxy->peer = move->peer;
	proxy->peer->proxies++;
	proxy->purse = move->credits;
	proxy->wants = false;
	free(move);
	proxy->move = NULL;
	if (!ports_add(&gns.ports, proxy))
		masix_fatal("no memory for a port that moved");
	return true;
}

/* --- Ends ------------------------------------------------------------------------------------------------------------- */

void moved_end(struct gns_port *proxy)
{
	if (proxy->move != NULL)
		give_up(proxy);
	while (proxy->flushes != NULL) {
		struct flush *flush = proxy->flushes;

		proxy->flushes = flush->next;
		free(flush);
	}
}

void moved_peer_ends(const struct peer *peer)
{
	struct gns_port *port;

	for (port = ports_next(&gns.ports, NULL); port != NULL; port = ports_next(&gns.ports, port))
		if (!port->is_export && port->move != NULL && port->move->peer == peer) {
			free(port->move);
			port->move = NULL;
		}
}
