/* The life cycle: needs, starts on demand, policies, restarts, kills. */
#include "boot.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acs_client.h"
#include "counter.h"
#include "mach.h"
#include "mach_port.h"

static kern_return_t lookup(mach_port_t client, const char *name, uint32_t timeout_ms)
{
	mach_port_t found;
	kern_return_t kr = acs_lookup(client, name, strlen(name), timeout_ms, &found);

	if (kr == KERN_SUCCESS)
		(void)mach_port_deallocate(mach_task_self(), found);
	return kr;
}

static kern_return_t stop(mach_port_t admin, const char *name)
{
	return acs_stop(admin, name, strlen(name));
}

static kern_return_t restart(mach_port_t admin, const char *name)
{
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t status = KERN_SUCCESS;
	kern_return_t kr = acs_restart(admin, name, strlen(name), &status, reason, &length);

	return kr != KERN_SUCCESS ? kr : status;
}

unsigned session_of(mach_port_t acs, const char *name)
{
	masix_bulk_t table = NULL;
	mach_msg_type_number_t size = 0;
	char line[80];
	unsigned session = 0;

	CHECK(acs_list(acs, name, strlen(name), &table, &size) == KERN_SUCCESS);
	snprintf(line, sizeof line, "%.*s", (int)(size < 79 ? size : 79), table);
	if (sscanf(line, "%*s up %u", &session) != 1)
		session = 0;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)table, size);
	return session;
}

/* How many servers of that name are in that state. */
static unsigned count_of(mach_port_t acs, const char *name, const char *state)
{
	masix_bulk_t table = NULL;
	mach_msg_type_number_t size = 0;
	char text[80], *at;
	unsigned count = 0;

	CHECK(acs_list(acs, name, strlen(name), &table, &size) == KERN_SUCCESS);
	snprintf(text, sizeof text, "%s %s ", name, state);
	for (at = table; (at = memmem(at, table + size - at, text, strlen(text))) != NULL; at++)
		count++;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)table, size);
	return count;
}

void wait_for(mach_port_t acs, const char *name, const char *state, unsigned count)
{
	CHECK(EVENTUALLY(count_of(acs, name, state) == count));
}

static void test_needs(mach_port_t client, mach_port_t admin)
{
	CHECK(start_how(admin, MASIX_START_NOW, &sparrow_image, &sparrow_manifest) ==
		MASIX_E_NOT_FOUND);
	CHECK(strcmp(last_reason, "needs phoenix, which is not there") == 0);
	CHECK(!table_has(client, 0, "sparrow"));
	/* What a server needs starts before it. */
	CHECK(start_how(admin, MASIX_START_ON_DEMAND, &phoenix_image, &phoenix_manifest) ==
		KERN_SUCCESS);
	CHECK(table_has(client, 0, "phoenix declared "));
	CHECK(start_how(admin, MASIX_START_NOW, &sparrow_image, &sparrow_manifest) == KERN_SUCCESS);
	CHECK(session_of(client, "phoenix") != 0);
	CHECK(session_of(client, "phoenix") < session_of(client, "sparrow"));
	/* What a running server needs stays. */
	CHECK(stop(admin, "phoenix") == MASIX_E_BUSY);
	CHECK(stop(admin, "sparrow") == KERN_SUCCESS);
	CHECK(stop(admin, "phoenix") == KERN_SUCCESS);
	CHECK(start_how(admin, 99, &phoenix_image, &phoenix_manifest) == MASIX_E_INVALID);
}

static void test_demand(mach_port_t client, mach_port_t admin)
{
	CHECK(start_how(admin, MASIX_START_ON_DEMAND, &sparrow_image, &sparrow_manifest) ==
		KERN_SUCCESS);
	CHECK(start_how(admin, MASIX_START_ON_DEMAND, &phoenix_image, &phoenix_manifest) ==
		KERN_SUCCESS);
	/* A name that clients may not have starts nothing, and neither does one of nobody. */
	CHECK(lookup(client, "sparrow/nest", 0) == MASIX_E_NOT_FOUND);
	CHECK(lookup(client, "sparrow/other", 0) == MASIX_E_NOT_FOUND);
	usleep(300000);
	CHECK(table_has(client, 0, "sparrow declared ") &&
		table_has(client, 0, "phoenix declared "));
	/* The caller waits until it is there, and what it needs. */
	CHECK(lookup(client, "sparrow", PATIENCE) == KERN_SUCCESS);
	CHECK(session_of(client, "phoenix") != 0);
	CHECK(stop(admin, "sparrow") == KERN_SUCCESS);
	CHECK(stop(admin, "phoenix") == KERN_SUCCESS);
	/* A need that is not there any more: those who wait hear of it before their time is over. */
	CHECK(start_how(admin, MASIX_START_ON_DEMAND, &sparrow_image, &sparrow_manifest) ==
		KERN_SUCCESS);
	CHECK(lookup(client, "sparrow", 60000) == MASIX_E_NOT_FOUND);
	CHECK(stop(admin, "sparrow") == KERN_SUCCESS);
	CHECK(stop(admin, "sparrow") == MASIX_E_NOT_FOUND);
}

static void test_need_of_each_other(mach_port_t client, mach_port_t admin)
{
	CHECK(start_how(admin, MASIX_START_ON_DEMAND, &loop_a_image, &loop_a_manifest) ==
		KERN_SUCCESS);
	CHECK(start_how(admin, MASIX_START_NOW, &loop_b_image, &loop_b_manifest) ==
		MASIX_E_DEADLOCK);
	CHECK(strcmp(last_reason, "needs itself: loop_b, which needs loop_a, which needs loop_b") ==
		0);
	CHECK(!table_has(client, 0, "loop_b"));
	CHECK(stop(admin, "loop_a") == KERN_SUCCESS);
}

/* At once back after each death, until there were too many. */
static void test_always(mach_port_t client, mach_port_t admin)
{
	uint64_t begun;
	unsigned i;

	CHECK(start_how(admin, MASIX_START_NOW, &phoenix_image, &phoenix_manifest) == KERN_SUCCESS);
	CHECK(start_how(admin, MASIX_START_NOW, &sparrow_image, &sparrow_manifest) == KERN_SUCCESS);
	/* Every second end is a kill, which does not count. */
	for (i = 1; i < 15; i++) {
		unsigned session = session_of(client, "sparrow");

		begun = masix_monotonic_ns();
		if (i % 2 != 0)
			crash(client, "sparrow");
		else
			CHECK(acs_kill(admin, "sparrow", 7) == KERN_SUCCESS);
		while (session_of(client, "sparrow") == session)
			usleep(1000);
		CHECK(lookup(client, "sparrow", PATIENCE) == KERN_SUCCESS);
		masix_log("back after %u ms", (unsigned)((masix_monotonic_ns() - begun) / 1000000));
		wait_for(client, "sparrow", "up", 1);
	}
	crash(client, "sparrow");
	wait_for(client, "sparrow", "failed", 1);
	CHECK(table_has(admin, 1, "died; failed too often"));
	CHECK(acs_kill(admin, "sparrow", 7) == MASIX_E_NOT_FOUND);
	/* A person may try again. */
	CHECK(restart(admin, "sparrow") == KERN_SUCCESS);
	CHECK(lookup(client, "sparrow", 0) == KERN_SUCCESS);
	CHECK(stop(admin, "sparrow") == KERN_SUCCESS);
	CHECK(stop(admin, "phoenix") == KERN_SUCCESS);
}

static void test_restart(mach_port_t client, mach_port_t admin)
{
	unsigned session;

	CHECK(restart(admin, "acs_boot") == MASIX_E_NOT_SUPPORTED);
	CHECK(restart(admin, "nobody") == MASIX_E_NOT_FOUND);
	CHECK(restart(client, "acs_boot") == MASIX_E_DENIED);
	CHECK(acs_kill(client, "acs_boot", 8) == MASIX_E_DENIED);
	CHECK(acs_kill(admin, "nobody", 6) == MASIX_E_NOT_FOUND);
	CHECK(start_how(admin, MASIX_START_NOW, &example_image, &example_manifest) == KERN_SUCCESS);
	session = session_of(client, "example");
	CHECK(restart(admin, "example") == KERN_SUCCESS);
	CHECK(session_of(client, "example") > session);
	CHECK(lookup(client, "example", 0) == KERN_SUCCESS);
	/* Its policy is never. */
	CHECK(acs_kill(admin, "example", 7) == KERN_SUCCESS);
	CHECK(!table_has(client, 0, "example"));
	CHECK(table_has(admin, 1, "killed"));
}

void test_cycle(mach_port_t client, mach_port_t admin)
{
	test_needs(client, admin);
	test_demand(client, admin);
	test_need_of_each_other(client, admin);
	test_always(client, admin);
	test_restart(client, admin);
	masix_log("life cycle: %u failures", failures);
}
