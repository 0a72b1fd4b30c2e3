/* From a proxy to the node where its port lives. */
#include <mach/notify.h>
#include <stdlib.h>

#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "copier.h"
#include "mach.h"
#include "mach_port.h"
#include "object/walk.h"
#include "state.h"

/* What precedes the head: identity and size of the head. */
#define PREFIX_SIZE (sizeof(struct wire_identity) + 4)

static uint8_t scratch[PREFIX_SIZE + WIRE_HEAD_MAX]; /* gns.lock */

static void keep_right(void *context, uint32_t name, unsigned disposition)
{
	(void)context;
	(void)name;
	(void)disposition;
}

static const uint32_t *no_array(void *context, uint32_t address, uint32_t count)
{
	(void)context;
	(void)address;
	(void)count;
	return NULL;
}

static void drop_memory(void *context, uint32_t address, uint32_t size)
{
	(void)context;
	(void)vm_deallocate(mach_task_self(), address, size);
}

/* Its rights have gone; its memory has been copied. */
static void drop_body(const mach_msg_header_t *message)
{
	static const struct message_sink sink = {
		.right = keep_right,
		.array = no_array,
		.memory = drop_memory,
	};

	message_walk((const uint32_t *)message, message->msgh_size, 1, &sink);
}

/* The bytes of the message, from malloc; its rights are the other node's then. */
static uint8_t *write_message(
	const struct gns_port *proxy, const uint32_t *words, size_t size, size_t *written)
{
	struct rights_leaving leaving = { .peer = proxy->peer, .lane = proxy->lane };
	const struct wire_source source = {
		.array = rights_array,
		.right = rights_tell,
		.context = &leaving,
	};
	struct writer writer = writer_to(scratch, PREFIX_SIZE);
	static struct wire_regions regions; /* gns.lock */
	size_t head_size;
	uint8_t *bytes;

	/* The first look has shown that it can be written. */
	if (wire_write(words, size, &source, scratch + PREFIX_SIZE, WIRE_HEAD_MAX, &head_size,
		    &regions) != WIRE_OK)
		return NULL;
	write_bytes(&writer, &proxy->identity, sizeof proxy->identity);
	write_u32(&writer, (uint32_t)head_size);
	*written = PREFIX_SIZE + head_size;
	bytes = malloc(*written);
	if (bytes != NULL)
		memcpy(bytes, scratch, *written);
	return bytes;
}

/* It waits here, for what `forward` says. */
static struct parked *park(struct gns_port *proxy, const mach_msg_header_t *message)
{
	struct parked *parked = calloc(1, sizeof *parked);

	if (parked != NULL)
		parked->message = malloc(message->msgh_size);
	if (parked == NULL || parked->message == NULL) {
		free(parked);
		return NULL;
	}
	memcpy(parked->message, message, message->msgh_size);
	proxy->parked = parked;
	proxy_block(proxy);
	return parked;
}

static struct wire_regions regions; /* gns.lock: of the message that was looked at last */

enum forward { FORWARD_DONE, FORWARD_WAIT, FORWARD_COPY };

/* Send it, unless it has to wait for credits, or for its memory to be copied first.  `parked`: NULL if it comes just now.  What is
 * sent, or cannot be, is consumed. */
static enum forward forward(
	struct gns_port *proxy, mach_msg_header_t *message, struct parked *parked)
{
	struct rights_leaving leaving = { .peer = proxy->peer };
	const struct wire_source trial = {
		.array = rights_array,
		.right = rights_try,
		.context = &leaving,
	};
	const uint32_t *words = (const uint32_t *)message;
	const size_t size = message->msgh_size;
	size_t head_size;
	uint8_t *bytes;

	if (wire_write(words, size, &trial, scratch, sizeof scratch, &head_size, &regions) !=
			WIRE_OK ||
		(parked != NULL && parked->state == PARKED_FAILED)) {
		gns.refused++;
		masix_msg_destroy(message, 0);
		return FORWARD_DONE;
	}
	if (regions.total > 0 && (parked == NULL || parked->state != PARKED_COPIED))
		return FORWARD_COPY;
	if (leaving.wanting)
		return FORWARD_WAIT;
	bytes = write_message(proxy, words, size, &head_size);
	drop_body(message);
	gns.forwarded++;
	if (bytes == NULL || !peer_send(proxy->peer, proxy->lane, bytes, head_size,
				     parked == NULL ? NULL : parked->memory, (size_t)regions.total))
		masix_log("a message is lost: no memory");
	if (parked != NULL)
		parked->memory = NULL; /* taken */
	return FORWARD_DONE;
}

bool forward_parked(struct gns_port *proxy)
{
	struct parked *parked = proxy->parked;

	if (parked->state == PARKED_COPYING)
		return false;
	switch (forward(proxy, parked->message, parked)) {
	case FORWARD_DONE:
		break;
	case FORWARD_COPY:
		parked->regions = regions;
		copier_start(parked);
		return false;
	case FORWARD_WAIT:
		return false;
	}
	free(parked->message);
	parked->message = NULL;
	parked_free(parked);
	proxy->parked = NULL;
	if (proxy->once)
		proxy_destroy(proxy);
	return true;
}

static bool is_no_senders(const struct gns_port *proxy, const mach_msg_header_t *message)
{
	return !proxy->once && proxy->armed && message->msgh_id == MACH_NOTIFY_NO_SENDERS &&
	       message->msgh_size == sizeof(mach_no_senders_notification_t) &&
	       MACH_MSGH_BITS_LOCAL(message->msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE;
}

void forward_message(struct gns_port *proxy, mach_msg_header_t *message)
{
	bool once = proxy->once;

	if (moved_is_mark(message)) {
		moved_marked(proxy);
		return;
	}
	if (is_no_senders(proxy, message)) {
		proxy_no_senders(proxy);
		return;
	}
	if (forward(proxy, message, NULL) != FORWARD_DONE) {
		if (park(proxy, message) != NULL) {
			(void)forward_parked(proxy);
			return;
		}
		masix_log("a message is lost: no memory");
		masix_msg_destroy(message, 0);
	}
	if (once) { /* with this message; a notification that it was dropped is one too */
		proxy_destroy(proxy);
		return;
	}
	if (stream_waiting(&proxy->peer->stream, proxy->lane) >= STREAM_LANE_WINDOW)
		proxy_block(proxy);
}
