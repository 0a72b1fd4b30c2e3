/* The link to the host: channels over the virtio-serial device, and its thread. */
#include <masix/error.h>
#include <masix/types.h>

#include "answer.h"
#include "state.h"

static uint8_t *slot(void *device, size_t *size)
{
	return virtio_serial_slot(device, size);
}

static void send(void *device, size_t length)
{
	virtio_serial_send(device, length);
}

static bool flush(void *device, bool wanted)
{
	return virtio_serial_flush(device, wanted);
}

static const struct channels_ops ops = {
	.answer = answer_call,
	.is_alive = answer_is_wanted,
	.slot = slot,
	.send = send,
	.flush = flush,
};

/* --- The thread of the wire --- */

struct driver {
	struct host_link *link;
	struct system_log *log;
	mach_port_t host_priv;
};

/* Bytes from the host, in order.  A broken stream stays broken: what follows is dropped. */
static void take(void *context, const uint8_t *bytes, size_t count)
{
	struct driver *driver = context;
	struct host_link *link = driver->link;
	enum frame_progress progress;
	struct frame frame;

	if (link->decoder.broken)
		return;
	while ((progress = frame_decode(&link->decoder, &bytes, &count, &frame)) ==
		FRAME_COMPLETE) {
		if (channels_receive(&link->channels, &frame))
			continue;
		link->decoder.broken = true;
		progress = FRAME_BROKEN;
		break;
	}
	if (progress == FRAME_BROKEN)
		system_log_printf(driver->log, "console: the host broke the channel's protocol; "
					       "its input is ignored from now on");
}

static void *run(void *argument)
{
	struct driver *driver = argument;
	struct host_link *link = driver->link;
	kern_return_t kr;

	/* Without the right to do so it works, slower. */
	kr = masix_driver_thread(driver->host_priv);
	if (kr)
		system_log_printf(driver->log, "console: the driver is not preferred: %s",
			masix_strerror(kr));
	do {
		kr = virtio_serial_wait(&link->serial);
		if (kr)
			break;
		pthread_mutex_lock(&link->lock);
		virtio_serial_receive(&link->serial, take, driver);
		channels_slots_freed(&link->channels);
		pthread_mutex_unlock(&link->lock);
		kr = virtio_serial_acknowledge(&link->serial);
	} while (!kr);
	system_log_printf(driver->log, "console: host channel stops: %s", masix_strerror(kr));
	return NULL;
}

kern_return_t host_link_start(struct host_link *link, struct system_log *log, mach_port_t host_priv)
{
	static struct driver driver; /* the one device's */
	pthread_t thread;
	kern_return_t kr;

	pthread_mutex_init(&link->lock, NULL);
	link->decoder = (struct frame_decoder){ 0 };
	channels_init(&link->channels, &ops, &link->serial);
	kr = virtio_serial_open(&link->serial, host_priv);
	if (kr)
		return kr;
	driver = (struct driver){ .link = link, .log = log, .host_priv = host_priv };
	if (pthread_create(&thread, NULL, run, &driver))
		return KERN_RESOURCE_SHORTAGE;
	link->offered = 1u << MASIX_CHANNEL_STDIN | 1u << MASIX_CHANNEL_STDOUT |
			1u << MASIX_CHANNEL_STDERR | 1u << MASIX_CHANNEL_CONTROL;
	return KERN_SUCCESS;
}
