/* Sockets: names, connections, coming and going. */
#include "unix_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "socket_queue.h"

/* --- Parked calls --- */

static void append(struct socket_call **list, struct socket_call *call)
{
	while (*list != NULL)
		list = &(*list)->next;
	call->next = NULL;
	*list = call;
}

void socket_answer(struct sockets *w, struct socket_call **link, int error)
{
	struct socket_call *call = *link;

	*link = call->next;
	/* What is on its way has succeeded, whatever comes. */
	call->error = call->count > 0 ? 0 : error;
	socket_drop(w, call->record);
	call->record = NULL;
	append(&w->answers, call);
}

void socket_answer_all(struct sockets *w, struct socket_call **list, int error)
{
	while (*list != NULL)
		socket_answer(w, list, error);
}

void socket_wake_polls(struct sockets *w, struct socket *s)
{
	for (struct socket_call **link = &s->polls; *link != NULL;) {
		struct socket_call *call = *link;

		const int holds = socket_poll(s);

		call->ready = masix_activity_answer(&s->activity, holds, call->events);
		if (masix_activity_waits(&s->activity, holds, call->events))
			link = &call->next;
		else
			socket_answer(w, link, 0);
	}
}

static void wake_writer(struct sockets *w, struct socket *s, bool has_room)
{
	s->activity.went += has_room;
	socket_wake_polls(w, s);
}

void socket_wake(struct sockets *w, struct socket *s)
{
	const bool has_room = s->was_drained;

	s->was_drained = false;
	socket_wake_polls(w, s);
	if (socket_is_connection(s)) {
		if (s->peer != NULL)
			wake_writer(w, s->peer, has_room);
		return;
	}
	for (struct socket *other = w->all; other != NULL; other = other->next)
		if (other->peer == s)
			wake_writer(w, other, has_room);
}

/* Readers that wait for what cannot come any more. */
void socket_wake_readers(struct sockets *w, struct socket *s)
{
	while (s->reads != NULL && s->first == NULL &&
		(s->error != 0 || (s->shut & SOCKET_SHUT_IN)))
		socket_answer(w, &s->reads, s->error != 0 ? socket_take_error(s) : 0);
}

void socket_park(struct sockets *w, struct socket *at, struct socket_call *call)
{
	switch (call->kind) {
	case SOCKET_CALL_READ:
	case SOCKET_CALL_RECEIVE:
		append(&at->reads, call);
		break;
	case SOCKET_CALL_WRITE:
	case SOCKET_CALL_SEND:
		append(&at->writes, call);
		break;
	case SOCKET_CALL_POLL:
		append(&at->polls, call);
		break;
	case SOCKET_CALL_ACCEPT:
		append(&at->accepts, call);
		break;
	case SOCKET_CALL_CONNECT:
		append(&at->connects, call);
		break;
	}
	(void)w;
}

/* End those calls in the list that came through `end`, all or the one with the token. */
static bool end_calls(
	struct sockets *w, struct socket_call **link, const void *end, const uint32_t *token)
{
	bool found = false;

	while (*link != NULL) {
		if ((*link)->end == end && (token == NULL || (*link)->token == *token)) {
			socket_answer(w, link, MASIX_E_INTERRUPTED);
			found = true;
		} else {
			link = &(*link)->next;
		}
	}
	return found;
}

static bool end_calls_anywhere(
	struct sockets *w, struct socket *s, const void *end, const uint32_t *token)
{
	bool found = end_calls(w, &s->reads, end, token) | end_calls(w, &s->polls, end, token) |
		     end_calls(w, &s->accepts, end, token);

	for (struct socket *other = w->all; other != NULL && !(found && token != NULL);
		other = other->next) {
		bool was_first = other->writes != NULL && other->writes->end == end;

		found |= end_calls(w, &other->writes, end, token) |
			 end_calls(w, &other->connects, end, token);
		if (was_first)
			socket_feed(w, other); /* those that waited behind it */
	}
	return found;
}

bool socket_cancel(struct sockets *w, struct socket *s, const void *end, uint32_t token)
{
	return end_calls_anywhere(w, s, end, &token);
}

void socket_forget(struct sockets *w, struct socket *s, const void *end)
{
	end_calls_anywhere(w, s, end, NULL);
}

/* --- Coming and going --- */

struct socket *socket_create(
	struct sockets *w, enum socket_type type, const struct socket_ids *owner)
{
	struct socket *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->type = type;
	s->ends = 1;
	s->send_buffer = s->receive_buffer = SOCKET_BUFFER;
	s->owner = *owner;
	s->ino = ++w->next_ino;
	s->next = w->all;
	w->all = s;
	return s;
}

void socket_join(struct socket *a, struct socket *b)
{
	a->peer = b;
	b->peer = a;
	a->had_peer = b->had_peer = true;
	a->peer_ids = b->owner;
	b->peer_ids = a->owner;
	if (socket_is_connection(a))
		a->state = b->state = SOCKET_CONNECTED;
}

static void lose_peer(struct sockets *w, struct socket *s, bool was_full)
{
	s->peer_name = s->peer->name;
	s->peer = NULL;
	if (socket_is_connection(s)) {
		s->shut = SOCKET_SHUT_IN | SOCKET_SHUT_OUT;
		if (was_full)
			s->error = MASIX_E_RESET;
		/* Who waits to send there is answered by the one that goes. */
	}
	s->activity.came++;
	s->activity.went++;
	socket_wake_readers(w, s);
	socket_wake_polls(w, s);
}

static void unlink_from(struct socket **list, struct socket *s)
{
	while (*list != s)
		list = &(*list)->next;
	*list = s->next;
}

static void close_socket(struct sockets *w, struct socket *s)
{
	const bool was_full = s->first != NULL || s->is_embryo;

	unlink_from(&w->all, s);
	socket_answer_all(w, &s->reads, MASIX_E_INTERRUPTED);
	socket_answer_all(w, &s->polls, MASIX_E_INTERRUPTED);
	socket_answer_all(w, &s->accepts, MASIX_E_INTERRUPTED);
	socket_answer_all(w, &s->connects, MASIX_E_REFUSED);
	socket_answer_all(w, &s->writes, socket_is_connection(s) ? MASIX_E_PIPE : MASIX_E_REFUSED);
	socket_drop_queue(w, s);
	while (s->pending != NULL) {
		struct socket *embryo = s->pending;

		s->pending = embryo->next_pending;
		close_socket(w, embryo); /* nothing waits to be accepted by that one */
	}
	for (struct socket *other = w->all; other != NULL; other = other->next) {
		/* Calls of this socket that wait at the other. */
		for (struct socket_call **link = &other->writes; *link != NULL;)
			if ((*link)->socket == s)
				socket_answer(w, link, MASIX_E_INTERRUPTED);
			else
				link = &(*link)->next;
		for (struct socket_call **link = &other->connects; *link != NULL;)
			if ((*link)->socket == s)
				socket_answer(w, link, MASIX_E_INTERRUPTED);
			else
				link = &(*link)->next;
		if (other->peer == s)
			lose_peer(w, other, was_full);
	}
	s->next = w->gone;
	w->gone = s;
}

/* Neither a port nor a record nor a listener holds it any more. */
static void close_if_unheld(struct sockets *w, struct socket *s)
{
	if (s->ends > 0 || s->is_embryo)
		return;
	if (s->in_flight == 0)
		close_socket(w, s);
	else
		w->is_doubtful = true;
}

void socket_end_closed(struct sockets *w, struct socket *s)
{
	s->ends--;
	close_if_unheld(w, s);
}

void sockets_close_unheld(struct sockets *w)
{
	struct socket *s = w->all;

	while (s != NULL) {
		struct socket *next = s->next;
		bool is_unheld = s->ends == 0 && !s->is_embryo;

		close_if_unheld(w, s);
		/* Others may have gone with it. */
		s = is_unheld && s->in_flight == 0 ? w->all : next;
	}
}

static void mark(struct socket **list, struct socket *s)
{
	if (s->is_marked)
		return;
	s->is_marked = true;
	s->next_marked = *list;
	*list = s;
}

static void mark_rights(struct socket **list, const struct socket_record *record)
{
	for (uint32_t i = 0; i < record->right_count; i++)
		if (record->rights[i].socket != NULL)
			mark(list, record->rights[i].socket);
}

/* All that somebody could still get at. */
static void mark_reachable(struct sockets *w)
{
	struct socket *list = NULL;

	for (struct socket *s = w->all; s != NULL; s = s->next) {
		s->is_marked = false;
		s->next_marked = NULL;
	}
	for (struct socket *s = w->all; s != NULL; s = s->next)
		if (s->ends > 0)
			mark(&list, s);
	while (list != NULL) {
		struct socket *s = list;

		list = s->next_marked;
		for (struct socket_record *r = s->first; r != NULL; r = r->next)
			mark_rights(&list, r);
		for (struct socket_call *c = s->writes; c != NULL; c = c->next)
			mark_rights(&list, c->record);
		for (struct socket *e = s->pending; e != NULL; e = e->next_pending)
			mark(&list, e);
	}
}

/* Sockets that only each other's queues hold: what is in these is dropped, which closes them. */
static void drop_cycles(struct sockets *w)
{
	w->is_doubtful = false;
	mark_reachable(w);
	for (struct socket *s = w->all; s != NULL; s = s->next)
		if (!s->is_marked) {
			socket_drop_queue(w, s);
			for (struct socket *e = s->pending; e != NULL; e = e->next_pending)
				socket_drop_queue(w, e);
			socket_answer_all(w, &s->writes, MASIX_E_PIPE);
		}
}

static void settle_record(struct sockets *w, struct socket_record *record)
{
	for (uint32_t i = 0; i < record->right_count; i++) {
		struct socket *s = record->rights[i].socket;

		if (s != NULL) {
			s->in_flight--;
			close_if_unheld(w, s);
		}
	}
	record->next = w->dropped;
	w->dropped = record;
}

void sockets_settle(struct sockets *w)
{
	do {
		while (w->unsettled != NULL) {
			struct socket_record *record = w->unsettled;

			w->unsettled = record->next;
			settle_record(w, record);
		}
		if (w->is_doubtful)
			drop_cycles(w);
	} while (w->unsettled != NULL);
}

/* --- Names --- */

static bool same_name(const struct socket_name *a, const struct socket_name *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

struct socket *socket_find_node(const struct sockets *w, uint32_t dev, uint64_t ino)
{
	for (struct socket *s = w->all; s != NULL; s = s->next)
		if (s->node != 0 && s->node_dev == dev && s->node_ino == ino)
			return s;
	return NULL;
}

struct socket *socket_find_abstract(const struct sockets *w, const struct socket_name *name)
{
	for (struct socket *s = w->all; s != NULL; s = s->next)
		if (!s->was_accepted && s->name.length > 0 && s->name.bytes[0] == '\0' &&
			same_name(&s->name, name))
			return s;
	return NULL;
}

int socket_bind_node(struct sockets *w, struct socket *s, const struct socket_name *name,
	uint32_t dev, uint64_t ino, uint32_t node)
{
	if (s->name.length > 0)
		return MASIX_E_INVALID;
	if (socket_find_node(w, dev, ino) != NULL)
		return MASIX_E_IN_USE;
	s->name = *name;
	s->node_dev = dev;
	s->node_ino = ino;
	s->node = node;
	return 0;
}

/* unix(7): five hexadecimal digits. */
int socket_bind_to_any(struct sockets *w, struct socket *s)
{
	for (uint32_t tries = 0; tries <= 0xfffff; tries++) {
		struct socket_name name = { .length = 6 };
		char digits[8];

		snprintf(digits, sizeof(digits), "%05x", (unsigned)(++w->next_name & 0xfffff));
		memcpy(name.bytes + 1, digits, 5);
		if (socket_find_abstract(w, &name) == NULL) {
			s->name = name;
			return 0;
		}
	}
	return MASIX_E_LIMIT;
}

int socket_bind_abstract(struct sockets *w, struct socket *s, const struct socket_name *name)
{
	/* Once more with no name is no error: it has one. */
	if (s->name.length > 0)
		return name->length == 0 ? 0 : MASIX_E_INVALID;
	if (name->length == 0)
		return socket_bind_to_any(w, s);
	if (socket_find_abstract(w, name) != NULL)
		return MASIX_E_IN_USE;
	s->name = *name;
	return 0;
}

int socket_get_peer_name(const struct socket *s, struct socket_name *name)
{
	if (s->peer == NULL && !(s->had_peer && socket_is_connection(s)))
		return MASIX_E_NOT_CONNECTED;
	*name = s->peer != NULL ? s->peer->name : s->peer_name;
	return 0;
}

int socket_take_error(struct socket *s)
{
	int error = s->error;

	s->error = 0;
	return error;
}

/* As Linux does: when three quarters of the buffer are free. */
static bool is_writable(const struct socket *s)
{
	return s->peer == NULL || s->peer->charged * 4 <= s->send_buffer;
}

int socket_poll(const struct socket *s)
{
	int ready = 0;

	if (s->error != 0)
		ready |= MASIX_POLL_ERR;
	if (s->shut == (SOCKET_SHUT_IN | SOCKET_SHUT_OUT))
		ready |= MASIX_POLL_HUP;
	if (s->shut & SOCKET_SHUT_IN)
		ready |= MASIX_POLL_IN | MASIX_POLL_RDHUP;
	if (s->first != NULL || s->pending != NULL)
		ready |= MASIX_POLL_IN;
	if (socket_is_connection(s) && s->state == SOCKET_IDLE)
		ready |= MASIX_POLL_HUP;
	if (s->state != SOCKET_LISTENS && is_writable(s))
		ready |= MASIX_POLL_OUT;
	return ready;
}
