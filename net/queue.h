/* What a socket has received and nobody has read yet: packets in order, with where they came from. */
#ifndef NET_QUEUE_H
#define NET_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/ip_addr.h"

struct pbuf;

struct packet {
	struct packet *next;
	struct pbuf *data; /* a reference */
	uint32_t length;
	uint32_t taken; /* of a stream: read already */
	ip_addr_t from;
	uint16_t port;
};

struct queue {
	struct packet *first, *last;
	uint32_t bytes;
};

/* Takes over the caller's reference to `data`; false: no memory, it is the caller's still. */
bool queue_add(struct queue *queue, struct pbuf *data, const ip_addr_t *from, uint16_t port);
/* Copies up to `amount` bytes of a stream; they go unless `peek`. */
uint32_t queue_read(struct queue *queue, char *to, uint32_t amount, bool peek);
/* Copies the beginning of the first packet, which stays. */
uint32_t queue_copy(const struct queue *queue, char *to, uint32_t amount);
void queue_drop_first(struct queue *queue);
void queue_clear(struct queue *queue);

#endif
