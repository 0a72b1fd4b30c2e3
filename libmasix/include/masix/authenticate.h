/* Servers that prove themselves to each other: tickets of ACS and three messages (masix/proof.h, mig/authenticate.defs).
 *
 * The client calls masix_authenticate and gets the right that the server gives to it and to nobody else.  The server adds
 * masix_authentication_demux to its pool and decides in its `admit` what each proven peer gets: best an object of
 * its own, which it can take back with masix_object_kill, since Mach cannot recall a send right. */
#ifndef MASIX_AUTHENTICATE_H
#define MASIX_AUTHENTICATE_H

#include <masix/object.h>
#include <masix/types.h>
#include <stdint.h>

struct masix_peer {
	char name[64];	  /* of the server */
	uint32_t session; /* of this life with ACS */
	uint32_t
		rights; /* 1 << MASIX_RIGHT_* for each right of a client's manifest; 0 of a server */
};

/* Resolve `name` and prove ourselves to the server behind it, and have it prove itself.  *right is the caller's; peer may be
 * NULL.  MASIX_E_NOT_FOUND (none, or the manifest does not resolve it), MASIX_E_DENIED (one of the two proofs
 * failed, or the server does not want us), MASIX_E_NOT_SUPPORTED (it asks nobody). */
kern_return_t masix_authenticate(const char *name, struct masix_peer *peer, mach_port_t *right)
	__attribute__((warn_unused_result));

/* `peer` has proved itself on `port`, one of ours.  What it gets: a send right that goes with the reply.  Any error refuses
 * it.  Runs in a worker. */
typedef kern_return_t (*masix_admit_t)(
	mach_port_t port, const struct masix_peer *peer, mach_port_t *right);

/* Before the pool runs. */
void masix_authentication_serve(masix_admit_t admit);

/* For masix_pool_options. */
masix_routine_t masix_authentication_demux(const mach_msg_header_t *in);

#endif
