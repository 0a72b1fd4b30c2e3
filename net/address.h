/* Names of sockets as contracts tell them, and lwIP's addresses.  Pure. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <mach/kern_return.h>
#include <masix/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "lwip/err.h"
#include "lwip/ip_addr.h"

/* The address of `name` for a socket of `family`: IPv4, IPv6, or for "::" of a socket that serves both, any.
 * MASIX_E_FAMILY: an IPv6 address for MASIX_INET, or IPv4 for a socket that is only IPv6. */
kern_return_t address_read(const struct masix_inet_name *name, int family, bool only_inet6,
	ip_addr_t *address) __attribute__((warn_unused_result));
void address_write(
	const ip_addr_t *address, uint16_t port, int family, struct masix_inet_name *name);
/* The same without port, as masix_interface tells IPv6 and name servers. */
void address_bytes(const ip_addr_t *address, uint8_t bytes[16]);

/* Whether all zeros, of whichever type. */
bool address_is_any(const ip_addr_t *address);

/* What "any" means as a destination, as in Linux: this machine. */
void address_loopback(ip_addr_t *address);

/* Text "a.b.c.d/n" to both; false: it is none. */
bool address_parse_network(const char *text, uint32_t *address, uint32_t *mask);

kern_return_t address_error(err_t error);

#endif
