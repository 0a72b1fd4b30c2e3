/* The network card: a legacy virtio-net device, as an interface of the stack.
 * Source: Virtual I/O Device specification 1.0, section 5.1 (legacy). */
#ifndef NET_NIC_H
#define NET_NIC_H

#include <mach/mach_types.h>
#include <masix/virtio.h>
#include <stdbool.h>
#include <stdint.h>

#include "lwip/netif.h"

#define NIC_RECEIVE_BUFFERS 128
#define NIC_SEND_BUFFERS 256

struct nic_counters {
	uint64_t bytes, packets, dropped;
};

struct nic {
	struct virtio device;
	/* The fields below: core lock. */
	struct netif netif;
	struct virtqueue receive, send;
	bool unsent; /* frames given and not announced */
	struct nic_counters received, sent;
	uint16_t free_receive[NIC_RECEIVE_BUFFERS];
	uint16_t free_send[NIC_SEND_BUFFERS];
};

/* Finds and resets the device.  MASIX_E_NO_DEVICE: there is none. */
kern_return_t nic_open(struct nic *nic) __attribute__((warn_unused_result));
/* Makes it an interface of the stack.  Core lock held. */
void nic_add(struct nic *nic);
/* Lets it run, with a thread for its interrupts.  Core lock not held. */
kern_return_t nic_run(struct nic *nic) __attribute__((warn_unused_result));
/* Tells the device of what was sent.  Core lock held. */
void nic_flush(struct nic *nic);

#endif
