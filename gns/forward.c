/* From a proxy to the node where its port lives. */
#include <mach/notify.h>
#include <stdlib.h>

#include <masix/copy.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "mach.h"
#include "mach_port.h"
#include "object/walk.h"
#include "state.h"

/* What precedes the head: identity and size of the head. */
#define PREFIX_SIZE (sizeof(struct wire_identity) + 4)

static uint8_t scratch[PREFIX_SIZE + WIRE_HEAD_MAX]; /* gns.lock */

/* The contents of all regions one after the other, in memory of our own: what their sender backs them with may
 * fail, or change.  NULL with *good: there are none. */
static void *gather(const uint32_t *words, const struct wire_regions *regions, bool *good)
{
	vm_address_t memory = 0;
	size_t at = 0;
	unsigned i;

	*good = true;
	if (regions->total == 0)
		return NULL;
	*good = vm_allocate(mach_task_self(), &memory, (vm_size_t)regions->total, TRUE) ==
		KERN_SUCCESS;
	for (i = 0; i < regions->count && *good; i++) {
		const struct wire_region *region = &regions->list[i];

		*good = masix_copy((uint8_t *)memory + at, (const void *)words[region->at],
				region->size) == 0;
		at += region->size;
	}
	if (!*good && memory != 0)
		(void)vm_deallocate(mach_task_self(), memory, (vm_size_t)regions->total);
	return *good ? (void *)memory : NULL;
}

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

/* A message that carries a right to a port of a third node, for which that has to grant more credits. */
struct parked {
	mach_msg_header_t message; /* as it was received; what follows it is here too */
};

static bool park(struct gns_port *proxy, const mach_msg_header_t *message)
{
	proxy->parked = malloc(message->msgh_size);
	if (proxy->parked == NULL)
		return false;
	memcpy(proxy->parked, message, message->msgh_size);
	proxy_block(proxy);
	return true;
}

mach_msg_header_t *forward_take_parked(struct gns_port *proxy)
{
	mach_msg_header_t *message = &proxy->parked->message;

	proxy->parked = NULL;
	return message;
}

/* False: it has to wait. */
static bool forward(struct gns_port *proxy, mach_msg_header_t *message)
{
	struct rights_leaving leaving = { .peer = proxy->peer };
	const struct wire_source trial = {
		.array = rights_array,
		.right = rights_try,
		.context = &leaving,
	};
	static struct wire_regions regions; /* gns.lock */
	const uint32_t *words = (const uint32_t *)message;
	const size_t size = message->msgh_size;
	size_t head_size;
	uint8_t *bytes;
	void *memory;
	bool good = wire_write(words, size, &trial, scratch, sizeof scratch, &head_size,
			    &regions) == WIRE_OK;

	if (good && leaving.wanting)
		return false;
	memory = good ? gather(words, &regions, &good) : NULL;
	if (!good) {
		gns.refused++;
		masix_msg_destroy(message, 0);
		return true;
	}
	bytes = write_message(proxy, words, size, &head_size);
	drop_body(message);
	gns.forwarded++;
	if (bytes == NULL || !peer_send(proxy->peer, proxy->lane, bytes, head_size, memory,
				     (size_t)regions.total))
		masix_log("a message is lost: no memory");
	return true;
}

bool forward_parked(struct gns_port *proxy)
{
	mach_msg_header_t *message = &proxy->parked->message;

	if (!forward(proxy, message))
		return false;
	free(message);
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
	if (!forward(proxy, message)) {
		if (park(proxy, message))
			return;
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
