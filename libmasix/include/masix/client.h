/* For ordinary Unix programs that want to speak to Masix's servers: they are Mach tasks too.
 * Link with libmasix_client.a, which has the traps, the user side of every contract, and masix/proxy.h: names and ports of
 * servers, of this node and others. */
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

#endif
