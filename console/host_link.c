/* The link to the host: channels over the virtio-serial device, and its thread. */
#include <masix/error.h>
#include <masix/types.h>

#include "answer.h"
#include "state.h"

static struct virtio_serial *serial_of(void *link)
{
	return &((struct host_link *)link)->serial;
}

static uint8_t *slot(void *link, size_t *size)
{
	return virtio_serial_slot(serial_of(link), size);
}

static void send(void *link, size_t length)
{
	virtio_serial_send(serial_of(link), length);
}

static bool flush(void *link, bool wanted)
{
	return virtio_serial_flush(serial_of(link), wanted);
}

static const struct channels_ops ops = {
	.claim = link_claim,
	.commit = link_commit,
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
	bool adopted; /* the device has been running before */
};

/* Bytes from the host, in order.  A broken stream stays broken: what follows is dropped. */
static void take(void *context, const uint8_t *bytes, size_t count)
{
	struct driver *driver = context;
	struct host_link *link = driver->link;
	const uint8_t *const begin = bytes, *const end = bytes + count;
	enum frame_progress progress = FRAME_MORE;
	struct frame frame;

	/* Of the first one that is taken after a death, a part may have been taken before. */
	bytes += link->offset < count ? link->offset : count;
	count = (size_t)(end - bytes);
	link->seen = virtio_serial_seen(&link->serial) - 1u;
	while (!link->decoder.broken && (progress = frame_decode(&link->decoder, &bytes, &count,
						 &frame)) == FRAME_COMPLETE) {
		/* The frame counts together with its having been taken. */
		link->offset = (uint32_t)(bytes - begin);
		if (channels_receive(&link->channels, &frame))
			continue;
		link->decoder.broken = true;
		progress = FRAME_BROKEN;
	}
	link->seen++;
	link->offset = 0;
	link_commit(link, &link->channels.now);
	if (progress == FRAME_BROKEN)
		system_log_printf(driver->log, "console: the host broke the channel's protocol; "
					       "its input is ignored from now on");
}

static void serve(struct driver *driver)
{
	struct host_link *link = driver->link;

	pthread_mutex_lock(&link->lock);
	virtio_serial_receive(&link->serial, take, driver);
	channels_slots_freed(&link->channels);
	pthread_mutex_unlock(&link->lock);
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
	if (driver->adopted) {
		serve(driver);
		virtio_serial_revive(&link->serial);
	}
	do {
		kr = virtio_serial_wait(&link->serial);
		if (kr)
			break;
		serve(driver);
		kr = virtio_serial_acknowledge(&link->serial);
	} while (!kr);
	system_log_printf(driver->log, "console: host channel stops: %s", masix_strerror(kr));
	return NULL;
}

static kern_return_t start_thread(
	struct host_link *link, struct system_log *log, mach_port_t host_priv, bool adopted)
{
	static struct driver driver; /* the one device's */
	pthread_t thread;

	driver = (struct driver){ link, log, host_priv, adopted };
	return pthread_create(&thread, NULL, run, &driver) ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

kern_return_t host_link_start(struct host_link *link, struct system_log *log, mach_port_t host_priv)
{
	kern_return_t kr;

	pthread_mutex_init(&link->lock, NULL);
	link->decoder = (struct frame_decoder){ 0 };
	kr = virtio_serial_open(&link->serial, host_priv);
	if (kr)
		return kr;
	channels_init(&link->channels, &ops, link);
	kr = start_thread(link, log, host_priv, false);
	link->offered = 1u << MASIX_CHANNEL_STDIN | 1u << MASIX_CHANNEL_STDOUT |
			1u << MASIX_CHANNEL_STDERR | 1u << MASIX_CHANNEL_CONTROL;
	return kr;
}

kern_return_t host_link_adopt(struct host_link *link, struct system_log *log, mach_port_t host_priv,
	struct masix_estate *estate)
{
	kern_return_t kr;

	pthread_mutex_init(&link->lock, NULL);
	kr = virtio_serial_adopt(
		&link->serial, host_priv, estate, (uint16_t)link->records[link->record & 1].seen);
	if (!kr)
		kr = link_recover(link, &ops, virtio_serial_given(&link->serial), estate);
	return kr ? kr : start_thread(link, log, host_priv, true);
}
