#include <device/device_types.h>
#include <device/notify.h>

#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>
#include <masix/pci.h>
#include <masix/port_io.h>
#include <masix/server.h>
#include <masix/virtio.h>

#include "device.h"
#include "mach_host.h"
#include "mach_port.h"

#define VENDOR 0x1af4

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
	CONFIGURATION = 20, /* without MSI-X */
	REGISTERS = 32,	    /* I/O ranges of PCI are powers of two: no device has fewer */
};

enum {
	STATUS_RESET = 0,
	STATUS_SEEN = 1,
	STATUS_DRIVER = 2,
	STATUS_RUNNING = 4,
	STATUS_FAILED = 0x80
};

/* Kernel priorities: lower is higher; 25 is the default. */
#define DRIVER_PRIORITY 5

kern_return_t virtio_open(struct virtio *virtio, mach_port_t host_priv, uint16_t id,
	uint32_t wanted, uint32_t *features)
{
	struct pci_device device;
	mach_port_t permission;
	kern_return_t kr;

	*virtio = (struct virtio){ .host_priv = host_priv };
	kr = masix_right(
		MASIX_RIGHT_IO_PORTS, PCI_CONFIG_FIRST << 16 | PCI_CONFIG_LAST, &permission);
	if (!kr)
		kr = pci_find(VENDOR, id, &device);
	if (kr)
		return kr;
	virtio->io_base = device.io_base;
	virtio->irq_line = device.irq_line;
	kr = masix_right(MASIX_RIGHT_IO_PORTS,
		(uint32_t)device.io_base << 16 | (device.io_base + REGISTERS - 1u), &permission);
	if (kr)
		return kr;
	port_out8(virtio->io_base + STATUS, STATUS_RESET);
	port_out8(virtio->io_base + STATUS, STATUS_SEEN);
	port_out8(virtio->io_base + STATUS, STATUS_SEEN | STATUS_DRIVER);
	*features = port_in32(virtio->io_base + HOST_FEATURES) & wanted;
	port_out32(virtio->io_base + GUEST_FEATURES, *features);
	return KERN_SUCCESS;
}

/* DMA memory that is freed by virtio_close, and stays for as long as the task lives else. */
static kern_return_t memory_open(struct virtio *virtio, size_t size, struct dma **dma)
{
	kern_return_t kr;

	*dma = &virtio->memory[virtio->memory_count];
	kr = dma_allocate(virtio->host_priv, size, *dma);
	if (!kr)
		virtio->memory_count++;
	return kr;
}

kern_return_t virtio_queue_open(
	struct virtio *virtio, const struct virtio_queue *how, struct virtqueue *queue)
{
	struct virtqueue_buffers buffers = {
		.count = how->buffers,
		.size = how->buffer_size,
		.free = how->free,
	};
	struct dma *ring, *memory;
	unsigned size;
	kern_return_t kr;

	port_out16(virtio->io_base + QUEUE_SELECT, (uint16_t)how->index);
	size = port_in16(virtio->io_base + QUEUE_SIZE);
	if (!size)
		return MASIX_E_NO_DEVICE;
	if (buffers.count > size)
		buffers.count = size;
	kr = memory_open(virtio, virtqueue_ring_bytes(size), &ring);
	if (!kr)
		kr = memory_open(virtio, (size_t)buffers.count * buffers.size, &memory);
	if (kr)
		return kr;
	buffers.memory = memory->address;
	buffers.physical = memory->physical;
	virtqueue_init(queue, size, ring->address, how->to_device, &buffers);
	port_out32(virtio->io_base + QUEUE_ADDRESS, ring->physical / VIRTQUEUE_PAGE);
	return KERN_SUCCESS;
}

static kern_return_t interrupt_open(struct virtio *virtio)
{
	kern_return_t kr = masix_right(MASIX_RIGHT_IRQ, virtio->irq_line, &virtio->irq_device);

	if (kr)
		return kr;
	kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &virtio->irq_port);
	if (kr)
		goto no_port;
	kr = device_intr_register(
		virtio->irq_device, virtio->irq_line, 0, virtio->irq_port, MACH_MSG_TYPE_MAKE_SEND);
	if (kr)
		goto no_line;
	return KERN_SUCCESS;
no_line:
	(void)mach_port_mod_refs(mach_task_self(), virtio->irq_port, MACH_PORT_RIGHT_RECEIVE, -1);
no_port:
	(void)mach_port_deallocate(mach_task_self(), virtio->irq_device);
	return kr;
}

kern_return_t virtio_start(struct virtio *virtio)
{
	kern_return_t kr = interrupt_open(virtio);

	if (!kr)
		port_out8(virtio->io_base + STATUS, STATUS_SEEN | STATUS_DRIVER | STATUS_RUNNING);
	return kr;
}

void virtio_close(struct virtio *virtio)
{
	port_out8(virtio->io_base + STATUS, STATUS_RESET);
	port_out8(virtio->io_base + STATUS, STATUS_FAILED);
	while (virtio->memory_count)
		dma_free(&virtio->memory[--virtio->memory_count]);
}

uint8_t virtio_configuration(const struct virtio *virtio, unsigned offset)
{
	return port_in8((uint16_t)(virtio->io_base + CONFIGURATION + offset));
}

void virtio_notify(const struct virtio *virtio, unsigned index, const struct virtqueue *queue)
{
	if (virtqueue_wants_notice(queue))
		port_out16(virtio->io_base + QUEUE_NOTIFY, (uint16_t)index);
}

kern_return_t virtio_wait(const struct virtio *virtio)
{
	union {
		device_intr_notification_t interrupt;
		mach_msg_header_t header;
		char room[256];
	} message;
	kern_return_t kr;

	/* Only the kernel has a send right to this port. */
	kr = mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, virtio->irq_port,
		MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);
	if (!kr)
		(void)port_in8(virtio->io_base + INTERRUPT); /* reading clears it */
	return kr;
}

static kern_return_t own_ports(const struct virtio *virtio)
{
	mach_port_t permission;

	return masix_right(MASIX_RIGHT_IO_PORTS,
		(uint32_t)virtio->io_base << 16 | (virtio->io_base + REGISTERS - 1u), &permission);
}

kern_return_t virtio_adopt(
	struct virtio *virtio, mach_port_t host_priv, struct masix_estate *estate)
{
	kern_return_t kr = own_ports(virtio);

	virtio->host_priv = host_priv;
	for (unsigned i = 0; i < virtio->memory_count && !kr; i++)
		kr = vm_wire(host_priv, mach_task_self(), (vm_address_t)virtio->memory[i].address,
			virtio->memory[i].size, VM_PROT_READ | VM_PROT_WRITE);
	if (!kr && (!masix_estate_take(estate, virtio->irq_device, MACH_PORT_TYPE_SEND) ||
			   !masix_estate_take(estate, virtio->irq_port, MACH_PORT_TYPE_RECEIVE)))
		kr = MASIX_E_NOT_FOUND;
	return kr;
}

kern_return_t virtio_keep(const struct virtio *virtio)
{
	kern_return_t kr = KERN_SUCCESS;

	for (unsigned i = 0; i < virtio->memory_count && !kr; i++)
		kr = masix_keep_also(virtio->memory[i].address, virtio->memory[i].size);
	return kr;
}

kern_return_t virtio_acknowledge(const struct virtio *virtio)
{
	kern_return_t kr =
		device_intr_ack(virtio->irq_device, virtio->irq_port, MACH_MSG_TYPE_MAKE_SEND);

	/* There was none to acknowledge: virtio_revive has done it. */
	return kr == D_INVALID_OPERATION ? KERN_SUCCESS : kr;
}

void virtio_revive(const struct virtio *virtio)
{
	mach_port_status_t status;
	kern_return_t kr;

	/* One that waits is acknowledged when it has been received. */
	if (!mach_port_get_receive_status(mach_task_self(), virtio->irq_port, &status) &&
		status.mps_msgcount)
		return;
	(void)port_in8(virtio->io_base + INTERRUPT);
	kr = virtio_acknowledge(virtio);
	if (kr)
		masix_log("the interrupts of the device do not come again: %s", masix_strerror(kr));
}

static kern_return_t raise_priority(mach_port_t host_priv)
{
	mach_port_t set = MACH_PORT_NULL, control = MACH_PORT_NULL;
	mach_port_t thread = mach_thread_self();
	kern_return_t kr = processor_set_default(mach_host_self(), &set);

	if (!kr)
		kr = host_processor_set_priv(host_priv, set, &control);
	if (!kr)
		kr = thread_max_priority(thread, control, DRIVER_PRIORITY);
	if (!kr)
		kr = thread_priority(thread, DRIVER_PRIORITY, FALSE);
	if (MACH_PORT_VALID(control))
		(void)mach_port_deallocate(mach_task_self(), control);
	if (MACH_PORT_VALID(set))
		(void)mach_port_deallocate(mach_task_self(), set);
	(void)mach_port_deallocate(mach_task_self(), thread);
	return kr;
}

kern_return_t masix_driver_thread(mach_port_t host_priv)
{
	kern_return_t raised = raise_priority(host_priv), wired = masix_wire_thread(host_priv);

	return raised ? raised : wired;
}
