#include "sink.h"

#include <masix/mach.h>
#include <string.h>

#include "address.h"
#include "datagram.h"
#include "datagrams_event.h"
#include "lwip/pbuf.h"
#include "lwip/timeouts.h"
#include "mach.h"
#include "mach_port.h"
#include "sockets.h"

#define RETRY_MS 10

/* Core lock: */
static struct socket *news;
static masix_inline_t batch;

void sink_note(struct socket *socket)
{
	if (socket->has_news || socket->sink_is_full)
		return;
	socket->has_news = true;
	socket->next_news = news;
	news = socket;
}

static uint32_t padded(uint32_t length)
{
	return (length + 3) & ~3u;
}

/* Adds a datagram to the batch of *size bytes.  False: there is no room for it. */
static bool add(const struct socket *s, const struct packet *packet, uint32_t *size)
{
	struct masix_datagram head = { .length = packet->length };
	char *at = batch + *size;

	if (sizeof head + padded(head.length) > sizeof batch - *size)
		return false;
	address_write(&packet->from, packet->port, s->family, &head.name);
	memcpy(at, &head, sizeof head);
	(void)pbuf_copy_partial(packet->data, at + sizeof head, (u16_t)head.length, 0);
	memset(at + sizeof head + head.length, 0, padded(head.length) - head.length);
	*size += sizeof head + padded(head.length);
	return true;
}

/* With time-out 0, so it never waits.  False: the queue is full. */
static bool send(mach_port_t sink, uint32_t size)
{
	if (datagrams_arrived(sink, 0, batch, size) != MACH_SEND_TIMED_OUT)
		return true; /* or there is nobody any more */
	/* The kernel gives the copy of the right back. */
	(void)mach_port_deallocate(mach_task_self(), sink);
	return false;
}

static void try_again(void *socket)
{
	sink_heard(socket);
}

/* The first of what is there. */
static void send_some(struct socket *s)
{
	const struct packet *packet = s->queue.first;
	unsigned count = 0;
	uint32_t size = 0;

	for (; packet != NULL && add(s, packet, &size); packet = packet->next)
		count++;
	if (count == 0) { /* no message has room for it */
		datagram_drop_first(s);
	} else if (send(s->sink, size)) {
		while (count-- > 0)
			datagram_drop_first(s);
	} else {
		s->sink_is_full = true;
		sys_timeout(RETRY_MS, try_again, s);
	}
}

void sink_flush(void)
{
	while (news != NULL) {
		struct socket *s = news;

		news = s->next_news;
		s->has_news = false;
		while (s->queue.first != NULL && !s->sink_is_full)
			send_some(s);
	}
}

void sink_heard(struct socket *socket)
{
	if (!socket->sink_is_full)
		return;
	socket->sink_is_full = false;
	sys_untimeout(try_again, socket);
	sink_note(socket);
}

void sink_close(struct socket *socket)
{
	sink_heard(socket);
	sink_flush(); /* so that it is listed no more */
}
