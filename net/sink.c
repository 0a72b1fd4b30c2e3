#include "sink.h"

#include <masix/mach.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "datagram.h"
#include "datagrams_event.h"
#include "mach.h"
#include "mach_port.h"
#include "sockets.h"

#define BATCH_MAX sizeof(masix_inline_t)

struct sink_batch {
	struct sink_batch *next;
	struct socket *socket; /* a reference */
	uint32_t size;
	char bytes[BATCH_MAX];
};

static struct socket *news; /* core lock */

void sink_note(struct socket *socket)
{
	if (socket->has_news)
		return;
	socket->has_news = true;
	socket->next_news = news;
	news = socket;
}

static uint32_t padded(uint32_t length)
{
	return (length + 3) & ~3u;
}

/* The first datagram of the socket.  False: there is no room for it. */
static bool add_first(struct sink_batch *batch, struct socket *s)
{
	const struct packet *first = s->queue.first;
	struct masix_datagram head = { .length = first->length };
	char *at = batch->bytes + batch->size;

	if (sizeof head + padded(head.length) > BATCH_MAX - batch->size)
		return false;
	address_write(&first->from, first->port, s->family, &head.name);
	memcpy(at, &head, sizeof head);
	(void)queue_copy(&s->queue, at + sizeof head, head.length);
	memset(at + sizeof head + head.length, 0, padded(head.length) - head.length);
	batch->size += sizeof head + padded(head.length);
	return true;
}

static struct sink_batch *make_batch(struct socket *s)
{
	struct sink_batch *batch = malloc(sizeof *batch);

	if (batch == NULL)
		return NULL;
	batch->next = NULL;
	batch->size = 0;
	while (s->queue.first != NULL && add_first(batch, s))
		datagram_drop_first(s);
	masix_object_ref(&s->object);
	batch->socket = s;
	return batch;
}

struct sink_batch *sink_collect(void)
{
	struct sink_batch *all = NULL, **last = &all;

	while (news != NULL) {
		struct socket *s = news;

		news = s->next_news;
		s->has_news = false;
		while (s->queue.first != NULL && (*last = make_batch(s)) != NULL) {
			if ((*last)->size == 0) /* one that no message has room for */
				datagram_drop_first(s);
			last = &(*last)->next;
		}
	}
	return all;
}

void sink_send(struct sink_batch *batch)
{
	while (batch != NULL) {
		struct sink_batch *next = batch->next;
		mach_port_t sink = batch->socket->sink;

		/* The kernel gives the copy of the right back. */
		if (batch->size > 0 && datagrams_arrived(sink, 0, batch->bytes, batch->size) ==
					       MACH_SEND_TIMED_OUT)
			(void)mach_port_deallocate(mach_task_self(), sink);
		socket_put(batch->socket);
		free(batch);
		batch = next;
	}
}
