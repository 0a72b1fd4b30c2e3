#ifndef NET_HOOKS_H
#define NET_HOOKS_H

#include "lwip/ip_addr.h"

/* RFC 6528. */
uint32_t port_first_sequence(const ip_addr_t *local_ip, uint16_t local_port,
	const ip_addr_t *remote_ip, uint16_t remote_port);

#endif
