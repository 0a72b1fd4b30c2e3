/* Sockets: bytes, datagrams and files on their way. */
#include "socket_queue.h"

#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

struct socket_record *socket_record_new(const char *data, uint32_t length)
{
	struct socket_record *record = calloc(1, sizeof(*record) + length);

	if (record != NULL) {
		record->length = length;
		memcpy(record->data, data, length);
	}
	return record;
}

void socket_record_free(struct socket_record *record)
{
	if (record == NULL)
		return;
	free(record->name);
	free(record->rights);
	free(record);
}

void socket_drop(struct sockets *w, struct socket_record *record)
{
	if (record == NULL)
		return;
	record->next = w->unsettled;
	w->unsettled = record;
}

static uint32_t left_in(const struct socket_record *record)
{
	return record->length - record->at;
}

/* Records cost memory even if they are empty. */
static uint32_t charge_of(const struct socket_record *record)
{
	return left_in(record) + sizeof(*record);
}

static void charge(struct sockets *w, struct socket *s, uint32_t amount)
{
	s->charged += amount;
	w->charged += amount;
}

static void discharge(struct sockets *w, struct socket *s, uint32_t amount)
{
	s->charged -= amount;
	s->was_drained = true;
	w->charged -= amount;
}

static void queue(struct sockets *w, struct socket *to, struct socket_record *record)
{
	record->next = NULL;
	if (to->last != NULL)
		to->last->next = record;
	else
		to->first = record;
	to->last = record;
	to->activity.came++;
	charge(w, to, charge_of(record));
}

static struct socket_record *unqueue_first(struct sockets *w, struct socket *s)
{
	struct socket_record *record = s->first;

	s->first = record->next;
	if (s->first == NULL)
		s->last = NULL;
	discharge(w, s, charge_of(record));
	return record;
}

void socket_drop_queue(struct sockets *w, struct socket *s)
{
	while (s->first != NULL)
		socket_drop(w, unqueue_first(w, s));
}

/* --- Sending --- */

static uint32_t buffer_of(const struct sockets *w, const struct socket *from)
{
	return w->charged > w->limit ? SOCKET_SCARCE : from->send_buffer;
}

/* How many bytes from there the queue takes now. */
static uint32_t room_in(const struct sockets *w, const struct socket *from, const struct socket *to)
{
	const uint32_t used = to->charged + sizeof(struct socket_record), most = buffer_of(w, from);

	return used < most ? most - used : 0;
}

struct socket *socket_destination(const struct socket *s, struct socket *to)
{
	return to != NULL ? to : s->peer;
}

/* May it be sent at all? */
static int check_stream(const struct socket *s, const struct socket *to)
{
	if (to != NULL)
		return s->state == SOCKET_CONNECTED ? MASIX_E_CONNECTED : MASIX_E_NOT_SUPPORTED;
	if (s->shut & SOCKET_SHUT_OUT)
		return MASIX_E_PIPE;
	if (s->state != SOCKET_CONNECTED)
		return MASIX_E_NOT_CONNECTED;
	return s->peer == NULL || (s->peer->shut & SOCKET_SHUT_IN) ? MASIX_E_PIPE : 0;
}

static int check_datagram(struct socket *s, const struct socket *to, uint32_t length)
{
	const struct socket *target = to != NULL ? to : s->peer;

	if (length > s->send_buffer - sizeof(struct socket_record))
		return MASIX_E_MESSAGE_SIZE;
	if (s->shut & SOCKET_SHUT_OUT)
		return MASIX_E_PIPE;
	if (target == NULL) {
		int error = s->had_peer ? MASIX_E_REFUSED : MASIX_E_NOT_CONNECTED;

		s->had_peer = false;
		return error;
	}
	if (target->type != SOCKET_DATAGRAM)
		return MASIX_E_PROTOTYPE;
	if (target->peer != NULL && target->peer != s)
		return MASIX_E_PERMISSION;
	return target->shut & SOCKET_SHUT_IN ? MASIX_E_PIPE : 0;
}

static int check_sequenced(const struct socket *s, uint32_t length)
{
	if (s->state != SOCKET_CONNECTED)
		return MASIX_E_NOT_CONNECTED;
	if (length > s->send_buffer - sizeof(struct socket_record))
		return MASIX_E_MESSAGE_SIZE;
	return (s->shut & SOCKET_SHUT_OUT) || s->peer == NULL || (s->peer->shut & SOCKET_SHUT_IN)
		       ? MASIX_E_PIPE
		       : 0;
}

static int check_send(struct socket *s, const struct socket *to, uint32_t length)
{
	switch (s->type) {
	case SOCKET_STREAM:
		return check_stream(s, to);
	case SOCKET_DATAGRAM:
		return check_datagram(s, to, length);
	case SOCKET_SEQUENCED:
		return check_sequenced(s, length);
	}
	return MASIX_E_INVALID;
}

static bool same_ids(const struct socket_ids *a, const struct socket_ids *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* The first `length` bytes as a record of their own, with all rights.  NULL: no memory. */
static struct socket_record *split(struct socket_record *record, uint32_t length)
{
	struct socket_record *piece = socket_record_new(record->data + record->at, length);

	if (piece == NULL)
		return NULL;
	piece->ids = record->ids;
	piece->rights = record->rights;
	piece->right_count = record->right_count;
	record->rights = NULL;
	record->right_count = 0;
	record->at += length;
	return piece;
}

/* As much of the record as there is room for; *record becomes NULL when all of it went. */
static void push(struct sockets *w, const struct socket *from, struct socket *to,
	struct socket_record **record, uint32_t *count)
{
	const uint32_t left = left_in(*record), room = room_in(w, from, to);
	struct socket_record *piece = *record;

	if (left <= room || (to->first == NULL && from->type != SOCKET_STREAM)) {
		*record = NULL;
	} else {
		piece = from->type == SOCKET_STREAM && room > 0 ? split(piece, room) : NULL;
		if (piece == NULL)
			return;
	}
	*count += left_in(piece);
	queue(w, to, piece);
}

enum socket_result socket_send(struct sockets *w, struct socket *s, struct socket *to,
	struct socket_record **record, bool nonblock, int *error, uint32_t *count)
{
	struct socket *target = socket_destination(s, to);

	*count = 0;
	*error = check_send(s, to, left_in(*record));
	if (*error != 0)
		return SOCKET_DONE;
	if (s->type == SOCKET_STREAM && left_in(*record) == 0) {
		socket_drop(w, *record);
		*record = NULL;
		return SOCKET_DONE;
	}
	if (target->writes == NULL)
		push(w, s, target, record, count);
	if (*count > 0 || *record == NULL)
		socket_feed(w, target);
	if (*record == NULL)
		return SOCKET_DONE;
	if (!nonblock)
		return SOCKET_WAIT;
	if (*count > 0) {
		socket_drop(w, *record);
		*record = NULL;
	} else {
		*error = MASIX_E_WOULD_BLOCK;
	}
	return SOCKET_DONE;
}

/* Parked writers continue, in order, as far as there is room.  True: something came. */
static bool pull_writers(struct sockets *w, struct socket *s)
{
	bool came = false;

	while (s->writes != NULL) {
		struct socket_call *call = s->writes;
		uint32_t before = call->count;

		push(w, call->socket, s, &call->record, &call->count);
		came |= call->record == NULL || call->count > before;
		if (call->record != NULL)
			break;
		socket_answer(w, &s->writes, 0);
	}
	return came;
}

/* --- Receiving --- */

uint32_t socket_readable(const struct socket *s)
{
	uint32_t total = 0;

	if (s->first != NULL && s->type != SOCKET_STREAM)
		return left_in(s->first);
	for (const struct socket_record *r = s->first; r != NULL; r = r->next)
		total += left_in(r);
	return total;
}

/* What comes beside the bytes, from the first record that tells. */
static void take_rest(
	const struct socket *s, struct socket_record *record, bool peek, struct socket_received *to)
{
	to->ids = record->ids;
	to->wants_ids = s->wants_ids;
	if (record->name != NULL)
		to->name = *record->name;
	if (peek || record->rights == NULL)
		return;
	to->rights = record->rights;
	to->right_count = record->right_count;
	record->rights = NULL;
	record->right_count = 0;
	for (uint32_t i = 0; i < to->right_count; i++) {
		struct socket *carried = to->rights[i].socket;

		if (carried != NULL) {
			carried->in_flight--;
			carried->ends++;
		}
	}
}

static int take_datagram(struct sockets *w, struct socket *s, const struct socket_receive *how,
	struct socket_received *to)
{
	struct socket_record *record = s->first;
	uint32_t length = left_in(record);

	if (length > how->whole && how->amount > how->whole)
		return MASIX_E_TOO_BIG;
	to->full = length;
	to->count = length < how->amount ? length : how->amount;
	memcpy(how->to, record->data + record->at, to->count);
	take_rest(s, record, how->peek, to);
	if (!how->peek)
		socket_drop(w, unqueue_first(w, s));
	return 0;
}

/* Bytes of as many records as are alike: rights come with the last of them. */
static int take_stream(struct sockets *w, struct socket *s, const struct socket_receive *how,
	struct socket_received *to)
{
	const uint32_t amount = how->amount < how->whole ? how->amount : how->whole;
	struct socket_record *record = s->first, *next;

	for (; record != NULL && to->count < amount; record = next) {
		uint32_t n =
			left_in(record) < amount - to->count ? left_in(record) : amount - to->count;
		bool had_rights = record->rights != NULL;

		next = record->next;
		if (to->count > 0 && s->wants_ids && !same_ids(&to->ids, &record->ids))
			break;
		memcpy(how->to + to->count, record->data + record->at, n);
		to->count += n;
		take_rest(s, record, how->peek, to);
		if (!how->peek) {
			record->at += n;
			discharge(w, s, n);
			if (left_in(record) == 0)
				socket_drop(w, unqueue_first(w, s));
		}
		if (had_rights)
			break;
	}
	to->full = to->count;
	return 0;
}

static int take(struct sockets *w, struct socket *s, const struct socket_receive *how,
	struct socket_received *to)
{
	memset(to, 0, sizeof(*to));
	return s->type == SOCKET_STREAM ? take_stream(w, s, how, to) : take_datagram(w, s, how, to);
}

/* Why nothing can come now; *error 0 is end of file. */
static enum socket_result receive_nothing(struct socket *s, bool nonblock, int *error)
{
	if (s->error != 0) {
		*error = socket_take_error(s);
		return SOCKET_DONE;
	}
	if (s->shut & SOCKET_SHUT_IN)
		return SOCKET_DONE;
	if (s->type == SOCKET_STREAM && s->state != SOCKET_CONNECTED)
		*error = MASIX_E_INVALID;
	else if (s->type == SOCKET_SEQUENCED && s->state != SOCKET_CONNECTED)
		*error = MASIX_E_NOT_CONNECTED;
	else if (nonblock)
		*error = MASIX_E_WOULD_BLOCK;
	else
		return SOCKET_WAIT;
	return SOCKET_DONE;
}

enum socket_result socket_receive(struct sockets *w, struct socket *s,
	const struct socket_receive *how, bool nonblock, int *error,
	struct socket_received *received)
{
	*error = 0;
	memset(received, 0, sizeof(*received));
	if (s->first == NULL)
		return receive_nothing(s, nonblock, error);
	*error = take(w, s, how, received);
	if (*error == 0 && !how->peek)
		socket_feed(w, s);
	return SOCKET_DONE;
}

void socket_unread(struct sockets *w, struct socket *s, const char *data, uint32_t length)
{
	struct socket_record *record = length > 0 ? socket_record_new(data, length) : NULL;

	if (record == NULL)
		return;
	record->next = s->first;
	s->first = record;
	if (s->last == NULL)
		s->last = record;
	s->activity.came++;
	charge(w, s, charge_of(record));
	socket_feed(w, s);
}

/* The first parked reader reads.  False: nobody waits, or there is nothing. */
static bool serve_reader(struct sockets *w, struct socket *s)
{
	struct socket_call *call = s->reads;
	uint32_t n = socket_readable(s);
	if (call == NULL || s->first == NULL)
		return false;
	struct socket_receive how = {
		.amount = call->amount, .whole = call->whole, .peek = call->peek
	};

	if (n > call->amount)
		n = call->amount;
	how.to = call->data = malloc(n > 0 ? n : 1);
	socket_answer(
		w, &s->reads, how.to != NULL ? take(w, s, &how, &call->received) : MASIX_E_LIMIT);
	return true;
}

void socket_feed(struct sockets *w, struct socket *s)
{
	while (serve_reader(w, s) || pull_writers(w, s)) {
	}
	socket_wake(w, s);
}

uint32_t sockets_in_flight(const struct sockets *w, uint32_t uid)
{
	uint32_t total = 0;

	for (const struct socket *s = w->all; s != NULL; s = s->next) {
		for (const struct socket_record *r = s->first; r != NULL; r = r->next)
			if (r->ids.uid == uid)
				total += r->right_count;
		for (const struct socket_call *c = s->writes; c != NULL; c = c->next)
			if (c->record->ids.uid == uid)
				total += c->record->right_count;
	}
	return total;
}
