#include "nic.h"

#include <masix/error.h>
#include <masix/server.h>
#include <pthread.h>
#include <string.h>

#include "core.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/pbuf.h"
#include "netif/ethernet.h"

#define DEVICE 0x1000
#define FEATURE_MAC (1u << 5)
#define MAC 0 /* in the device's configuration */
enum { QUEUE_RECEIVE = 0, QUEUE_SEND = 1 };

#define HEADER 10 /* before each frame; zero: no offload */
#define ETHERNET_HEADER 14
#define MTU 1500
#define FRAME_MAX (ETHERNET_HEADER + MTU)
#define BUFFER 2048

/* --- Sending; core lock held --- */

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
	struct nic *nic = netif->state;
	uint8_t *buffer;
	size_t length;

	while (virtqueue_take(&nic->send, &length))
		continue;
	buffer = virtqueue_peek(&nic->send);
	if (buffer == NULL || frame->tot_len > FRAME_MAX) {
		nic_flush(nic);
		nic->sent.dropped++;
		return ERR_MEM;
	}
	memset(buffer, 0, HEADER);
	pbuf_copy_partial(frame, buffer + HEADER, frame->tot_len, 0);
	virtqueue_give(&nic->send, HEADER + frame->tot_len);
	nic->unsent = true;
	nic->sent.packets++;
	nic->sent.bytes += frame->tot_len;
	return ERR_OK;
}

void nic_flush(struct nic *nic)
{
	if (nic->unsent)
		virtio_notify(&nic->device, QUEUE_SEND, &nic->send);
	nic->unsent = false;
}

/* --- Receiving --- */

static void receive_frame(struct nic *nic, const uint8_t *buffer, size_t length)
{
	struct pbuf *frame = NULL;

	if (length >= HEADER + ETHERNET_HEADER && length <= HEADER + FRAME_MAX)
		frame = pbuf_alloc(PBUF_RAW, (u16_t)(length - HEADER), PBUF_RAM);
	if (frame == NULL) {
		nic->received.dropped++;
		return;
	}
	pbuf_take(frame, buffer + HEADER, frame->tot_len);
	nic->received.packets++;
	nic->received.bytes += frame->tot_len;
	if (nic->netif.input(frame, &nic->netif) != ERR_OK)
		pbuf_free(frame);
}

static void refill(struct nic *nic)
{
	while (virtqueue_peek(&nic->receive))
		virtqueue_give(&nic->receive, BUFFER);
	virtio_notify(&nic->device, QUEUE_RECEIVE, &nic->receive);
}

/* Core lock held. False: nothing was there. */
static bool receive_all(struct nic *nic)
{
	const uint8_t *buffer;
	size_t length;
	bool any = false;

	while ((buffer = virtqueue_take(&nic->receive, &length))) {
		receive_frame(nic, buffer, length);
		any = true;
	}
	if (any)
		refill(nic);
	return any;
}

static void *run(void *argument)
{
	struct nic *nic = argument;
	kern_return_t kr = masix_driver_thread(nic->device.host_priv);

	if (kr)
		masix_log("eth0: the driver is not preferred: %s", masix_strerror(kr));
	do {
		kr = virtio_wait(&nic->device);
		if (kr)
			break;
		core_enter();
		do {
			virtqueue_interrupts(&nic->receive, false);
			while (receive_all(nic))
				continue;
			virtqueue_interrupts(&nic->receive, true);
		} while (receive_all(nic)); /* came before the device saw that */
		core_leave();
		kr = virtio_acknowledge(&nic->device);
	} while (!kr);
	masix_log("eth0 stops: %s", masix_strerror(kr));
	return NULL;
}

/* --- Starting --- */

kern_return_t nic_open(struct nic *nic)
{
	const struct virtio_queue receive = { QUEUE_RECEIVE, false, NIC_RECEIVE_BUFFERS, BUFFER,
		nic->free_receive };
	const struct virtio_queue send = { QUEUE_SEND, true, NIC_SEND_BUFFERS, BUFFER,
		nic->free_send };
	mach_port_t host_priv;
	uint32_t features;
	kern_return_t kr = masix_right(MASIX_RIGHT_HOST, 0, &host_priv);

	if (kr)
		return kr;
	kr = virtio_open(&nic->device, host_priv, DEVICE, FEATURE_MAC, &features);
	if (kr)
		return kr;
	kr = features & FEATURE_MAC ? virtio_queue_open(&nic->device, &receive, &nic->receive)
				    : MASIX_E_NO_DEVICE;
	if (!kr)
		kr = virtio_queue_open(&nic->device, &send, &nic->send);
	if (kr)
		virtio_close(&nic->device);
	return kr;
}

static err_t initialize(struct netif *netif)
{
	const struct nic *nic = netif->state;

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = send_frame;
	netif->mtu = MTU;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	for (unsigned i = 0; i < ETH_HWADDR_LEN; i++)
		netif->hwaddr[i] = virtio_configuration(&nic->device, MAC + i);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
		       NETIF_FLAG_MLD6 | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

void nic_add(struct nic *nic)
{
	netif_add(&nic->netif, NULL, NULL, NULL, nic, initialize, ethernet_input);
}

kern_return_t nic_run(struct nic *nic)
{
	pthread_t thread;
	kern_return_t kr;

	core_enter();
	virtqueue_interrupts(&nic->send, false);
	kr = virtio_start(&nic->device);
	if (!kr) {
		refill(nic);
		nic->unsent = true; /* what was sent before it ran */
		nic_flush(nic);
	}
	core_leave();
	if (kr)
		return kr;
	return pthread_create(&thread, NULL, run, nic) ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}
