/* What a Masix server (a static glibc program whose vector is libmasix) can ask for. */
#ifndef MASIX_SERVER_H
#define MASIX_SERVER_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>

#include <masix/types.h>

/* Register a send right made from `receive` under the manifest's name, or
 * "NAME/suffix" if `suffix` is not NULL.  Signs ACS's challenge with the server's own
 * key.  `interfaces` = n ids (message id bases). */
kern_return_t masix_register(const char *suffix, int role, const uint32_t *interfaces, unsigned n,
	mach_port_t receive) __attribute__((warn_unused_result));
kern_return_t masix_ready(void) __attribute__((warn_unused_result));

/* A send right for the server `name` of this node; waits up to timeout_ms.  The caller owns it.  Those of other nodes:
 * masix/proxy.h. */
kern_return_t masix_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
	__attribute__((warn_unused_result));

/* MASIX_RIGHT_*: a privileged right that the manifest grants. */
kern_return_t masix_right(int which, uint32_t arg, mach_port_t *right)
	__attribute__((warn_unused_result));

/* The session port with ACS. */
mach_port_t masix_session(void);
const struct masix_start *masix_start_info(void);

/* Microsecond clocks without a message: nanoseconds since boot / since 1970. */
uint64_t masix_monotonic_ns(void);
int64_t masix_realtime_ns(void);

/* For ACS only: the clock that it calibrated itself (masix/clock.h). */
void masix_clock_install(const struct masix_start *start);

/* For ACS and the console server: lines go to `sink` instead of the log of another server.  It is
 * called below glibc, from any thread also from the one that reports faults: it may use MIG stubs
 * and nothing of glibc.  `line` has no newline. */
void masix_log_sink(void (*sink)(const char *line, size_t length));

/* 1 if the processor has the generator that getrandom needs.  ACS refuses to run without. */
int masix_random_available(void);

/* For servers that can stop the machine: `lost` is called once, by a thread of its own, when ACS has died or has been silent
 * for half a minute.  Nothing can be started or found any more; calls to ACS fail, or never return if they were made before. */
kern_return_t masix_guard_acs(void (*lost)(const char *why)) __attribute__((warn_unused_result));

/* One line to the system log, "SERVER: text"; never blocks for long, never fails. */
void masix_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* masix_log and exit(1): only while starting up. */
void masix_fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Never paged, never starved: wire the calling thread (needs MASIX_RIGHT_HOST). */
kern_return_t masix_wire_thread(mach_port_t host_priv);

#endif
