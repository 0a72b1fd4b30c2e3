/* Letters of other nodes, and lookups there and here. */
#include <mach/mig_errors.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "acs_client.h"
#include "gns_reply.h"
#include "mach_port.h"
#include "state.h"

/* What was not there may be: how often that is asked. */
#define AGAIN_MS 300

/* --- Lookups ------------------------------------------------------------------------------------------------------- */

kern_return_t answer_local_lookup(const char *name, size_t length, mach_port_t *port)
{
	return acs_lookup(gns.acs, name, length, 0, port);
}

static bool is_tried(const struct lookup *lookup, const struct peer *peer)
{
	unsigned i;

	for (i = 0; i < lookup->tried_count; i++)
		if (gns_node_is(&lookup->tried[i], &peer->node))
			return true;
	return false;
}

/* The nearest peer that has not been asked in this round, which it notes; NULL: all have. */
static struct peer *next_nearest(struct lookup *lookup)
{
	struct peer *peer, *nearest = NULL;

	if (lookup->tried_count == GNS_TRIED_MAX)
		return NULL;
	for (peer = gns.peers; peer != NULL; peer = peer->next)
		if ((nearest == NULL || peer->stream.round_trip < nearest->stream.round_trip) &&
			!is_tried(lookup, peer))
			nearest = peer;
	if (nearest != NULL)
		lookup->tried[lookup->tried_count++] = nearest->node;
	return nearest;
}

/* Ask the node, if it is there; or the next one. */
static void ask(struct lookup *lookup)
{
	struct letter letter = { .type = lookup->is_ping ? LETTER_PING : LETTER_LOOKUP };

	lookup->peer =
		lookup->any ? next_nearest(lookup) : peer_named(lookup->node, strlen(lookup->node));
	if (lookup->peer == NULL)
		return;
	letter.number = lookup->number = ++gns.last_number;
	letter.name_length = lookup->name_length;
	memcpy(letter.name, lookup->name, lookup->name_length);
	peer_letter(lookup->peer, &letter);
}

kern_return_t answer_begin(const struct lookup *begun)
{
	const uint64_t now = engine_now();
	struct lookup *lookup;

	if (begun->deadline <= now &&
		(begun->any ? gns.peers == NULL
			    : peer_named(begun->node, strlen(begun->node)) == NULL))
		return MASIX_E_NOT_FOUND;
	if (gns.lookup_count == GNS_LOOKUPS_MAX)
		return MASIX_E_LIMIT;
	lookup = malloc(sizeof *lookup);
	if (lookup == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*lookup = *begun;
	lookup->again = now + AGAIN_MS;
	lookup->next = gns.lookups;
	gns.lookups = lookup;
	gns.lookup_count++;
	ask(lookup);
	return MIG_NO_REPLY;
}

/* The lookup's answer; `port` is the asker's. */
static void end_lookup(struct lookup **link, kern_return_t result, mach_port_t port)
{
	struct lookup *lookup = *link;
	kern_return_t kr;

	*link = lookup->next;
	gns.lookup_count--;
	if (lookup->is_ping)
		kr = gns_ping_reply(lookup->reply, lookup->reply_type, result);
	else
		kr = gns_lookup_reply(lookup->reply, lookup->reply_type, result, port);
	if (kr != KERN_SUCCESS) {
		(void)mach_port_deallocate(mach_task_self(), lookup->reply);
		if (MACH_PORT_VALID(port))
			(void)mach_port_deallocate(mach_task_self(), port);
	}
	free(lookup);
}

/* It has no answer yet: asked again, if there is time.  False: it has ended, with `result`. */
static bool put_off(struct lookup **link, kern_return_t result)
{
	struct lookup *lookup = *link;
	const uint64_t now = engine_now();

	lookup->peer = NULL;
	if (lookup->any)
		ask(lookup);
	if (lookup->peer != NULL)
		return true;
	if (lookup->deadline <= now) {
		end_lookup(link, result, MACH_PORT_NULL);
		return false;
	}
	lookup->tried_count = 0;
	lookup->again = now + AGAIN_MS;
	return true;
}

/* It is time to ask again.  False: it has ended. */
static bool ask_again(struct lookup **link, uint64_t now)
{
	struct lookup *lookup = *link;
	mach_port_t port;

	if (lookup->any &&
		answer_local_lookup(lookup->name, lookup->name_length, &port) == KERN_SUCCESS) {
		end_lookup(link, KERN_SUCCESS, port);
		return false;
	}
	if (lookup->deadline <= now) {
		end_lookup(link, MASIX_E_NOT_FOUND, MACH_PORT_NULL);
		return false;
	}
	lookup->again = now + AGAIN_MS;
	ask(lookup);
	return true;
}

void answer_lookups_lost(struct peer *peer)
{
	struct lookup **link = &gns.lookups;

	while (*link != NULL)
		if ((*link)->peer != peer || put_off(link, MASIX_E_DEAD))
			link = &(*link)->next;
}

uint64_t answer_tick(uint64_t now)
{
	struct lookup **link = &gns.lookups;
	uint64_t deadline = UINT64_MAX;

	while (*link != NULL) {
		struct lookup *lookup = *link;

		if (lookup->peer == NULL && now >= lookup->again && !ask_again(link, now))
			continue;
		if (lookup->peer == NULL && lookup->again < deadline)
			deadline = lookup->again;
		link = &lookup->next;
	}
	return deadline;
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

/* The link to what the peer answers; to NULL if that is nothing. */
static struct lookup **find_lookup(struct peer *peer, const struct letter *letter)
{
	struct lookup **link = &gns.lookups;

	while (*link != NULL && ((*link)->peer != peer || (*link)->number != letter->number))
		link = &(*link)->next;
	return link;
}

static bool take_pong(struct peer *peer, const struct letter *letter)
{
	struct lookup **link = find_lookup(peer, letter);

	if (*link == NULL || !(*link)->is_ping)
		return false;
	end_lookup(link, KERN_SUCCESS, MACH_PORT_NULL);
	return true;
}

static bool take_found(struct peer *peer, const struct letter *letter)
{
	struct lookup **link = find_lookup(peer, letter);
	uint32_t port = MACH_PORT_NULL;
	kern_return_t result = letter->status;

	if (*link == NULL || (*link)->is_ping ||
		letter->right.kind != (result == KERN_SUCCESS ? WIRE_SEND : WIRE_NULL))
		return false;
	if (result == KERN_SUCCESS)
		(void)rights_make(peer, &letter->right, &port);
	if (port == MACH_PORT_DEAD) {
		port = MACH_PORT_NULL;
		result = MASIX_E_DEAD;
	}
	if (result == MASIX_E_NOT_FOUND || result == MASIX_E_DEAD)
		(void)put_off(link, result);
	else
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
	case LETTER_FLUSH:
		good = ledger_of(&port->ledger, &peer->node) != 0 && moved_take_flush(peer, port);
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

	if (letter->type == LETTER_MOVED &&
		(port == NULL || (!port->is_export && port->peer == peer)))
		return moved_take(peer, port, &letter->right);
	if (port == NULL) {
		if (letter->type == LETTER_GRANT) /* too late to be of use */
			peer_letter(peer, &back);
		return true;
	}
	if (port->is_export || port->peer != peer)
		return false;
	if (letter->type == LETTER_FLUSHED)
		return moved_switch(port);
	if (letter->type == LETTER_DEAD) {
		proxy_destroy(port);
		deliver_detained();
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
	case LETTER_FLUSH:
		return take_at_home(peer, letter);
	case LETTER_GRANT:
	case LETTER_DEAD:
	case LETTER_MOVED:
	case LETTER_FLUSHED:
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
	case LETTER_PING:
		peer_letter(
			peer, &(struct letter){ .type = LETTER_PONG, .number = letter->number });
		return true;
	case LETTER_PONG:
		return take_pong(peer, letter);
	case LETTER_WATCH:
	case LETTER_STATE:
	case LETTER_UNWATCH:
		return watch_letter(peer, letter);
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
