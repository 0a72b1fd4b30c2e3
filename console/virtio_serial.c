#include "virtio_serial.h"

#include <string.h>

#include <masix/error.h>

#define DEVICE 0x1003

#define FEATURE_MULTIPORT 2u

/* Our port is number 1; queues 0 and 1 are those of port 0, which is not used. */
#define PORT 1
enum { QUEUE_CONTROL_RECEIVE = 2, QUEUE_CONTROL_SEND = 3, QUEUE_RECEIVE = 4, QUEUE_SEND = 5 };

enum control_event {
	CONTROL_DEVICE_READY = 0,
	CONTROL_PORT_ADD = 1,
	CONTROL_PORT_READY = 3,
	CONTROL_PORT_OPEN = 6,
};

struct control_message {
	uint32_t port;
	uint16_t event;
	uint16_t value;
};

/* Hands all our buffers to the device, to be filled. */
static void refill(struct virtio_serial *serial, unsigned index, struct virtqueue *queue)
{
	while (virtqueue_peek(queue))
		virtqueue_give(queue, VIRTIO_SERIAL_BUFFER);
	virtio_notify(&serial->device, index, queue);
}

/* --- Control messages --- */

static void control_send(
	struct virtio_serial *serial, uint32_t port, enum control_event event, uint16_t value)
{
	struct control_message message = { .port = port, .event = (uint16_t)event, .value = value };
	size_t length;
	uint8_t *buffer;

	while (virtqueue_take(&serial->control_send, &length))
		continue;
	buffer = virtqueue_peek(&serial->control_send);
	/* The device answers these at once and there are more buffers than we ever send
	 * before it does: without one it is broken, and the channel stays silent. */
	if (!buffer)
		return;
	memcpy(buffer, &message, sizeof message);
	virtqueue_give(&serial->control_send, sizeof message);
	virtio_notify(&serial->device, QUEUE_CONTROL_SEND, &serial->control_send);
}

static void control_receive(struct virtio_serial *serial)
{
	struct control_message message;
	const uint8_t *buffer;
	size_t length;
	bool any = false;

	while ((buffer = virtqueue_take(&serial->control_receive, &length))) {
		any = true;
		if (length < sizeof message)
			continue;
		memcpy(&message, buffer, sizeof message);
		if (message.event != CONTROL_PORT_ADD || message.port != PORT)
			continue; /* names, sizes: nothing we need */
		control_send(serial, PORT, CONTROL_PORT_READY, 1);
		control_send(serial, PORT, CONTROL_PORT_OPEN, 1);
	}
	if (any)
		refill(serial, QUEUE_CONTROL_RECEIVE, &serial->control_receive);
}

/* --- Start --- */

static kern_return_t queues_open(struct virtio_serial *serial)
{
	const struct {
		struct virtio_queue how;
		struct virtqueue *queue;
	} queues[VIRTIO_SERIAL_QUEUES] = {
		{ { QUEUE_CONTROL_RECEIVE, false, VIRTIO_SERIAL_CONTROL_BUFFERS,
			  VIRTIO_SERIAL_BUFFER, serial->free_control_receive },
			&serial->control_receive },
		{ { QUEUE_CONTROL_SEND, true, VIRTIO_SERIAL_CONTROL_BUFFERS, VIRTIO_SERIAL_BUFFER,
			  serial->free_control_send },
			&serial->control_send },
		{ { QUEUE_RECEIVE, false, VIRTIO_SERIAL_RECEIVE_BUFFERS, VIRTIO_SERIAL_BUFFER,
			  serial->free_receive },
			&serial->receive },
		{ { QUEUE_SEND, true, VIRTIO_SERIAL_SEND_BUFFERS, VIRTIO_SERIAL_BUFFER,
			  serial->free_send },
			&serial->send },
	};
	kern_return_t kr = KERN_SUCCESS;

	for (unsigned i = 0; i < VIRTIO_SERIAL_QUEUES && !kr; i++)
		kr = virtio_queue_open(&serial->device, &queues[i].how, queues[i].queue);
	return kr;
}

kern_return_t virtio_serial_open(struct virtio_serial *serial, mach_port_t host_priv)
{
	uint32_t features;
	kern_return_t kr;

	*serial = (struct virtio_serial){ 0 };
	kr = virtio_open(&serial->device, host_priv, DEVICE, FEATURE_MULTIPORT, &features);
	if (kr)
		return kr;
	kr = features & FEATURE_MULTIPORT ? queues_open(serial) : MASIX_E_NO_DEVICE;
	if (kr)
		goto failed;
	virtqueue_interrupts(&serial->send, false);
	virtqueue_interrupts(&serial->control_send, false);
	kr = virtio_start(&serial->device);
	if (kr)
		goto failed;
	refill(serial, QUEUE_CONTROL_RECEIVE, &serial->control_receive);
	refill(serial, QUEUE_RECEIVE, &serial->receive);
	control_send(serial, 0, CONTROL_DEVICE_READY, 1);
	return virtio_keep(&serial->device);
failed:
	virtio_close(&serial->device);
	return kr;
}

/* What the device was done with is free again; but of the receive queue only what has been taken. */
static bool queue_adopt(struct virtqueue *queue, uint16_t seen)
{
	const struct virtqueue_buffers buffers = queue->buffers;

	return virtqueue_adopt(queue, queue->size, queue->descriptors, &buffers, seen);
}

kern_return_t virtio_serial_adopt(struct virtio_serial *serial, mach_port_t host_priv,
	struct masix_estate *estate, uint16_t seen)
{
	kern_return_t kr = virtio_adopt(&serial->device, host_priv, estate);

	if (kr)
		return kr;
	if (!queue_adopt(&serial->receive, seen) ||
		!queue_adopt(&serial->send, virtqueue_used(&serial->send)) ||
		!queue_adopt(&serial->control_receive, virtqueue_used(&serial->control_receive)) ||
		!queue_adopt(&serial->control_send, virtqueue_used(&serial->control_send)))
		return MASIX_E_INVALID;
	/* It may not have been told of the last ones. */
	virtio_notify(&serial->device, QUEUE_SEND, &serial->send);
	refill(serial, QUEUE_RECEIVE, &serial->receive);
	refill(serial, QUEUE_CONTROL_RECEIVE, &serial->control_receive);
	/* The one before may have died before he said so. */
	control_send(serial, PORT, CONTROL_PORT_READY, 1);
	control_send(serial, PORT, CONTROL_PORT_OPEN, 1);
	return KERN_SUCCESS;
}

void virtio_serial_revive(struct virtio_serial *serial)
{
	virtio_revive(&serial->device);
}

uint16_t virtio_serial_seen(const struct virtio_serial *serial)
{
	return serial->receive.seen;
}

uint16_t virtio_serial_given(const struct virtio_serial *serial)
{
	return virtqueue_given(&serial->send);
}

/* --- Running --- */

kern_return_t virtio_serial_wait(struct virtio_serial *serial)
{
	return virtio_wait(&serial->device);
}

kern_return_t virtio_serial_acknowledge(struct virtio_serial *serial)
{
	return virtio_acknowledge(&serial->device);
}

void virtio_serial_receive(struct virtio_serial *serial,
	void (*take)(void *context, const uint8_t *bytes, size_t count), void *context)
{
	const uint8_t *buffer;
	size_t count;
	bool any = false;

	control_receive(serial);
	while ((buffer = virtqueue_take(&serial->receive, &count))) {
		take(context, buffer, count);
		any = true;
	}
	if (any)
		refill(serial, QUEUE_RECEIVE, &serial->receive);
}

uint8_t *virtio_serial_slot(struct virtio_serial *serial, size_t *size)
{
	size_t length;

	while (virtqueue_take(&serial->send, &length))
		continue;
	*size = VIRTIO_SERIAL_BUFFER;
	return virtqueue_peek(&serial->send);
}

void virtio_serial_send(struct virtio_serial *serial, size_t length)
{
	virtqueue_give(&serial->send, length);
	serial->unsent = true;
}

bool virtio_serial_flush(struct virtio_serial *serial, bool wanted)
{
	size_t length;

	if (serial->unsent)
		virtio_notify(&serial->device, QUEUE_SEND, &serial->send);
	serial->unsent = false;
	virtqueue_interrupts(&serial->send, wanted);
	return !wanted || !virtqueue_take(&serial->send, &length);
}
