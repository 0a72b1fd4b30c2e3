/* Ports of this node and of others by the same code, for servers (libmasix) and for Unix programs (libmasix_client) alike.
 *
 * A right to a port of another node is a right to a proxy, and is used as any other: calls, rights and memory in messages,
 * notifications.  What is left to tell is here: where to get it, where its port lives, how long a call may take, and that its node
 * is lost.  A server asks as itself: its manifest says `resolves` for what it looks up here, and `resolves gns` for what
 * lies at other nodes, which answer as to any client. */
#ifndef MASIX_PROXY_H
#define MASIX_PROXY_H

#include <stdbool.h>

#include <masix/mach.h>

#define MASIX_NODE_SIZE 32 /* a node's name, with the NUL */

/* A send right, the caller's, for the server `name` of this node, for "NAME@NODE", or for "NAME@*": of the nearest that has it, this
 * node first.  Blocks up to timeout_ms (at most a minute) for what is not there; 0: does not wait for it.  MASIX_E_NOT_FOUND, also
 * for what is forbidden and where there is no cluster; MASIX_E_DEAD: the node was lost while it was asked;
 * MASIX_E_NAME_TOO_LONG, MASIX_E_INVALID: no such name can be; MASIX_E_LIMIT: too many wait. */
kern_return_t masix_proxy_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
	__attribute__((warn_unused_result));

/* ACS's events (mig/acs_event.defs) for `name` come to the receive right `events` from now on, the state as it is first; for "NAME@NODE" and
 * "NAME@*" as gns_watch of mig/gns.defs says, until the network server ends (then `events` has no senders).  They are hints: look the
 * name up again.  MASIX_E_LIMIT: too many watch; MASIX_E_NOT_FOUND: this machine is in no cluster; MASIX_E_NAME_TOO_LONG. */
kern_return_t masix_proxy_watch(const char *name, mach_port_t events)
	__attribute__((warn_unused_result));

/* The name of the node where the port of a send right lives, this one or another, terminated; `right` stays the caller's.  Asks
 * the network server of this node, and nobody elsewhere.  MASIX_E_NOT_FOUND: this machine is in no cluster; MASIX_E_DEAD: the right
 * is dead. */
kern_return_t masix_proxy_where(mach_port_t right, char node[MASIX_NODE_SIZE])
	__attribute__((warn_unused_result));

/* From now on calls of this thread by MIG stubs end with MACH_SEND_TIMED_OUT or MACH_RCV_TIMED_OUT after ms of waiting for room or for the
 * answer, as much for a port of this node as for one of another; 0: as long as they take.  What a call that took too
 * long was to do may still happen.  The calls of this header take part. */
void masix_proxy_set_timeout(uint32_t ms);

/* Does this result of a call mean that the server, or the node where it lives, is gone?  It may have done what it was
 * asked, or not. */
bool masix_is_lost(kern_return_t kr);

/* When the port of the send or send-once right `right` is gone, because its server has ended or its node is lost, a dead-name notification
 * (mach/notify.h) comes to the receive right `notify`; at once if it is gone already.  Both stay the caller's; the
 * notification brings a reference to the name of `right`, to be deallocated.  One for each right: who asked before gets a
 * send-once notification now. */
kern_return_t masix_proxy_tell_lost(mach_port_t right, mach_port_t notify)
	__attribute__((warn_unused_result));

/* A name that is used again and again: the port is asked for once, and again when ACS tells that the name came, went or was
 * replaced; that of another node when it is dead.  Not for several threads at once, nor for the child of a fork. */
struct masix_proxy_name;

/* MASIX_E_LIMIT: too many watch already; MASIX_E_NAME_TOO_LONG; KERN_RESOURCE_SHORTAGE.  Free it with masix_proxy_name_close. */
kern_return_t masix_proxy_name_open(const char *name, struct masix_proxy_name **opened)
	__attribute__((warn_unused_result));

/* The port of the name, which stays the name's: good for the next call, since it costs no call while nothing
 * has changed.  Blocks and fails as masix_proxy_lookup. */
kern_return_t masix_proxy_name_port(struct masix_proxy_name *name, uint32_t timeout_ms,
	mach_port_t *port) __attribute__((warn_unused_result));

void masix_proxy_name_close(struct masix_proxy_name *name);

#endif
