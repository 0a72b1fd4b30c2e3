/* acs_session.defs: registrations, names and rights, allowed and forbidden. */
#include "boot.h"

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "acs_event_server.h"
#include "acs_session.h"
#include "mach_port.h"

#define SELF 600200

static mach_port_t new_port(void)
{
	mach_port_t port = MACH_PORT_NULL;

	CHECK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port) == KERN_SUCCESS);
	return port;
}

static void destroy_port(mach_port_t port)
{
	CHECK(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1) ==
		KERN_SUCCESS);
}

/* Sign a registration on the current challenge as libmasix does. */
static void sign(const char *name, int role, const uint32_t *pair, masix_signature_t *signature)
{
	masix_start_t start;
	masix_key_t challenge;
	struct masix_registration registration = {
		.cluster = masix_identity.site,
		.node = (const uint8_t *)start.node,
		.challenge = challenge.bytes,
		.name = name,
		.name_length = strlen(name),
		.interfaces = pair,
		.interface_words = 2,
		.role = role,
		.image_hash = masix_identity.image_hash,
		.manifest_hash = masix_identity.manifest_hash,
		.public_key = masix_identity.public_key,
		.generation = masix_identity.generation,
	};
	uint8_t bytes[MASIX_REGISTRATION_MAX], public[32], secret[64];
	size_t size;

	CHECK(acs_hello(masix_session(), &start, &challenge) == KERN_SUCCESS);
	registration.incarnation = start.incarnation;
	registration.session = start.session;
	size = masix_registration_bytes(&registration, bytes, sizeof bytes);
	CHECK(size != 0);
	crypto_sign_seed_keypair(public, secret, masix_identity.seed);
	crypto_sign_detached(signature->bytes, NULL, bytes, size, secret);
}

static kern_return_t enter(const char *name, int role, const uint32_t *pair, mach_port_t port,
	const masix_signature_t *signature)
{
	masix_key_t next;

	return acs_register(masix_session(), name, strlen(name), role, pair, 2, port,
		masix_identity.generation, *signature, &next);
}

static void test_registration(void)
{
	static const uint32_t pair[] = { SELF, 1 }, other[] = { SELF + 200, 1 };
	mach_port_t port = new_port(), found;
	masix_signature_t signature, wrong = { { 1 } };

	sign("acs_boot/a", MASIX_ROLE_SERVER, pair, &signature);
	CHECK(enter("acs_boot/a", MASIX_ROLE_SERVER, pair, port, &signature) == KERN_SUCCESS);
	/* The same once more: its challenge is used up. */
	CHECK(enter("acs_boot/a", MASIX_ROLE_SERVER, pair, port, &signature) == MASIX_E_DENIED);
	/* A live duplicate, correctly signed. */
	sign("acs_boot/a", MASIX_ROLE_SERVER, pair, &signature);
	CHECK(enter("acs_boot/a", MASIX_ROLE_SERVER, pair, port, &signature) == MASIX_E_EXISTS);
	/* Signed for another name, role or interface than claimed, or not at all. */
	sign("acs_boot/b", MASIX_ROLE_SERVER, pair, &signature);
	CHECK(enter("acs_boot/c", MASIX_ROLE_SERVER, pair, port, &signature) == MASIX_E_DENIED);
	CHECK(enter("acs_boot/b", MASIX_ROLE_SERVER, pair, port, &wrong) == MASIX_E_DENIED);
	/* No port, or one that is not ours to give. */
	sign("acs_boot/b", MASIX_ROLE_SERVER, pair, &signature);
	CHECK(enter("acs_boot/b", MASIX_ROLE_SERVER, pair, MACH_PORT_NULL, &signature) ==
		MASIX_E_INVALID);
	/* Beyond the manifest. */
	sign("fs/root", MASIX_ROLE_SERVER, pair, &signature);
	CHECK(enter("fs/root", MASIX_ROLE_SERVER, pair, port, &signature) == MASIX_E_DENIED);
	sign("acs_boot/b", MASIX_ROLE_CLIENT, pair, &signature);
	CHECK(enter("acs_boot/b", MASIX_ROLE_CLIENT, pair, port, &signature) == MASIX_E_DENIED);
	sign("acs_boot/b", MASIX_ROLE_SERVER, other, &signature);
	CHECK(enter("acs_boot/b", MASIX_ROLE_SERVER, other, port, &signature) == MASIX_E_DENIED);

	/* What is registered can be resolved, until its port dies. */
	CHECK(masix_lookup("acs_boot/a", 0, &found) == KERN_SUCCESS && found == port);
	CHECK(mach_port_mod_refs(mach_task_self(), found, MACH_PORT_RIGHT_SEND, -1) ==
		KERN_SUCCESS);
	destroy_port(port);
	while (masix_lookup("acs_boot/a", 0, &found) == KERN_SUCCESS) {
		(void)mach_port_deallocate(mach_task_self(), found);
		usleep(1000);
	}
}

static void test_rights(void)
{
	mach_port_t right;

	CHECK(masix_right(MASIX_RIGHT_DEVICE, 0, &right) == MASIX_E_DENIED);
	CHECK(masix_right(MASIX_RIGHT_IRQ, 11, &right) == MASIX_E_DENIED);
	CHECK(masix_right(MASIX_RIGHT_IO_PORTS, 0x70u << 16 | 0x72, &right) == MASIX_E_DENIED);
	CHECK(masix_right(99, 0, &right) == MASIX_E_DENIED);
	CHECK(masix_right(MASIX_RIGHT_IRQ, 9, &right) == KERN_SUCCESS);
	CHECK(mach_port_deallocate(mach_task_self(), right) == KERN_SUCCESS);
	CHECK(masix_right(MASIX_RIGHT_IO_PORTS, 0x70u << 16 | 0x71, &right) == KERN_SUCCESS);
	/* Would fault without the permission: the clock chip's seconds. */
	__asm__ volatile("outb %b0, $0x70; inb $0x71, %b0" : "+a"((int){ 0 }));
	CHECK(mach_port_deallocate(mach_task_self(), right) == KERN_SUCCESS);
}

/* Looks a name up that is not there; how long it took, in ms. */
static unsigned time_of_failure(const char *name, uint32_t timeout_ms)
{
	mach_port_t found;
	uint64_t begun = masix_monotonic_ns();

	CHECK(masix_lookup(name, timeout_ms, &found) == MASIX_E_NOT_FOUND);
	return (masix_monotonic_ns() - begun) / 1000000;
}

static void test_waiting(void)
{
	unsigned took;

	/* Answered long before the time-out is over. */
	CHECK(time_of_failure("fs/root", 2 * PATIENCE) < PATIENCE); /* forbidden */
	CHECK(time_of_failure("acs_boot/never", 2 * PATIENCE) <
		PATIENCE); /* we are up, it will not come */
	CHECK(time_of_failure("example", 0) < PATIENCE);
	took = time_of_failure("example", 150); /* could be started at any time */
	CHECK(took >= 150 && took < PATIENCE);
}

void test_session(void)
{
	mach_port_t none;

	/* libmasix gets its session key now, before the test uses up challenges behind its back. */
	CHECK(masix_lookup("acs_boot/none", 0, &none) == MASIX_E_NOT_FOUND);
	test_registration();
	test_rights();
	test_waiting();
	masix_log("session face: %u failures", failures);
}
