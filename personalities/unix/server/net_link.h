/* The network server, as this server uses it: found when it is first needed, started if it is not there, and found again
 * when it has died. */
#ifndef UNIX_NET_LINK_H
#define UNIX_NET_LINK_H

#include <mach/mach_types.h>
#include <stdint.h>

#include <masix/types.h>

/* network_socket for the parked call `reply`, which is consumed: answered now, or when the network server is there. */
struct net_request {
	int family, kind, protocol;
	uint32_t rights, owner;
	mach_port_t reply;
};
/* Success, or the call is not taken and is the caller's still. */
kern_return_t net_link_ask(const struct net_request *request) __attribute__((warn_unused_result));

/* Is the right a socket of the network server?  Asks it only if it is known. */
kern_return_t net_link_identify(mach_port_t right, masix_stat_t *stat)
	__attribute__((warn_unused_result));

/* The port of the network server, if it is known, else null; it stays this module's. */
mach_port_t net_link_port(void);

/* The same, after it has been started if it was not there; null: it cannot be.  May take seconds. */
mach_port_t net_link_need(void);

/* net_start.c: starts the network server from the root file system.  Takes long.  MASIX_E_EXISTS: it is known to ACS already. */
kern_return_t net_start(void) __attribute__((warn_unused_result));

#endif
