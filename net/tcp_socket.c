/* Streams over lwIP's TCP.
 *
 * A control block is ours until we close it, or the stack says that it is gone (on_gone).  One that is closed in both directions
 * is left to the stack at once: it would free it after TIME_WAIT without a word. */
#include <masix/error.h>
#include <string.h>

#include "address.h"
#include "lwip/tcp.h"
#include "sockets.h"

#define POLL_TICKS 2 /* of 0.5 s: try again what had no memory */
#define BACKLOG_MAX 128

/* The stack may go on without us. */
static void let_go(struct socket *s)
{
	struct tcp_pcb *pcb = s->tcp;

	s->tcp = NULL;
	if (pcb == NULL)
		return;
	tcp_arg(pcb, NULL);
	if (pcb->state == LISTEN)
		return;
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
}

static void note_names(struct socket *s)
{
	ip_addr_copy(s->local, s->tcp->local_ip);
	s->local_port = s->tcp->local_port;
	ip_addr_copy(s->peer, s->tcp->remote_ip);
	s->peer_port = s->tcp->remote_port;
}

/* --- What the stack tells; it holds the lock --- */

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
	struct socket *s = arg;

	(void)error;
	if (data == NULL) {
		s->is_at_end = true;
		if (s->shut_out) {
			s->state = SOCKET_ENDED;
			let_go(s);
		}
	} else if (s->shut_in) {
		tcp_recved(pcb, data->tot_len);
		pbuf_free(data);
	} else if (!queue_add(&s->queue, data, NULL, 0)) {
		return ERR_MEM; /* the stack keeps it and comes again */
	}
	socket_changed(s, data == NULL ? MASIX_POLL_IN | MASIX_POLL_OUT : MASIX_POLL_IN);
	return ERR_OK;
}

/* Room is news only when somebody found none. */
static void tell_of_room(struct socket *s)
{
	const bool news = s->lacks_room && (socket_ready(s) & MASIX_POLL_OUT);

	if (news)
		s->lacks_room = false;
	socket_changed(s, news ? MASIX_POLL_OUT : 0);
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t length)
{
	(void)pcb;
	(void)length;
	tell_of_room(arg);
	return ERR_OK;
}

static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
	(void)pcb;
	tell_of_room(arg);
	return ERR_OK;
}

/* The control block is freed already. */
static void on_gone(void *arg, err_t error)
{
	struct socket *s = arg;
	const bool connecting = s->state == SOCKET_CONNECTING;

	s->tcp = NULL;
	s->state = connecting ? SOCKET_FRESH : SOCKET_ENDED;
	s->is_bound = s->is_bound && !connecting;
	s->is_at_end = !connecting;
	if (error == ERR_RST)
		s->error = connecting ? MASIX_E_REFUSED : MASIX_E_RESET;
	else if (error != ERR_CLSD)
		s->error = MASIX_E_TIMEOUT;
	socket_changed(s, MASIX_POLL_IN | MASIX_POLL_OUT);
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct socket *s = arg;

	(void)pcb;
	(void)error;
	s->state = SOCKET_CONNECTED;
	s->lacks_room = false;
	note_names(s);
	socket_changed(s, MASIX_POLL_OUT);
	return ERR_OK;
}

static void attach(struct socket *s, struct tcp_pcb *pcb)
{
	s->tcp = pcb;
	tcp_arg(pcb, s);
	tcp_recv(pcb, on_received);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_gone);
	tcp_poll(pcb, on_poll, POLL_TICKS);
}

static err_t on_accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct socket *listener = arg, *s;

	if (error != ERR_OK || pcb == NULL)
		return ERR_VAL;
	s = listener != NULL ? socket_create_accepted(listener) : NULL;
	if (s == NULL) {
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	attach(s, pcb);
	s->state = SOCKET_CONNECTED;
	note_names(s);
	s->protocol->apply(s);
	tcp_backlog_delayed(pcb);
	s->listener = listener;
	if (listener->accepted_last != NULL)
		listener->accepted_last->accepted_next = s;
	else
		listener->accepted_first = s;
	listener->accepted_last = s;
	listener->accepted_count++;
	socket_changed(listener, MASIX_POLL_IN);
	return ERR_OK;
}

/* --- Operations --- */

/* The control block comes with the first address, which says for which version of IP. */
static bool open_tcp(struct socket *s)
{
	(void)s;
	return true;
}

static bool make_pcb(struct socket *s, const ip_addr_t *address)
{
	struct tcp_pcb *pcb = s->tcp;

	if (pcb == NULL) {
		pcb = tcp_new_ip_type(IP_GET_TYPE(address));
		if (pcb == NULL)
			return false;
		attach(s, pcb);
		s->protocol->apply(s);
	}
	return true;
}

/* Connections that nobody has accepted are reset. */
static void drop_accepted(struct socket *listener)
{
	struct socket *s = listener->accepted_first, *next;

	listener->accepted_first = listener->accepted_last = NULL;
	for (; s != NULL; s = next) {
		struct tcp_pcb *pcb = s->tcp;

		next = s->accepted_next;
		let_go(s);
		if (pcb != NULL)
			tcp_abort(pcb);
		socket_close_locked(s);
		socket_put(s);
	}
}

static void close_tcp(struct socket *s)
{
	struct tcp_pcb *pcb = s->tcp;

	drop_accepted(s);
	if (pcb == NULL)
		return;
	let_go(s);
	/* With linger 0 the connection is reset; else what was sent still goes. */
	if ((s->options.linger == 1 && s->state == SOCKET_CONNECTED) || tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
}

static kern_return_t bind_tcp(struct socket *s, const ip_addr_t *address, uint16_t port)
{
	kern_return_t kr;

	if (!make_pcb(s, address))
		return KERN_RESOURCE_SHORTAGE;
	kr = address_error(tcp_bind(s->tcp, address, port));
	ip_addr_copy(s->local, *address);
	s->local_port = s->tcp->local_port;
	return kr;
}

static kern_return_t start_connect(struct socket *s, const struct masix_inet_name *name)
{
	ip_addr_t to;
	kern_return_t kr = address_read(name, s->family, s->options.only_inet6, &to);

	if (kr != KERN_SUCCESS)
		return kr;
	if (address_is_any(&to))
		address_loopback(&to);
	if (name->port == 0)
		return MASIX_E_REFUSED;
	if (ip_addr_ismulticast(&to))
		return MASIX_E_UNREACHABLE;
	if (s->is_bound && !IP_IS_ANY_TYPE_VAL(s->local) &&
		IP_GET_TYPE(&s->local) != IP_GET_TYPE(&to))
		return MASIX_E_FAMILY;
	if (!make_pcb(s, &to))
		return KERN_RESOURCE_SHORTAGE;
	if (IP_IS_ANY_TYPE_VAL(s->tcp->local_ip))
		ip_addr_set_any(IP_IS_V6_VAL(to), &s->tcp->local_ip);
	kr = address_error(tcp_connect(s->tcp, &to, name->port, on_connected));
	if (kr == KERN_SUCCESS) {
		s->state = SOCKET_CONNECTING;
		note_names(s);
		s->is_bound = true;
	}
	return kr == MASIX_E_IN_USE ? MASIX_E_ADDRESS : kr;
}

static bool connect_tcp(struct socket *s, struct call *call)
{
	kern_return_t kr;

	switch (s->state) {
	case SOCKET_LISTENS:
		return call_done(call, MASIX_E_CONNECTED);
	case SOCKET_CONNECTED:
		return call_done(call, call->is_parked ? KERN_SUCCESS : MASIX_E_CONNECTED);
	case SOCKET_ENDED:
		return call_done(call, MASIX_E_CONNECTED);
	case SOCKET_CONNECTING:
		return call->nonblock ? call_done(call, MASIX_E_ALREADY) : false;
	case SOCKET_FRESH:
		break;
	}
	/* An attempt that failed is told to the one who asks next; then there may be another one. */
	if (s->error != KERN_SUCCESS)
		return call_done(call, socket_take_error(s));
	if (call->is_parked)
		return call_done(call, MASIX_E_REFUSED); /* another call was told why */
	kr = call->has_name ? start_connect(s, &call->name) : MASIX_E_INVALID;
	return kr != KERN_SUCCESS ? call_done(call, kr) : false;
}

static kern_return_t listen_tcp(struct socket *s, int backlog)
{
	struct tcp_pcb *listening;
	err_t error = ERR_OK;

	if (backlog < 1 || backlog > BACKLOG_MAX)
		backlog = backlog < 1 ? 1 : BACKLOG_MAX;
	if (s->state == SOCKET_LISTENS) {
		tcp_backlog_set(s->tcp, (u8_t)backlog);
		return KERN_SUCCESS;
	}
	if (s->state != SOCKET_FRESH)
		return MASIX_E_INVALID;
	if (!s->is_bound) {
		kern_return_t kr = bind_tcp(s, &s->local, 0);

		if (kr != KERN_SUCCESS)
			return kr;
		s->is_bound = true;
	}
	listening = tcp_listen_with_backlog_and_err(s->tcp, (u8_t)backlog, &error);
	if (listening == NULL)
		return address_error(error);
	s->tcp = listening; /* the one before is freed */
	s->state = SOCKET_LISTENS;
	tcp_arg(listening, s);
	tcp_accept(listening, on_accepted);
	return KERN_SUCCESS;
}

static bool accept_tcp(struct socket *s, struct call *call)
{
	struct socket *accepted = s->accepted_first;

	if (s->state != SOCKET_LISTENS)
		return call_done(call, MASIX_E_INVALID);
	if (accepted == NULL)
		return false;
	s->accepted_first = accepted->accepted_next;
	if (s->accepted_first == NULL)
		s->accepted_last = NULL;
	s->accepted_count--;
	accepted->accepted_next = NULL;
	accepted->listener = NULL;
	if (accepted->tcp != NULL)
		tcp_backlog_accepted(accepted->tcp);
	call->accepted = accepted;
	return call_done(call, KERN_SUCCESS);
}

/* As much as there is room for. */
static bool send_tcp(struct socket *s, struct call *call)
{
	uint32_t room, part;
	err_t error = ERR_OK;

	if (call->has_name && s->state != SOCKET_FRESH)
		return call_done(call, MASIX_E_CONNECTED);
	if (s->error != KERN_SUCCESS)
		return call_done(call, call->count > 0 ? KERN_SUCCESS : socket_take_error(s));
	if (s->state == SOCKET_CONNECTING)
		return false;
	if (s->shut_out || s->tcp == NULL || s->state != SOCKET_CONNECTED)
		return call_done(call, call->count > 0 ? KERN_SUCCESS : MASIX_E_PIPE);
	while (call->count < call->length && error == ERR_OK) {
		room = tcp_sndbuf(s->tcp);
		part = call->length - call->count;
		part = part < room ? part : room;
		part = part < UINT16_MAX ? part : UINT16_MAX;
		if (part == 0)
			break;
		error = tcp_write(
			s->tcp, call->data + call->count, (u16_t)part, TCP_WRITE_FLAG_COPY);
		if (error == ERR_MEM && part > TCP_MSS) {
			part = TCP_MSS;
			error = tcp_write(
				s->tcp, call->data + call->count, (u16_t)part, TCP_WRITE_FLAG_COPY);
		}
		if (error == ERR_OK)
			call->count += part;
	}
	if (call->count < call->length)
		s->lacks_room = true;
	(void)tcp_output(s->tcp);
	return call->count > 0 || call->length == 0 ? call_done(call, KERN_SUCCESS) : false;
}

static bool receive_tcp(struct socket *s, struct call *call)
{
	uint32_t amount = call->amount < call->room ? call->amount : call->room;

	if (s->state == SOCKET_FRESH || s->state == SOCKET_LISTENS)
		return call_done(call, MASIX_E_NOT_CONNECTED);
	if (s->queue.bytes == 0) {
		if (s->error != KERN_SUCCESS)
			return call_done(call, socket_take_error(s));
		return s->is_at_end || s->shut_in || amount == 0 ? call_done(call, KERN_SUCCESS)
								 : false;
	}
	if (amount > s->queue.bytes)
		amount = s->queue.bytes;
	if (!call_buffer(call, amount))
		return call_done(call, KERN_RESOURCE_SHORTAGE);
	call->count = queue_read(&s->queue, call->buffer, amount, call->peek);
	for (uint32_t told = call->peek ? call->count : 0; told < call->count && s->tcp != NULL;) {
		uint32_t part = call->count - told < UINT16_MAX ? call->count - told : UINT16_MAX;

		tcp_recved(s->tcp, (u16_t)part);
		told += part;
	}
	return call_done(call, KERN_SUCCESS);
}

static kern_return_t shutdown_tcp(struct socket *s, int how)
{
	err_t error;

	if (s->state == SOCKET_LISTENS && (how & 1)) {
		drop_accepted(s);
		s->shut_in = true;
		return KERN_SUCCESS;
	}
	if (s->state != SOCKET_CONNECTED)
		return MASIX_E_NOT_CONNECTED;
	if (how & 1)
		s->shut_in = true;
	if ((how & 2) && !s->shut_out && s->tcp != NULL) {
		error = tcp_shutdown(s->tcp, 0, 1);
		if (error != ERR_OK)
			return address_error(error);
		s->shut_out = true;
		if (s->is_at_end) {
			s->state = SOCKET_ENDED;
			let_go(s);
		}
	}
	return KERN_SUCCESS;
}

static int ready_tcp(const struct socket *s)
{
	const bool no_input = s->is_at_end || s->shut_in, no_output = s->shut_out || s->tcp == NULL;
	int ready = s->error != KERN_SUCCESS ? MASIX_POLL_ERR : 0;

	switch (s->state) {
	case SOCKET_FRESH:
		return ready | (ready ? MASIX_POLL_IN : 0) | MASIX_POLL_OUT | MASIX_POLL_HUP;
	case SOCKET_LISTENS:
		return s->accepted_first != NULL ? MASIX_POLL_IN : 0;
	case SOCKET_CONNECTING:
		return 0;
	default:
		break;
	}
	if (s->queue.bytes > 0 || no_input || ready)
		ready |= MASIX_POLL_IN;
	if (no_input)
		ready |= MASIX_POLL_RDHUP;
	if (no_output || tcp_sndbuf(s->tcp) >= TCP_SNDLOWAT)
		ready |= MASIX_POLL_OUT;
	if (s->is_at_end && no_output)
		ready |= MASIX_POLL_HUP;
	return ready;
}

/* Only of a connection that is being made, whose first segment it was: others go on trying. */
static void unreachable_tcp(struct socket *s, kern_return_t error, uint32_t sequence)
{
	struct tcp_pcb *pcb = s->tcp;

	if (s->state != SOCKET_CONNECTING || sequence != pcb->snd_nxt - 1)
		return;
	let_go(s);
	tcp_abort(pcb);
	s->state = SOCKET_FRESH;
	s->is_bound = false;
	s->error = error;
	socket_changed(s, MASIX_POLL_IN | MASIX_POLL_OUT);
}

static void apply_tcp(struct socket *s)
{
	const struct socket_options *o = &s->options;
	struct tcp_pcb *pcb = s->tcp;

	if (pcb == NULL)
		return;
	pcb->so_options = (u8_t)((o->reuse_address ? SOF_REUSEADDR : 0) |
				 (o->keep_alive ? SOF_KEEPALIVE : 0));
	pcb->ttl = (u8_t)o->hops;
	pcb->tos = (u8_t)o->service;
	if (pcb->state == LISTEN)
		return;
	if (o->no_delay)
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
	pcb->keep_idle = o->keep_idle * 1000;
	pcb->keep_intvl = o->keep_interval * 1000;
	pcb->keep_cnt = o->keep_count;
}

const struct socket_protocol tcp_protocol = {
	.type = SOCKET_STREAM,
	.open = open_tcp,
	.close = close_tcp,
	.bind = bind_tcp,
	.connect = connect_tcp,
	.send = send_tcp,
	.receive = receive_tcp,
	.accept = accept_tcp,
	.listen = listen_tcp,
	.shutdown = shutdown_tcp,
	.ready = ready_tcp,
	.unreachable = unreachable_tcp,
	.apply = apply_tcp,
};
