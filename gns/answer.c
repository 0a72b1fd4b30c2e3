/* Letters of other nodes, and lookups there and here. */
#include <mach/mig_errors.h>
#include <stdlib.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "acs_client.h"
#include "gns_reply.h"
#include "mach_port.h"
#include "state.h"

/* --- Lookups ------------------------------------------------------------------------------------------------------- */

kern_return_t answer_local_lookup(const char *name, size_t length, mach_port_t *port)
{
	return acs_lookup(gns.acs, name, length, 0, port);
}

kern_return_t answer_begin_lookup(struct peer *peer, const char *name, size_t length,
	mach_port_t reply, mach_msg_type_name_t reply_type)
{
	struct letter letter = { .type = LETTER_LOOKUP, .number = ++gns.last_number };
	struct lookup *lookup;

	if (gns.lookup_count == GNS_LOOKUPS_MAX)
		return MASIX_E_LIMIT;
	lookup = calloc(1, sizeof *lookup);
	if (lookup == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*lookup = (struct lookup){ peer, letter.number, reply, reply_type, gns.lookups };
	gns.lookups = lookup;
	gns.lookup_count++;
	letter.name_length = (uint8_t)length;
	memcpy(letter.name, name, length);
	peer_letter(peer, &letter);
	return MIG_NO_REPLY;
}

/* The lookup's answer; `port` is the asker's. */
static void end_lookup(struct lookup **link, kern_return_t result, mach_port_t port)
{
	struct lookup *lookup = *link;

	*link = lookup->next;
	gns.lookup_count--;
	if (gns_lookup_reply(lookup->reply, lookup->reply_type, result, port) != KERN_SUCCESS) {
		(void)mach_port_deallocate(mach_task_self(), lookup->reply);
		if (MACH_PORT_VALID(port))
			(void)mach_port_deallocate(mach_task_self(), port);
	}
	free(lookup);
}

void answer_lookups_lost(struct peer *peer)
{
	struct lookup **link = &gns.lookups;

	while (*link != NULL)
		if ((*link)->peer == peer)
			end_lookup(link, MASIX_E_DEAD, MACH_PORT_NULL);
		else
			link = &(*link)->next;
}

static void look_up(struct peer *peer, const struct letter *letter)
{
	struct letter found = { .type = LETTER_FOUND, .number = letter->number };
	struct rights_leaving leaving = { .peer = peer };
	mach_port_t port = MACH_PORT_NULL;

	found.status = answer_local_lookup(letter->name, letter->name_length, &port);
	if (found.status == KERN_SUCCESS &&
		(!rights_tell(&leaving, port, MACH_MSG_TYPE_PORT_SEND, &found.right) ||
			found.right.kind != WIRE_SEND))
		found.status = MASIX_E_NOT_FOUND; /* it is there, but may not leave */
	if (found.status != KERN_SUCCESS)
		found.right.kind = WIRE_NULL;
	peer_letter(peer, &found);
}

static bool take_found(struct peer *peer, const struct letter *letter)
{
	struct lookup **link = &gns.lookups;
	uint32_t port = MACH_PORT_NULL;
	kern_return_t result = letter->status;

	while (*link != NULL && ((*link)->peer != peer || (*link)->number != letter->number))
		link = &(*link)->next;
	if (*link == NULL || letter->right.kind != (result == KERN_SUCCESS ? WIRE_SEND : WIRE_NULL))
		return false;
	if (result == KERN_SUCCESS)
		(void)rights_make(peer, &letter->right, &port);
	if (port == MACH_PORT_DEAD) {
		port = MACH_PORT_NULL;
		result = MASIX_E_DEAD;
	}
	end_lookup(link, result, port);
	return true;
}

/* --- Credits and ends ----------------------------------------------------------------------------------------------- */

/* Of a holder about a port of ours. */
static bool take_at_home(struct peer *peer, const struct letter *letter)
{
	struct gns_port *port = ports_identified(&gns.ports, &letter->identity);
	struct letter grant = {
		.type = LETTER_GRANT, .identity = letter->identity, .credits = LEDGER_GRANT
	};
	bool good = true;

	if (port == NULL)
		return true; /* it is dead, and he will hear so */
	if (!port->is_export)
		return false;
	switch (letter->type) {
	case LETTER_RETURN:
		good = ledger_return(&port->ledger, &peer->node, letter->credits);
		break;
	case LETTER_GAVE:
		good = ledger_gave(
			&port->ledger, &peer->node, letter->number, &letter->node, letter->credits);
		break;
	case LETTER_CLAIM:
		good = ledger_claimed(
			&port->ledger, &peer->node, &letter->node, letter->number, letter->credits);
		break;
	default: /* LETTER_WANT */
		if (ledger_of(&port->ledger, &peer->node) != 0 &&
			ledger_grant(&port->ledger, &peer->node, grant.credits))
			peer_letter(peer, &grant);
	}
	export_drop_if_idle(port);
	return good;
}

/* Of the home of one of our proxies. */
static bool take_from_home(struct peer *peer, const struct letter *letter)
{
	struct gns_port *port = ports_identified(&gns.ports, &letter->identity);
	struct letter back = {
		.type = LETTER_RETURN, .identity = letter->identity, .credits = letter->credits
	};

	if (port == NULL) {
		if (letter->type == LETTER_GRANT) /* too late to be of use */
			peer_letter(peer, &back);
		return true;
	}
	if (port->is_export || port->peer != peer)
		return false;
	if (letter->type == LETTER_DEAD) {
		proxy_destroy(port);
	} else {
		port->purse += letter->credits;
		port->wants = false;
	}
	return true;
}

static bool take(struct peer *peer, const struct letter *letter)
{
	switch (letter->type) {
	case LETTER_RETURN:
	case LETTER_GAVE:
	case LETTER_CLAIM:
	case LETTER_WANT:
		return take_at_home(peer, letter);
	case LETTER_GRANT:
	case LETTER_DEAD:
		return take_from_home(peer, letter);
	case LETTER_CUT:
		/* Of a node that we never knew it concerns nothing of ours. */
		(void)deaths_cut_by(&gns.deaths, &peer->node, &letter->node);
		export_reclaim();
		return true;
	case LETTER_LOOKUP:
		look_up(peer, letter);
		return true;
	case LETTER_FOUND:
		return take_found(peer, letter);
	}
	return false;
}

void answer_letter(struct peer *peer, const uint8_t *bytes, size_t size)
{
	struct letter letter;

	/* Who breaks the rules is no peer any more. */
	if (!letter_read(bytes, size, &letter) || !take(peer, &letter))
		peer->stream.failed = true;
}
