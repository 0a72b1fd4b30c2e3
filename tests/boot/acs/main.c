/* Registers like any server, runs the tests beside its pool, and stops the machine. */
#include "boot.h"

#include <masix/authenticate.h>
#include <masix/error.h>
#include <masix/object.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "acs_client.h"
#include "acs_session.h"
#include "mach.h"

atomic_uint failures;
static const struct masix_class self_class = { .name = "self" };
static struct masix_object self;

/* The line of the table for ACS itself: its memory and threads. */
static unsigned acs_kib(mach_port_t client)
{
	masix_bulk_t table = NULL;
	mach_msg_type_number_t size = 0;
	unsigned kib = 0;

	CHECK(acs_list(client, "acs", 3, &table, &size) == KERN_SUCCESS);
	CHECK(size > 0 && sscanf(table, "acs up 0 1 %*s %u", &kib) == 1);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)table, size);
	return kib;
}

static void *run_tests(void *unused)
{
	mach_port_t client, admin;
	unsigned before, after, turns = 0, i;

	(void)unused;
	test_session();
	CHECK(masix_right(MASIX_RIGHT_CLIENT, 0, &client) == KERN_SUCCESS);
	CHECK(masix_right(MASIX_RIGHT_ADMIN, 0, &admin) == KERN_SUCCESS);
	test_faces(client, admin);
	test_lives(client, admin);
	test_cycle(client, admin);
	test_sharing(client, admin);
	test_hostile(client, admin);
	test_proof(client, admin);

	/* Once more, many times: nothing may stay behind.  Threads that happen to live at the same time grow the heap, and
	 * it keeps that: but not in every turn. */
	after = acs_kib(client);
	do {
		before = after;
		for (i = 0; i < 5; i++)
			test_faces(client, admin);
		after = acs_kib(client);
		masix_log("ACS: %u KiB, %u KiB after repetition", before, after);
	} while (after >= before + 16 && ++turns < 12);
	CHECK(after < before + 16);

	if (failures == 0)
		masix_log("ACS BOOT TEST PASSED");
	else
		masix_log("%u checks failed", failures);
	(void)acs_halt(masix_session(), MASIX_HALT);
	return NULL;
}

int main(void)
{
	static const uint32_t interfaces[] = { 600200 };
	static const masix_demux_t demuxers[] = { masix_authentication_demux, proof_demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1,
		.name = "acs_boot",
	};
	pthread_t thread;

	CHECK(masix_object_init(&self, &self_class) == KERN_SUCCESS);
	/* Not ready before what the manifest promises is registered. */
	CHECK(masix_ready() == MASIX_E_DENIED);
	CHECK(masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, self.port) == KERN_SUCCESS);
	register_gate();
	CHECK(masix_ready() == KERN_SUCCESS);
	if (pthread_create(&thread, NULL, run_tests, NULL) != 0)
		masix_fatal("no thread");
	masix_pool_run(&options);
}
