/* AF_UNIX connections: listening, connecting, accepting, shutting down.  Pure. */
#include "unix_socket.h"

#include <stddef.h>

#include <masix/error.h>

#include "socket_queue.h"

/* Connections that found the backlog full. */
static void admit_waiting(struct sockets *w, struct socket *s);

int socket_listen(struct sockets *w, struct socket *s, int backlog, const struct socket_ids *ids)
{
	if (!socket_is_connection(s))
		return MASIX_E_NOT_SUPPORTED;
	if (s->name.length == 0 || s->state == SOCKET_CONNECTED)
		return MASIX_E_INVALID;
	s->backlog = backlog < 0 || backlog > SOCKET_BACKLOG_MAX ? SOCKET_BACKLOG_MAX : backlog;
	s->state = SOCKET_LISTENS;
	s->owner = *ids;
	admit_waiting(w, s);
	socket_wake_polls(w, s);
	return 0;
}

/* The other side of a new connection, waiting to be accepted. */
static int admit(
	struct sockets *w, struct socket *s, struct socket *to, const struct socket_ids *ids)
{
	struct socket *embryo = socket_create(w, to->type, &to->owner), **link = &to->pending;

	if (embryo == NULL)
		return MASIX_E_LIMIT;
	embryo->ends = 0;
	embryo->is_embryo = true;
	embryo->name = to->name;
	embryo->was_accepted = true;
	embryo->wants_ids = to->wants_ids;
	embryo->created = to->created;
	s->owner = *ids;
	socket_join(s, embryo);
	while (*link != NULL)
		link = &(*link)->next_pending;
	*link = embryo;
	to->pending_count++;
	to->activity.came++;
	s->activity.went++;
	return 0;
}

static struct socket *take_pending(struct socket *s)
{
	struct socket *taken = s->pending;

	s->pending = taken->next_pending;
	taken->next_pending = NULL;
	taken->is_embryo = false;
	taken->ends = 1;
	s->pending_count--;
	return taken;
}

/* Somebody waits to accept, or to be admitted. */
static void admit_waiting(struct sockets *w, struct socket *s)
{
	for (;;) {
		if (s->accepts != NULL && s->pending != NULL) {
			s->accepts->accepted = take_pending(s);
			socket_answer(w, &s->accepts, 0);
		} else if (s->connects != NULL && s->pending_count <= s->backlog) {
			struct socket_call *call = s->connects;
			int error = call->socket->state == SOCKET_IDLE
					    ? admit(w, call->socket, s, &call->ids)
					    : MASIX_E_CONNECTED;
			struct socket *connected = call->socket;

			socket_answer(w, &s->connects, error);
			socket_wake_polls(w, connected);
		} else {
			break;
		}
	}
	socket_wake_polls(w, s);
}

static int connect_datagram(struct sockets *w, struct socket *s, struct socket *to)
{
	if (to->type != SOCKET_DATAGRAM)
		return MASIX_E_PROTOTYPE;
	if (to->peer != NULL && to->peer != s)
		return MASIX_E_PERMISSION;
	s->peer = to;
	s->had_peer = true;
	socket_wake_polls(w, s);
	return 0;
}

enum socket_result socket_connect(struct sockets *w, struct socket *s, struct socket *to,
	const struct socket_ids *ids, bool nonblock, int *error)
{
	*error = 0;
	if (s->wants_ids && s->name.length == 0)
		*error = socket_bind_to_any(w, s);
	if (*error != 0)
		return SOCKET_DONE;
	if (!socket_is_connection(s)) {
		*error = connect_datagram(w, s, to);
		return SOCKET_DONE;
	}
	if (to->type != s->type)
		*error = MASIX_E_PROTOTYPE;
	else if (to->state != SOCKET_LISTENS || (to->shut & SOCKET_SHUT_IN))
		*error = MASIX_E_REFUSED;
	else if (s->state == SOCKET_CONNECTED)
		*error = MASIX_E_CONNECTED;
	else if (s->state == SOCKET_LISTENS)
		*error = MASIX_E_INVALID;
	else if (to->pending_count > to->backlog || to->connects != NULL) {
		if (!nonblock)
			return SOCKET_WAIT;
		*error = MASIX_E_WOULD_BLOCK;
	} else {
		*error = admit(w, s, to, ids);
	}
	if (*error == 0) {
		admit_waiting(w, to);
		socket_wake_polls(w, s);
	}
	return SOCKET_DONE;
}

void socket_disconnect(struct sockets *w, struct socket *s)
{
	if (socket_is_connection(s))
		return;
	s->peer = NULL;
	s->had_peer = false;
	socket_wake_polls(w, s);
}

enum socket_result socket_accept(
	struct sockets *w, struct socket *s, bool nonblock, int *error, struct socket **accepted)
{
	*error = 0;
	*accepted = NULL;
	if (!socket_is_connection(s)) {
		*error = MASIX_E_NOT_SUPPORTED;
	} else if (s->state != SOCKET_LISTENS || (s->shut & SOCKET_SHUT_IN)) {
		*error = MASIX_E_INVALID;
	} else if (s->pending != NULL) {
		*accepted = take_pending(s);
		admit_waiting(w, s);
	} else if (nonblock) {
		*error = MASIX_E_WOULD_BLOCK;
	} else {
		return SOCKET_WAIT;
	}
	return SOCKET_DONE;
}

static void shut(struct sockets *w, struct socket *s, int how)
{
	s->shut |= how;
	s->activity.came++;
	s->activity.went++;
	socket_wake_readers(w, s);
	if (how & SOCKET_SHUT_IN) {
		socket_answer_all(w, &s->writes, MASIX_E_PIPE);
		socket_answer_all(w, &s->accepts, MASIX_E_INVALID);
		socket_answer_all(w, &s->connects, MASIX_E_REFUSED);
	}
	socket_wake_polls(w, s);
}

void socket_shutdown(struct sockets *w, struct socket *s, int how)
{
	struct socket *peer = s->peer;

	shut(w, s, how);
	if (peer == NULL || !socket_is_connection(s))
		return;
	shut(w, peer,
		(how & SOCKET_SHUT_IN ? SOCKET_SHUT_OUT : 0) |
			(how & SOCKET_SHUT_OUT ? SOCKET_SHUT_IN : 0));
}
