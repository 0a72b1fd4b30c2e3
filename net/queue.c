#include "queue.h"

#include "lwip/mem.h"
#include "lwip/pbuf.h"

bool queue_add(struct queue *queue, struct pbuf *data, const ip_addr_t *from, uint16_t port)
{
	struct packet *packet = mem_malloc(sizeof *packet);

	if (packet == NULL)
		return false;
	*packet = (struct packet){ .data = data, .length = data->tot_len, .port = port };
	if (from != NULL)
		ip_addr_copy(packet->from, *from);
	if (queue->last != NULL)
		queue->last->next = packet;
	else
		queue->first = packet;
	queue->last = packet;
	queue->bytes += packet->length;
	return true;
}

void queue_drop_first(struct queue *queue)
{
	struct packet *packet = queue->first;

	queue->first = packet->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->bytes -= packet->length - packet->taken;
	pbuf_free(packet->data);
	mem_free(packet);
}

uint32_t queue_copy(const struct queue *queue, char *to, uint32_t amount)
{
	const struct packet *packet = queue->first;
	uint32_t count = amount < packet->length ? amount : packet->length;

	return pbuf_copy_partial(packet->data, to, (u16_t)count, 0);
}

uint32_t queue_read(struct queue *queue, char *to, uint32_t amount, bool peek)
{
	struct packet *packet = queue->first, *next;
	uint32_t done = 0;

	for (; packet != NULL && done < amount; packet = next) {
		uint32_t left = packet->length - packet->taken;
		uint32_t count = amount - done < left ? amount - done : left;

		next = packet->next;
		pbuf_copy_partial(packet->data, to + done, (u16_t)count, (u16_t)packet->taken);
		done += count;
		if (peek)
			continue;
		packet->taken += count;
		queue->bytes -= count;
		if (packet->taken == packet->length)
			queue_drop_first(queue);
	}
	return done;
}

void queue_clear(struct queue *queue)
{
	while (queue->first != NULL)
		queue_drop_first(queue);
}
