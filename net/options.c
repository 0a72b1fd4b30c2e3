/* Options of sockets: what they may be, and what they are. */
#include <masix/error.h>

#include "lwip/tcp.h"
#include "sockets.h"

#define BUFFER_MIN 2048u
#define BUFFER_MAX (208u * 1024)

void options_init(struct socket *socket)
{
	socket->options = (struct socket_options){
		.hops = IP_DEFAULT_TTL,
		.keep_idle = 7200,
		.keep_interval = 75,
		.keep_count = 9,
		.send_buffer = TCP_SND_BUF,
		.receive_buffer = socket->protocol->type == SOCKET_STREAM ? TCP_WND : BUFFER_MAX,
	};
}

static bool is_switch(int option)
{
	return option >= MASIX_SOCKET_SWITCH && option < MASIX_SOCKET_SWITCH + 32;
}

static uint32_t switch_bit(int option)
{
	return 1u << (option - MASIX_SOCKET_SWITCH);
}

/* The flag behind an option, or NULL. */
static bool *flag_of(struct socket_options *o, int option)
{
	switch (option) {
	case MASIX_SOCKET_REUSE_ADDRESS:
		return &o->reuse_address;
	case MASIX_SOCKET_KEEP_ALIVE:
		return &o->keep_alive;
	case MASIX_SOCKET_NO_DELAY:
		return &o->no_delay;
	case MASIX_SOCKET_BROADCAST:
		return &o->broadcast;
	case MASIX_SOCKET_ONLY_INET6:
		return &o->only_inet6;
	default:
		return NULL;
	}
}

/* A number and the values that it can have. */
struct number {
	uint32_t *at, least, most;
};

static struct number number_of(struct socket *s, int option)
{
	struct socket_options *o = &s->options;

	switch (option) {
	case MASIX_SOCKET_KEEP_IDLE:
		return (struct number){ &o->keep_idle, 1, 32767 };
	case MASIX_SOCKET_KEEP_INTERVAL:
		return (struct number){ &o->keep_interval, 1, 32767 };
	case MASIX_SOCKET_KEEP_COUNT:
		return (struct number){ &o->keep_count, 1, 127 };
	case MASIX_SOCKET_LINGER:
		return (struct number){ &o->linger, 0, UINT32_MAX };
	case MASIX_SOCKET_RECEIVE_TIMEOUT:
		return (struct number){ &s->receive_timeout, 0, INT32_MAX };
	case MASIX_SOCKET_SEND_TIMEOUT:
		return (struct number){ &s->send_timeout, 0, INT32_MAX };
	case MASIX_SOCKET_HOPS:
		return (struct number){ &o->hops, 1, 255 };
	case MASIX_SOCKET_SERVICE:
		return (struct number){ &o->service, 0, 255 };
	default:
		return (struct number){ NULL, 0, 0 };
	}
}

static uint32_t clip(uint32_t value)
{
	if (value > BUFFER_MAX)
		return BUFFER_MAX;
	return value < BUFFER_MIN ? BUFFER_MIN : value;
}

kern_return_t options_set(struct socket *s, int option, uint32_t value)
{
	struct socket_options *o = &s->options;
	bool *flag = flag_of(o, option);
	const struct number number = number_of(s, option);

	if (flag != NULL) {
		if (option == MASIX_SOCKET_ONLY_INET6 && (s->family != MASIX_INET6 || s->is_bound))
			return MASIX_E_INVALID;
		*flag = value != 0;
	} else if (number.at != NULL) {
		if (value < number.least || value > number.most)
			return MASIX_E_INVALID;
		*number.at = value;
	} else if (option == MASIX_SOCKET_SEND_BUFFER) {
		o->send_buffer = clip(value);
	} else if (option == MASIX_SOCKET_RECEIVE_BUFFER) {
		o->receive_buffer = clip(value);
	} else if (is_switch(option)) {
		o->switches =
			(o->switches & ~switch_bit(option)) | (value != 0 ? switch_bit(option) : 0);
	} else {
		return MASIX_E_NOT_SUPPORTED;
	}
	s->protocol->apply(s);
	return KERN_SUCCESS;
}

/* As Linux numbers them. */
static uint32_t tcp_state_number(const struct socket *s)
{
	static const uint8_t numbers[] = { [CLOSED] = 7,
		[LISTEN] = 10,
		[SYN_SENT] = 2,
		[SYN_RCVD] = 3,
		[ESTABLISHED] = 1,
		[FIN_WAIT_1] = 4,
		[FIN_WAIT_2] = 5,
		[CLOSE_WAIT] = 8,
		[CLOSING] = 11,
		[LAST_ACK] = 9,
		[TIME_WAIT] = 6 };

	return s->protocol == &tcp_protocol && s->tcp != NULL ? numbers[s->tcp->state] : 7;
}

uint32_t options_get(struct socket *s, int option, uint32_t *to)
{
	struct socket_options *o = &s->options;
	const bool *flag = flag_of(o, option);
	const struct number number = number_of(s, option);

	if (flag != NULL) {
		to[0] = *flag;
	} else if (number.at != NULL) {
		to[0] = *number.at;
	} else if (is_switch(option)) {
		to[0] = (o->switches & switch_bit(option)) != 0;
	} else {
		switch (option) {
		case MASIX_SOCKET_TYPE:
			to[0] = s->protocol->type;
			break;
		case MASIX_SOCKET_ERROR:
			to[0] = (uint32_t)socket_take_error(s);
			break;
		case MASIX_SOCKET_LISTENS:
			to[0] = s->state == SOCKET_LISTENS;
			break;
		case MASIX_SOCKET_SEND_BUFFER:
			to[0] = o->send_buffer;
			break;
		case MASIX_SOCKET_RECEIVE_BUFFER:
			to[0] = o->receive_buffer;
			break;
		case MASIX_SOCKET_SEGMENT:
			to[0] = s->protocol == &tcp_protocol && s->tcp != NULL &&
						s->tcp->state != LISTEN
					? tcp_mss(s->tcp)
					: TCP_MSS;
			break;
		case MASIX_SOCKET_PROTOCOL:
			to[0] = s->ip_protocol;
			break;
		case MASIX_SOCKET_TCP_STATE:
			to[0] = tcp_state_number(s);
			break;
		default:
			return 0;
		}
	}
	return 1;
}
