/* For ordinary Unix programs that want to speak to Masix's servers: they are Mach tasks too.
 * Link with libmasix_client.a, which has the traps and the user side of every contract. */
#ifndef MASIX_CLIENT_H
#define MASIX_CLIENT_H

#include <masix/mach.h>

/* Linux call numbers that only Masix's emulation library answers. */
#define MASIX_CALL_ACS 0x4d5801
#define MASIX_CALL_PROCESS 0x4d5802

/* The client face of ACS, the admin port for root: a send right, the caller's.
 * MASIX_E_NOT_SUPPORTED where the kernel is not Masix. */
kern_return_t masix_client_acs(mach_port_t *acs) __attribute__((warn_unused_result));

/* This process's port at the Unix server; belongs to the emulation library, not to be
 * deallocated. */
kern_return_t masix_client_process(mach_port_t *process) __attribute__((warn_unused_result));

#define MASIX_CLIENT_NODE_SIZE 32

/* A send right, the caller's, for the server `name` of this node, or for "NAME@NODE" ("NAME@*": of the
 * nearest that has it): a proxy, used as any port.  Waits up to
 * timeout_ms (at most a minute) for what is not there.  MASIX_E_NOT_FOUND, also for what is forbidden; MASIX_E_DEAD: the node was
 * lost while it was asked. */
kern_return_t masix_client_lookup(mach_port_t acs, const char *name, uint32_t timeout_ms,
	mach_port_t *port) __attribute__((warn_unused_result));

/* The name of the node where the object behind a send right lives, this one or another, terminated; `right` stays the caller's.
 * MASIX_E_NOT_FOUND: this machine is in no cluster; MASIX_E_DEAD: the right is dead. */
kern_return_t masix_client_where(mach_port_t acs, mach_port_t right,
	char node[MASIX_CLIENT_NODE_SIZE]) __attribute__((warn_unused_result));

/* From now on calls of this thread by MIG stubs take ms at most and end with MACH_SEND_TIMED_OUT or MACH_RCV_TIMED_OUT, as much for a port
 * of this node as for one of another; 0: as long as they take.  What a call that took too long was to do may still happen. */
void masix_client_set_timeout(uint32_t ms);

/* Does this result of a call mean that the server, or the node where it lives, is gone?  It may have done what it was
 * asked, or not. */
int masix_is_lost(kern_return_t kr);

/* A name that a program uses again and again: the port is asked for once, and again when ACS tells that the name came, went or was
 * replaced; that of another node ("NAME@NODE") when it is dead.  Not for several threads at once. */
struct masix_client_name;

/* MASIX_E_LIMIT: too many watch already.  Free it with masix_client_name_close. */
kern_return_t masix_client_name_open(mach_port_t acs, const char *name,
	struct masix_client_name **opened) __attribute__((warn_unused_result));

/* The port of the name, which stays the name's: good for the next call, since it costs no call to ACS while nothing
 * has changed.  Waits up to timeout_ms for one that is not there; MASIX_E_NOT_FOUND. */
kern_return_t masix_client_name_port(struct masix_client_name *name, uint32_t timeout_ms,
	mach_port_t *port) __attribute__((warn_unused_result));

void masix_client_name_close(struct masix_client_name *name);

#endif
