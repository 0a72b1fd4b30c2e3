/* Rights as they leave this node and arrive at it. */
#include <sodium/randombytes.h>
#include <stdlib.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "mach.h"
#include "mach_debug.h"
#include "mach_port.h"
#include "state.h"

#define KERNEL_OBJECT_NONE 0 /* IKOT_NONE */

static void drop_uref(uint32_t name)
{
	(void)mach_port_deallocate(mach_task_self(), name);
}

static bool is_ours(const struct wire_identity *identity)
{
	return memcmp(identity->node, gns.self.id, sizeof gns.self.id) == 0;
}

static struct wire_identity new_identity(const uint8_t node[16])
{
	struct wire_identity identity;

	memcpy(identity.node, node, sizeof identity.node);
	randombytes_buf(identity.number, sizeof identity.number);
	return identity;
}

/* --- Leaving ------------------------------------------------------------------------------------------------------ */

/* Before there are none left to give. */
static void want_credits(struct gns_port *proxy)
{
	const struct letter want = { .type = LETTER_WANT, .identity = proxy->identity };

	if (proxy->once || proxy->wants || !purse_is_low(proxy->purse))
		return;
	proxy->wants = true;
	peer_letter(proxy->peer, &want);
}

static enum wire_right_kind kind_of(unsigned disposition)
{
	return disposition == MACH_MSG_TYPE_PORT_RECEIVE ? WIRE_RECEIVE
	       : disposition == MACH_MSG_TYPE_PORT_SEND	 ? WIRE_SEND
							 : WIRE_SEND_ONCE;
}

bool rights_try(void *context, uint32_t name, unsigned disposition, struct wire_right *right)
{
	struct rights_leaving *leaving = context;
	struct gns_port *proxy =
		disposition == MACH_MSG_TYPE_PORT_SEND ? ports_proxy(&gns.ports, name) : NULL;

	if (proxy != NULL && !purse_is_enough(proxy->purse)) {
		want_credits(proxy);
		leaving->wanting = true;
	}
	right->kind = kind_of(disposition);
	return true;
}

const uint32_t *rights_array(void *context, uint32_t address, uint32_t count)
{
	(void)context;
	(void)count;
	return (const uint32_t *)address; /* the kernel allocated all of it */
}

/* Ports of the kernel never leave. */
static bool may_leave(uint32_t name)
{
	vm_offset_t address;
	unsigned type;

	return mach_port_kernel_object(mach_task_self(), name, &type, &address) == KERN_SUCCESS &&
	       type == KERNEL_OBJECT_NONE;
}

/* A right to a port of another node goes back to it, or on to a third one. */
void rights_hand_on(struct peer *peer, struct gns_port *proxy, struct wire_right *right)
{
	right->identity = proxy->identity;
	if (peer == proxy->peer) {
		/* So that home still counts us while it is on its way; but of a send-once right all goes. */
		right->credits = proxy->once ? proxy->purse : proxy->purse > 1;
		proxy->purse -= right->credits;
	} else {
		right->credits = proxy->once ? proxy->purse : purse_split(&proxy->purse);
		right->number = ++gns.last_number;
	}
	if (right->credits == 0) {
		right->kind = WIRE_DEAD; /* not to be had before home has granted more */
	} else if (peer != proxy->peer) {
		const struct letter gave = { .type = LETTER_GAVE,
			.identity = proxy->identity,
			.node = peer->node,
			.number = right->number,
			.credits = right->credits };

		peer_letter(proxy->peer, &gave);
	}
	want_credits(proxy);
}

/* What the peer has is no measure of what it needs: it may have given or returned some of it already. */
static bool grant(struct peer *peer, struct gns_port *port, struct wire_right *right)
{
	right->identity = port->identity;
	right->credits = port->once ? 1 : LEDGER_GRANT;
	return ledger_grant(&port->ledger, &peer->node, right->credits);
}

static bool tell_export(struct peer *peer, uint32_t name, bool once, struct wire_right *right)
{
	struct gns_port *port = once ? NULL : ports_export(&gns.ports, name, NULL);
	struct wire_identity identity = new_identity(gns.self.id);

	if (port != NULL) {
		drop_uref(name); /* the export has one of its own */
		return grant(peer, port, right);
	}
	/* Nobody can make a send-once right to a port of the kernel. */
	if (!once && !may_leave(name)) {
		drop_uref(name);
		return false;
	}
	port = export_make(&identity, name, once);
	if (port == NULL) {
		drop_uref(name);
		return false;
	}
	if (grant(peer, port, right))
		return true;
	export_drop_if_idle(port);
	return false;
}

/* The port goes to live at the peer's node.  Here it becomes a proxy of what it is there: who holds rights to it goes on using
 * them, and what is in its queue goes after it, when the message that carries it has arrived. */
static bool tell_receive(
	struct peer *peer, uint32_t name, uint32_t carrier_lane, struct wire_right *right)
{
	const struct wire_identity identity = new_identity(peer->node.id);
	struct gns_port *proxy = proxy_make(&identity, peer, name), *port;

	if (proxy == NULL) {
		(void)mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
		return false;
	}
	for (port = ports_export(&gns.ports, name, NULL); port != NULL;
		port = ports_export(&gns.ports, name, port))
		if (ledger_of(&port->ledger, &peer->node) != 0)
			right->was = port->identity;
	proxy->purse = right->credits = LEDGER_GRANT;
	proxy->held_by = carrier_lane;
	proxy->untold = true;
	proxy_block(proxy);
	/* At once if nobody can send to it. */
	proxy_no_senders(proxy);
	right->identity = identity;
	return true;
}

/* The right that a proxy stands for goes on, and here is nothing of it any more. */
static void tell_proxy_once(
	struct peer *peer, struct gns_port *proxy, uint32_t name, struct wire_right *right)
{
	rights_hand_on(peer, proxy, right);
	proxy_destroy(proxy);
	drop_uref(name); /* a dead name now */
}

bool rights_tell(void *context, uint32_t name, unsigned disposition, struct wire_right *right)
{
	const struct rights_leaving *leaving = context;
	struct gns_port *port = NULL;
	bool good = true;

	right->kind = kind_of(disposition);
	if (disposition == MACH_MSG_TYPE_PORT_SEND)
		port = ports_proxy(&gns.ports, name);
	else if (disposition == MACH_MSG_TYPE_PORT_SEND_ONCE)
		port = proxy_of_once(name);
	if (disposition == MACH_MSG_TYPE_PORT_RECEIVE) {
		good = tell_receive(leaving->peer, name, leaving->lane, right);
	} else if (port != NULL && port->once) {
		tell_proxy_once(leaving->peer, port, name, right);
	} else if (port != NULL) {
		rights_hand_on(leaving->peer, port, right);
		drop_uref(name);
	} else {
		good = tell_export(
			leaving->peer, name, disposition == MACH_MSG_TYPE_PORT_SEND_ONCE, right);
	}
	if (!good) {
		gns.refused++;
		right->kind = WIRE_DEAD;
	}
	return true;
}

/* --- Arriving ------------------------------------------------------------------------------------------------------ */

bool rights_make_array(void *context, uint32_t count, uint32_t *address, uint32_t **names)
{
	vm_address_t memory = 0;

	(void)context;
	if (vm_allocate(mach_task_self(), &memory, count * sizeof **names, TRUE) != KERN_SUCCESS)
		return false;
	*address = (uint32_t)memory;
	*names = (uint32_t *)memory;
	return true;
}

/* A right to a port of ours comes home. */
static uint32_t come_home(struct peer *peer, const struct wire_right *right)
{
	struct gns_port *port = ports_identified(&gns.ports, &right->identity);
	uint32_t name = MACH_PORT_DEAD;

	if (port == NULL || !port->is_export || port->once != (right->kind == WIRE_SEND_ONCE) ||
		!ledger_return(&port->ledger, &peer->node, right->credits))
		return MACH_PORT_DEAD;
	if (port->once) {
		name = port->name; /* the right itself */
		ports_rename(&gns.ports, port, MACH_PORT_NULL);
	} else if (mach_port_mod_refs(mach_task_self(), port->name, MACH_PORT_RIGHT_SEND, 1) ==
		   KERN_SUCCESS) {
		name = port->name;
	}
	export_drop_if_idle(port);
	return name;
}

/* A send or send-once right to a proxy, to be moved. */
static uint32_t make_proxy_right(struct gns_port *proxy)
{
	mach_msg_type_name_t type;
	mach_port_t name;

	if (proxy->once) {
		if (mach_port_extract_right(mach_task_self(), proxy->name,
			    MACH_MSG_TYPE_MAKE_SEND_ONCE, &name, &type) != KERN_SUCCESS)
			return MACH_PORT_DEAD;
		return name;
	}
	if (mach_port_insert_right(mach_task_self(), proxy->name, proxy->name,
		    MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS)
		return MACH_PORT_DEAD;
	proxy->made++;
	proxy->closing = false;
	if (!proxy_arm(proxy))
		masix_log("a proxy cannot be watched");
	return proxy->name;
}

void rights_claim(struct peer *home, const struct peer *giver, const struct wire_right *right)
{
	const struct letter letter = { .type = LETTER_CLAIM,
		.identity = right->identity,
		.node = giver->node,
		.number = right->number,
		.credits = right->credits };

	if (home != giver)
		peer_letter(home, &letter);
}

static uint32_t arrive(struct peer *peer, const struct wire_right *right)
{
	struct peer *home = peer_of_id(right->identity.node);
	struct gns_port *proxy = ports_identified(&gns.ports, &right->identity);
	const bool once = right->kind == WIRE_SEND_ONCE;

	if (home == NULL || (proxy != NULL && proxy->is_export))
		return MACH_PORT_DEAD; /* its home is not reached, or has died */
	if (proxy == NULL) {
		proxy = proxy_make(&right->identity, home, MACH_PORT_NULL);
		if (proxy != NULL && once)
			proxy_be_once(proxy);
	}
	if (proxy == NULL || proxy->once != once) {
		rights_give_back(peer, right);
		return MACH_PORT_DEAD;
	}
	rights_claim(home, peer, right);
	proxy->purse += right->credits;
	want_credits(proxy);
	return make_proxy_right(proxy);
}

/* A port comes to live here. */
static uint32_t settle(struct peer *peer, const struct wire_right *right)
{
	mach_port_t name = home_take(peer, right);
	struct gns_port *port;

	if (name != MACH_PORT_NULL)
		return name; /* it has been here before */
	if (!is_ours(&right->identity) || ports_identified(&gns.ports, &right->identity) != NULL ||
		mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &name) !=
			KERN_SUCCESS)
		return MACH_PORT_DEAD;
	if (mach_port_insert_right(mach_task_self(), name, name, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS) {
		port = export_make(&right->identity, name, false);
		if (port != NULL && ledger_grant(&port->ledger, &peer->node, right->credits))
			return name;
		if (port != NULL)
			export_drop_if_idle(port);
		else
			drop_uref(name);
	}
	(void)mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
	return MACH_PORT_DEAD;
}

bool rights_make(void *context, const struct wire_right *right, uint32_t *name)
{
	struct peer *peer = context;

	if (right->kind == WIRE_RECEIVE)
		*name = settle(peer, right);
	else if (is_ours(&right->identity))
		*name = come_home(peer, right);
	else
		*name = arrive(peer, right);
	if (*name == MACH_PORT_DEAD && right->kind == WIRE_RECEIVE)
		rights_give_back(peer, right);
	return true;
}

void rights_give_back(void *context, const struct wire_right *right)
{
	struct peer *peer = context, *home = peer_of_id(right->identity.node);
	struct letter letter = { .identity = right->identity, .credits = right->credits };
	uint32_t name;

	home_abandon(peer, right);
	if (right->kind == WIRE_RECEIVE) { /* as if it had been destroyed in the message */
		letter.type = LETTER_DEAD;
		peer_letter(peer, &letter);
	} else if (is_ours(&right->identity)) {
		name = come_home(peer, right);
		if (name != MACH_PORT_DEAD)
			drop_uref(name);
	} else if (home != NULL) {
		rights_claim(home, peer, right);
		letter.type = LETTER_RETURN;
		peer_letter(home, &letter);
	}
}
