/* The boot test of ACS: a boot server that asks ACS everything, allowed and forbidden. */
#ifndef ACS_BOOT_TEST_H
#define ACS_BOOT_TEST_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <masix/object.h>
#include <masix/server.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

extern atomic_uint failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			masix_log("%s:%d: failed: %s", __FILE__, __LINE__, #condition);            \
		}                                                                                  \
	} while (0)

/* A file linked into the test. */
struct blob {
	const char *bytes;
	size_t size;
};

extern const struct blob example_image, example_manifest, phoenix_image, phoenix_manifest;
extern const struct blob sparrow_image, sparrow_manifest;
extern const struct blob loop_a_image, loop_a_manifest, loop_b_image, loop_b_manifest;
extern const struct blob flock_image, flock_manifest, flock2_image, flock2_manifest;
extern const struct blob prover_image, prover_manifest;

/* acs_start: what the call or its status says; the text is in last_reason. */
kern_return_t start_how(
	mach_port_t acs, int how, const struct blob *image, const struct blob *manifest);
extern char last_reason[256];
/* The server `name` dies at an undefined instruction. */
void crash(mach_port_t client, const char *name);
/* Does a table of ACS (the audit record, or the servers) contain `text`? */
int table_has(mach_port_t acs, int audit, const char *text);

/* acs_session.defs. */
void test_session(void);
/* acs_client.defs, on the client and on the admin port. */
void test_faces(mach_port_t client, mach_port_t admin);
/* Starting and stopping at run time, deaths, watches, restarts. */
void test_lives(mach_port_t client, mach_port_t admin);
/* Life cycle: needs, starts on demand, restarts. */
void test_cycle(mach_port_t client, mach_port_t admin);
/* Names with several servers: pools and hand-over. */
void test_sharing(mach_port_t client, mach_port_t admin);
/* Session keys, tickets, mutual authentication, revocation. */
void register_gate(void);
void test_proof(mach_port_t client, mach_port_t admin);
masix_routine_t proof_demux(const mach_msg_header_t *in);
/* What hostile tasks try. */
void test_hostile(mach_port_t client, mach_port_t admin);

/* The session of a server that is up; 0 if it is not. */
unsigned session_of(mach_port_t acs, const char *name);
/* Until `count` servers of that name are in that state. */
void wait_for(mach_port_t acs, const char *name, const char *state, unsigned count);
/* The next event on `port`, as what; 0 if none comes within `ms`. */
int next_event(mach_port_t port, mach_msg_timeout_t ms);
/* Patience with what must come, in ms: more than the slowest machine needs, since only a failure waits for so long. */
#define PATIENCE 30000
/* Asks for `condition` until it is true, with patience. */
#define EVENTUALLY(condition)                                                                      \
	({                                                                                         \
		unsigned tries_;                                                                   \
		bool done_;                                                                        \
		for (tries_ = 0; !(done_ = (condition)) && tries_ < PATIENCE / 10; tries_++)       \
			(void)usleep(10000);                                                       \
		done_;                                                                             \
	})
#endif
