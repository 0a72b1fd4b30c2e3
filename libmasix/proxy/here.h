/* How this task finds what its own node has: a server in its session with ACS (server.c), a program at ACS's client face (program.c). */
#ifndef LIBMASIX_PROXY_HERE_H
#define LIBMASIX_PROXY_HERE_H

#include <mach/mach_types.h>
#include <stdint.h>

/* `name` is terminated and no longer than MASIX_NAME_MAX. */
kern_return_t here_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
	__attribute__((warn_unused_result));

/* ACS's events for the name come to the receive right `events` from now on. */
kern_return_t here_watch(const char *name, mach_port_t events) __attribute__((warn_unused_result));

#endif
