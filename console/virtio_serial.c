#include "virtio_serial.h"

#include <device/notify.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "device.h"
#include "mach_port.h"
#include "pci.h"
#include "ports.h"

#define VENDOR 0x1af4
#define DEVICE 0x1003

/* Legacy registers, from the I/O base. */
enum {
	HOST_FEATURES = 0,
	GUEST_FEATURES = 4,
	QUEUE_ADDRESS = 8,
	QUEUE_SIZE = 12,
	QUEUE_SELECT = 14,
	QUEUE_NOTIFY = 16,
	STATUS = 18,
	INTERRUPT = 19,
	REGISTERS = 64,
};

enum {
	STATUS_RESET = 0,
	STATUS_SEEN = 1,
	STATUS_DRIVER = 2,
	STATUS_RUNNING = 4,
	STATUS_FAILED = 0x80
};

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

/* DMA memory that is freed when the start fails, and stays for as long as the task lives else. */
static kern_return_t memory_open(
	struct virtio_serial *serial, mach_port_t host_priv, size_t size, struct dma **dma)
{
	kern_return_t kr;

	*dma = &serial->memory[serial->memory_count];
	kr = dma_allocate(host_priv, size, *dma);
	if (!kr)
		serial->memory_count++;
	return kr;
}

/* Makes queue `index` with `buffers` pages (fewer if the device's ring is shorter). */
static kern_return_t queue_open(struct virtio_serial *serial, unsigned index,
	struct virtqueue *queue, bool to_device, unsigned buffers, uint16_t *free,
	mach_port_t host_priv)
{
	struct dma *ring, *memory;
	unsigned size;
	kern_return_t kr;

	port_out16(serial->io_base + QUEUE_SELECT, (uint16_t)index);
	size = port_in16(serial->io_base + QUEUE_SIZE);
	if (!size)
		return MASIX_E_NO_DEVICE;
	if (buffers > size)
		buffers = size;
	kr = memory_open(serial, host_priv, virtqueue_ring_bytes(size), &ring);
	if (!kr)
		kr = memory_open(serial, host_priv, (size_t)buffers * VIRTQUEUE_PAGE, &memory);
	if (kr)
		return kr;
	virtqueue_init(queue, size, ring->address, to_device, memory->address, memory->physical,
		buffers, free);
	port_out32(serial->io_base + QUEUE_ADDRESS, ring->physical / VIRTQUEUE_PAGE);
	return KERN_SUCCESS;
}

static void queue_notify(
	struct virtio_serial *serial, unsigned index, const struct virtqueue *queue)
{
	if (virtqueue_wants_notice(queue))
		port_out16(serial->io_base + QUEUE_NOTIFY, (uint16_t)index);
}

/* Hands all our buffers to the device, to be filled. */
static void refill(struct virtio_serial *serial, unsigned index, struct virtqueue *queue)
{
	while (virtqueue_peek(queue))
		virtqueue_give(queue, VIRTQUEUE_PAGE);
	queue_notify(serial, index, queue);
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
	queue_notify(serial, QUEUE_CONTROL_SEND, &serial->control_send);
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

static kern_return_t queues_open(struct virtio_serial *serial, mach_port_t host_priv)
{
	kern_return_t kr;

	kr = queue_open(serial, QUEUE_CONTROL_RECEIVE, &serial->control_receive, false,
		VIRTIO_SERIAL_CONTROL_BUFFERS, serial->free_control_receive, host_priv);
	if (!kr)
		kr = queue_open(serial, QUEUE_CONTROL_SEND, &serial->control_send, true,
			VIRTIO_SERIAL_CONTROL_BUFFERS, serial->free_control_send, host_priv);
	if (!kr)
		kr = queue_open(serial, QUEUE_RECEIVE, &serial->receive, false,
			VIRTIO_SERIAL_RECEIVE_BUFFERS, serial->free_receive, host_priv);
	if (!kr)
		kr = queue_open(serial, QUEUE_SEND, &serial->send, true, VIRTIO_SERIAL_SEND_BUFFERS,
			serial->free_send, host_priv);
	return kr;
}

static kern_return_t interrupt_open(struct virtio_serial *serial, unsigned line)
{
	kern_return_t kr = masix_right(MASIX_RIGHT_IRQ, line, &serial->irq_device);

	if (kr)
		return kr;
	kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &serial->irq_port);
	if (kr)
		goto no_port;
	kr = device_intr_register(
		serial->irq_device, (int)line, 0, serial->irq_port, MACH_MSG_TYPE_MAKE_SEND);
	if (kr)
		goto no_line;
	return KERN_SUCCESS;
no_line:
	(void)mach_port_mod_refs(mach_task_self(), serial->irq_port, MACH_PORT_RIGHT_RECEIVE, -1);
no_port:
	(void)mach_port_deallocate(mach_task_self(), serial->irq_device);
	return kr;
}

kern_return_t virtio_serial_open(struct virtio_serial *serial, mach_port_t host_priv)
{
	struct pci_device device;
	mach_port_t permission;
	kern_return_t kr;

	*serial = (struct virtio_serial){ 0 };
	/* The permission ports stay ours for as long as the task lives. */
	kr = masix_right(
		MASIX_RIGHT_IO_PORTS, PCI_CONFIG_FIRST << 16 | PCI_CONFIG_LAST, &permission);
	if (!kr)
		kr = pci_find(VENDOR, DEVICE, &device);
	if (kr)
		return kr;
	serial->io_base = device.io_base;
	kr = masix_right(MASIX_RIGHT_IO_PORTS,
		(uint32_t)device.io_base << 16 | (device.io_base + REGISTERS - 1u), &permission);
	if (kr)
		return kr;

	port_out8(serial->io_base + STATUS, STATUS_RESET);
	port_out8(serial->io_base + STATUS, STATUS_SEEN);
	port_out8(serial->io_base + STATUS, STATUS_SEEN | STATUS_DRIVER);
	if (!(port_in32(serial->io_base + HOST_FEATURES) & FEATURE_MULTIPORT)) {
		kr = MASIX_E_NO_DEVICE;
		goto failed;
	}
	port_out32(serial->io_base + GUEST_FEATURES, FEATURE_MULTIPORT);
	kr = queues_open(serial, host_priv);
	if (kr)
		goto failed;
	kr = interrupt_open(serial, device.irq_line);
	if (kr)
		goto failed;
	virtqueue_interrupts(&serial->send, false);
	virtqueue_interrupts(&serial->control_send, false);
	port_out8(serial->io_base + STATUS, STATUS_SEEN | STATUS_DRIVER | STATUS_RUNNING);
	refill(serial, QUEUE_CONTROL_RECEIVE, &serial->control_receive);
	refill(serial, QUEUE_RECEIVE, &serial->receive);
	control_send(serial, 0, CONTROL_DEVICE_READY, 1);
	return KERN_SUCCESS;
failed:
	/* The reset takes the rings away from the device, then their memory may go. */
	port_out8(serial->io_base + STATUS, STATUS_RESET);
	port_out8(serial->io_base + STATUS, STATUS_FAILED);
	while (serial->memory_count)
		dma_free(&serial->memory[--serial->memory_count]);
	return kr;
}

/* --- Running --- */

kern_return_t virtio_serial_wait(struct virtio_serial *serial)
{
	union {
		device_intr_notification_t interrupt;
		mach_msg_header_t header;
		char room[256];
	} message;
	kern_return_t kr;

	/* Only the kernel has a send right to this port. */
	kr = mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, serial->irq_port,
		MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);
	if (!kr)
		(void)port_in8(serial->io_base + INTERRUPT); /* reading clears it */
	return kr;
}

kern_return_t virtio_serial_acknowledge(struct virtio_serial *serial)
{
	return device_intr_ack(serial->irq_device, serial->irq_port, MACH_MSG_TYPE_MAKE_SEND);
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
	*size = VIRTQUEUE_PAGE;
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
		queue_notify(serial, QUEUE_SEND, &serial->send);
	serial->unsent = false;
	virtqueue_interrupts(&serial->send, wanted);
	return !wanted || !virtqueue_take(&serial->send, &length);
}
