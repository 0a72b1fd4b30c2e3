/* The machine's network interfaces: loopback and one NIC, and how they get their addresses. */
#ifndef NET_INTERFACES_H
#define NET_INTERFACES_H

#include <mach/mach_types.h>
#include <masix/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "lwip/ip_addr.h"

/* How the NIC gets its IPv4 address: by DHCP, or these (network order). */
struct interfaces_settings {
	bool is_static;
	uint32_t address, mask, gateway, name_server; /* 0: none */
};
/* "dhcp", "address=A.B.C.D/N", "gateway=A.B.C.D", "dns=A.B.C.D"; false: another word. */
bool interfaces_argument(struct interfaces_settings *settings, const char *word);

/* Starts loopback, and the NIC if there is one.  The stack runs; its lock is not held. */
void interfaces_start(const struct interfaces_settings *settings);
/* Waits until the NIC has an IPv4 address, or there is none to wait for, or that long. */
void interfaces_wait(unsigned seconds);
/* What was given to the NIC goes now.  Core lock held, as for all below. */
void interfaces_flush(void);

/* Is it an address of this machine? */
bool interfaces_have(const ip_addr_t *address);
bool interfaces_is_broadcast(const ip_addr_t *address);

#define INTERFACES_MAX 8
/* How many there are. */
unsigned interfaces_list(struct masix_interface to[INTERFACES_MAX]);
/* interface_set of interface.defs, the right to do so being checked. */
kern_return_t interfaces_set(uint32_t number, int setting, uint32_t value)
	__attribute__((warn_unused_result));

#endif
