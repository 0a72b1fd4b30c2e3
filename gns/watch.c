/* Names that come and go: what clients of this node follow here and at other nodes, and what other nodes follow here.
 *
 * A name of this node that anybody follows is a topic: ACS tells us of it once, and we tell all.  Other nodes are asked by a letter
 * each, and then speak only when something changes; what a node says of a name is said of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "acs_client.h"
#include "acs_event.h"
#include "acs_event_server.h"
#include "mach_port.h"
#include "state.h"

#define WATCHES_MAX 128	  /* of clients here */
#define TOPICS_MAX 32	  /* each is a watcher at ACS, which has 64 for all clients */
#define TOPICS_FAR_MAX 24 /* that may be there when another node asks for one more */
#define PEER_FOLLOWS_MAX 8

struct topic {
	mach_port_t events; /* receive right, in the set: ACS's */
	unsigned users;
	int what; /* MASIX_EVENT_*; 0: not told yet */
	uint32_t generation;
	uint8_t length;
	char name[LETTER_NAME_MAX];
	struct topic *next;
};

/* Another node follows a topic. */
struct follower {
	struct peer *peer;
	uint64_t number; /* the other's */
	struct topic *topic;
	struct follower *next;
};

/* A client here follows a name. */
struct watch {
	mach_port_t port; /* send right: its events go there */
	bool any;
	char node[sizeof((struct masix_gns_hello *)0)->name];
	struct topic *topic; /* or NULL: it does not concern this node */
	bool is_here;	     /* it has been told so */
	uint8_t length;
	char name[LETTER_NAME_MAX];
	struct watch *next;
};

/* What another node was asked for a watch. */
struct question {
	struct watch *watch;
	struct peer *peer;
	uint64_t number;
	bool is_there;
	struct question *next;
};

/* gns.lock: */
static struct topic *topics;
static struct follower *followers;
static struct watch *watches;
static struct question *questions;
static unsigned topic_count, watch_count;

static void tell(const struct watch *watch, const char *node, int what, uint32_t generation)
{
	char name[LETTER_NAME_MAX + sizeof watch->node + 1];
	int length = snprintf(name, sizeof name, "%.*s@%s", (int)watch->length, watch->name, node);

	/* Who does not take them has hints enough; who is dead will be forgotten. */
	if (length > 0 && (unsigned)length <= MASIX_NAME_MAX)
		(void)acs_event(watch->port, MACH_SEND_TIMEOUT, name,
			(mach_msg_type_number_t)length, what, generation);
}

/* --- Names of this node ------------------------------------------------------------------------------------------------ */

static void put_topic(struct topic *topic)
{
	struct topic **link = &topics;

	if (--topic->users > 0)
		return;
	while (*link != topic)
		link = &(*link)->next;
	*link = topic->next;
	topic_count--;
	(void)mach_port_mod_refs(mach_task_self(), topic->events, MACH_PORT_RIGHT_RECEIVE, -1);
	free(topic);
}

static kern_return_t make_topic(const char *name, size_t length, struct topic **made)
{
	struct topic *topic = calloc(1, sizeof *topic);
	kern_return_t kr;

	if (topic == NULL)
		return KERN_RESOURCE_SHORTAGE;
	topic->length = (uint8_t)length;
	memcpy(topic->name, name, length);
	kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &topic->events);
	if (kr != KERN_SUCCESS) {
		free(topic);
		return kr;
	}
	topic->next = topics;
	topics = topic;
	topic_count++;
	topic->users = 1;
	kr = mach_port_move_member(mach_task_self(), topic->events, gns.set);
	if (kr == KERN_SUCCESS)
		kr = acs_client_watch(gns.acs, name, length, topic->events);
	if (kr != KERN_SUCCESS)
		put_topic(topic);
	else
		*made = topic;
	return kr;
}

/* One user more, to be put.  MASIX_E_LIMIT: there are `most` already. */
static kern_return_t get_topic(const char *name, size_t length, unsigned most, struct topic **found)
{
	struct topic *topic = topics;

	while (topic != NULL && (topic->length != length || memcmp(topic->name, name, length) != 0))
		topic = topic->next;
	if (topic == NULL)
		return topic_count >= most ? MASIX_E_LIMIT : make_topic(name, length, found);
	topic->users++;
	*found = topic;
	return KERN_SUCCESS;
}

/* That a node does not have the name is no first news to who asks all of them. */
static void tell_own(struct watch *watch)
{
	const bool is_here = watch->topic->what != MASIX_EVENT_WENT;

	if (is_here || watch->is_here || !watch->any)
		tell(watch, gns.name, watch->topic->what, watch->topic->generation);
	watch->is_here = is_here;
}

static void tell_follower(const struct follower *follower)
{
	const struct letter state = {
		.type = LETTER_STATE,
		.number = follower->number,
		.status = follower->topic->what,
		.generation = follower->topic->generation,
	};

	peer_letter(follower->peer, &state);
}

kern_return_t S_acs_event(mach_port_t events, const masix_name_t name,
	mach_msg_type_number_t length, int what, uint32_t generation)
{
	struct topic *topic = topics;
	const struct follower *follower;
	struct watch *watch;

	(void)name;
	(void)length;
	while (topic != NULL && topic->events != events)
		topic = topic->next;
	if (topic == NULL)
		return KERN_SUCCESS;
	topic->what = what;
	topic->generation = generation;
	for (follower = followers; follower != NULL; follower = follower->next)
		if (follower->topic == topic)
			tell_follower(follower);
	for (watch = watches; watch != NULL; watch = watch->next)
		if (watch->topic == topic)
			tell_own(watch);
	return KERN_SUCCESS;
}

bool watch_take(mach_msg_header_t *message)
{
	const struct topic *topic = topics;
	mig_reply_header_t reply;
	mig_routine_t routine;

	while (topic != NULL && topic->events != message->msgh_local_port)
		topic = topic->next;
	if (topic == NULL)
		return false;
	/* Only ACS has a right to it. */
	routine = acs_event_server_routine(message);
	if (routine != NULL)
		routine(message, &reply.Head);
	masix_msg_destroy(message, 0);
	return true;
}

/* --- What other nodes ask and tell ------------------------------------------------------------------------------------ */

static kern_return_t follow(struct peer *peer, const struct letter *letter)
{
	struct follower *follower;
	unsigned count = 0;
	kern_return_t kr;

	for (follower = followers; follower != NULL; follower = follower->next)
		count += follower->peer == peer;
	if (count >= PEER_FOLLOWS_MAX)
		return MASIX_E_LIMIT;
	follower = malloc(sizeof *follower);
	if (follower == NULL)
		return KERN_RESOURCE_SHORTAGE;
	follower->peer = peer;
	follower->number = letter->number;
	kr = get_topic(letter->name, letter->name_length, TOPICS_FAR_MAX, &follower->topic);
	if (kr != KERN_SUCCESS) {
		free(follower);
		return kr;
	}
	follower->next = followers;
	followers = follower;
	if (follower->topic->what != 0)
		tell_follower(follower);
	return KERN_SUCCESS;
}

static void drop_followers(const struct peer *peer, const uint64_t *number)
{
	struct follower **link = &followers;

	while (*link != NULL) {
		struct follower *follower = *link;

		if (follower->peer != peer || (number != NULL && follower->number != *number)) {
			link = &follower->next;
			continue;
		}
		*link = follower->next;
		put_topic(follower->topic);
		free(follower);
	}
}

static bool take_state(struct peer *peer, const struct letter *letter)
{
	struct question *question = questions;
	const bool is_there = letter->status != MASIX_EVENT_WENT;
	const char *name;

	while (question != NULL && (question->peer != peer || question->number != letter->number))
		question = question->next;
	if (question == NULL)
		return true; /* not asked any more */
	name = question->watch->name;
	if (letter->status == MASIX_E_LIMIT || letter->status == KERN_RESOURCE_SHORTAGE) {
		masix_log("node %s does not tell us of %.*s: %s", peer->name,
			(int)question->watch->length, name, masix_strerror(letter->status));
		return true;
	}
	if (letter->status < MASIX_EVENT_CAME || letter->status > MASIX_EVENT_REPLACED)
		return false;
	if (is_there || question->is_there || !question->watch->any)
		tell(question->watch, peer->name, letter->status, letter->generation);
	question->is_there = is_there;
	return true;
}

bool watch_letter(struct peer *peer, const struct letter *letter)
{
	struct letter refused = { .type = LETTER_STATE, .number = letter->number };

	switch (letter->type) {
	case LETTER_WATCH:
		refused.status = follow(peer, letter);
		if (refused.status != KERN_SUCCESS)
			peer_letter(peer, &refused);
		return true;
	case LETTER_UNWATCH:
		drop_followers(peer, &letter->number);
		return true;
	default: /* LETTER_STATE */
		return take_state(peer, letter);
	}
}

/* --- What is asked for clients here --------------------------------------------------------------------------------------- */

static bool concerns(const struct watch *watch, const char *node)
{
	return watch->any || strcmp(watch->node, node) == 0;
}

static void ask(struct watch *watch, struct peer *peer)
{
	struct letter letter = { .type = LETTER_WATCH };
	struct question *question = malloc(sizeof *question);

	if (question == NULL) {
		masix_log("no memory to follow a name at node %s", peer->name);
		return;
	}
	*question = (struct question){ watch, peer, ++gns.last_number, false, questions };
	questions = question;
	letter.number = question->number;
	letter.name_length = watch->length;
	memcpy(letter.name, watch->name, watch->length);
	peer_letter(peer, &letter);
}

void watch_peer_comes(struct peer *peer)
{
	struct watch *watch;

	for (watch = watches; watch != NULL; watch = watch->next)
		if (concerns(watch, peer->name))
			ask(watch, peer);
}

/* What it had is gone. */
void watch_peer_ends(struct peer *peer)
{
	struct question **link = &questions;

	drop_followers(peer, NULL);
	while (*link != NULL) {
		struct question *question = *link;

		if (question->peer != peer) {
			link = &question->next;
			continue;
		}
		*link = question->next;
		if (question->is_there)
			tell(question->watch, peer->name, MASIX_EVENT_WENT, 0);
		free(question);
	}
}

static void drop_questions(const struct watch *watch)
{
	struct question **link = &questions;

	while (*link != NULL) {
		struct question *question = *link;

		if (question->watch != watch) {
			link = &question->next;
			continue;
		}
		*link = question->next;
		peer_letter(question->peer,
			&(struct letter){ .type = LETTER_UNWATCH, .number = question->number });
		free(question);
	}
}

void watch_port_died(mach_port_t port)
{
	struct watch **link = &watches;

	while (*link != NULL) {
		struct watch *watch = *link;

		if (watch->port != port) {
			link = &watch->next;
			continue;
		}
		*link = watch->next;
		watch_count--;
		drop_questions(watch);
		if (watch->topic != NULL)
			put_topic(watch->topic);
		(void)mach_port_deallocate(mach_task_self(), port);
		free(watch);
	}
}

static kern_return_t hear_of_end(mach_port_t port)
{
	mach_port_t before = MACH_PORT_NULL;
	kern_return_t kr = mach_port_request_notification(mach_task_self(), port,
		MACH_NOTIFY_DEAD_NAME, 1, gns.notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &before);

	/* Ours, of another watch or of an export: one is enough. */
	if (kr == KERN_SUCCESS && before != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), before);
	return kr;
}

kern_return_t watch_begin(
	const char *name, size_t length, const char *node, bool any, mach_port_t port)
{
	struct watch *watch;
	struct peer *peer;
	kern_return_t kr = KERN_SUCCESS;
	bool is_there = false;

	if (watch_count == WATCHES_MAX)
		return MASIX_E_LIMIT;
	watch = calloc(1, sizeof *watch);
	if (watch == NULL)
		return KERN_RESOURCE_SHORTAGE;
	watch->any = any;
	watch->length = (uint8_t)length;
	memcpy(watch->name, name, length);
	strncpy(watch->node, node, sizeof watch->node - 1);
	watch->port = port;
	if (concerns(watch, gns.name))
		kr = get_topic(name, length, TOPICS_MAX, &watch->topic);
	if (kr == KERN_SUCCESS)
		kr = hear_of_end(port);
	if (kr != KERN_SUCCESS) {
		if (watch->topic != NULL)
			put_topic(watch->topic);
		free(watch);
		return kr;
	}
	watch->next = watches;
	watches = watch;
	watch_count++;
	if (watch->topic != NULL && watch->topic->what != 0)
		tell_own(watch);
	for (peer = gns.peers; peer != NULL; peer = peer->next)
		if (concerns(watch, peer->name)) {
			ask(watch, peer);
			is_there = true;
		}
	if (!any && watch->topic == NULL && !is_there)
		tell(watch, node, MASIX_EVENT_WENT, 0);
	return KERN_SUCCESS;
}
