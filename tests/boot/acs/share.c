/* Names with several servers: pools, and hand-over from one to the next. */
#include "boot.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acs_client.h"
#include "counter.h"
#include "mach_port.h"

static kern_return_t start_flock(mach_port_t admin)
{
	return start_how(admin, MASIX_START_NOW, &flock_image, &flock_manifest);
}

static kern_return_t update(
	mach_port_t admin, const struct blob *image, const struct blob *manifest)
{
	return start_how(admin, MASIX_START_UPDATE, image, manifest);
}

static mach_port_t lookup(mach_port_t client, const char *name)
{
	mach_port_t found = MACH_PORT_NULL;

	CHECK(acs_lookup(client, name, strlen(name), PATIENCE, &found) == KERN_SUCCESS);
	return found;
}

/* Adds 1 at whatever server the name stands for now: what it has counted. */
static int count_at(mach_port_t client, const char *name)
{
	mach_port_t counter = lookup(client, name);
	int total = -1;

	CHECK(counter_add(counter, 1, &total) == KERN_SUCCESS);
	(void)mach_port_deallocate(mach_task_self(), counter);
	return total;
}

static void test_pool(mach_port_t client, mach_port_t admin)
{
	mach_port_t events = mach_reply_port();
	char member[32];
	unsigned i, served = 0;

	CHECK(acs_client_watch(client, "flock", 5, events) == KERN_SUCCESS);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_WENT);
	for (i = 0; i < 3; i++) {
		CHECK(start_flock(admin) == KERN_SUCCESS);
		CHECK(next_event(events, PATIENCE) ==
			(i == 0 ? MASIX_EVENT_CAME : MASIX_EVENT_REPLACED));
	}
	CHECK(start_flock(admin) == MASIX_E_EXISTS);
	CHECK(strcmp(last_reason, "all 3 members of its pool are running") == 0);
	/* Each in turn: each has counted every third call. */
	for (i = 0; i < 9; i++)
		CHECK(count_at(client, "flock") == (int)(i / 3 + 1));
	/* One goes, the others serve on, and it comes back. */
	snprintf(member, sizeof member, "flock#%u", session_of(client, "flock"));
	CHECK(acs_kill(admin, member, strlen(member)) == KERN_SUCCESS);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_REPLACED);
	/* In four calls the others have at least two turns, though the new one may be there already. */
	for (i = 0; i < 4; i++)
		served += count_at(client, "flock") > 3;
	CHECK(served >= 2);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_REPLACED);
	wait_for(client, "flock", "up", 3); /* its name comes before it is ready */
	CHECK(acs_kill(admin, member, strlen(member)) == MASIX_E_NOT_FOUND);
	CHECK(acs_stop(admin, "flock#x", 7) == MASIX_E_NOT_FOUND);
	snprintf(member, sizeof member, "flock#%u", session_of(client, "flock"));
	CHECK(acs_stop(admin, member, strlen(member)) == KERN_SUCCESS);
	CHECK(acs_stop(admin, "flock", 5) == KERN_SUCCESS);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_REPLACED);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_REPLACED);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_WENT);
	CHECK(mach_port_mod_refs(mach_task_self(), events, MACH_PORT_RIGHT_RECEIVE, -1) ==
		KERN_SUCCESS);
}

struct hammer {
	mach_port_t client;
	volatile int stop;
	unsigned calls, failed;
};

static void *hammer_on(void *argument)
{
	struct hammer *hammer = argument;

	while (!hammer->stop) {
		mach_port_t counter;
		int total;

		if (acs_lookup(hammer->client, "flock", 5, 0, &counter) != KERN_SUCCESS) {
			hammer->failed++;
			continue;
		}
		hammer->failed += counter_add(counter, 1, &total) != KERN_SUCCESS;
		hammer->calls++;
		(void)mach_port_deallocate(mach_task_self(), counter);
	}
	return NULL;
}

/* While clients call, one release takes over from the other, several times; no call fails. */
static void test_hand_over(mach_port_t client, mach_port_t admin)
{
	struct hammer hammer = { .client = client };
	mach_port_t events = mach_reply_port(), old;
	pthread_t thread;
	int total;

	CHECK(update(admin, &flock_image, &flock_manifest) == MASIX_E_NOT_FOUND);
	CHECK(strcmp(last_reason, "no server of that name is up") == 0);
	CHECK(start_flock(admin) == KERN_SUCCESS);
	old = lookup(client, "flock");
	CHECK(counter_add(old, 5, &total) == KERN_SUCCESS && total == 5);
	CHECK(acs_client_watch(client, "flock", 5, events) == KERN_SUCCESS);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_CAME);
	CHECK(pthread_create(&thread, NULL, hammer_on, &hammer) == 0);
	CHECK(update(admin, &flock_image, &flock_manifest) == KERN_SUCCESS);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_REPLACED);
	/* Who has the old one's port is still served there. */
	CHECK(counter_add(old, 0, &total) == KERN_SUCCESS && total >= 5);
	CHECK(table_has(client, 0, "flock draining "));
	CHECK(update(admin, &flock2_image, &flock2_manifest) == KERN_SUCCESS);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_REPLACED);
	/* Never back to an older one. */
	CHECK(update(admin, &flock_image, &flock_manifest) == MASIX_E_DENIED);
	/* Both old ones end, and nothing else changes. */
	wait_for(client, "flock", "up", 1);
	wait_for(client, "flock", "draining", 0);
	CHECK(next_event(events, 100) == 0);
	CHECK(table_has(admin, 1, ": replaced "));
	CHECK(counter_add(old, 1, &total) == MACH_SEND_INVALID_DEST);
	(void)mach_port_deallocate(mach_task_self(), old);
	/* One that cannot get ready changes nothing: it has the key of another. */
	CHECK(update(admin, &flock_image, &flock2_manifest) == MASIX_E_DEAD);
	CHECK(next_event(events, 100) == 0);
	hammer.stop = 1;
	CHECK(pthread_join(thread, NULL) == 0);
	masix_log("%u calls during the hand-over, %u failed", hammer.calls, hammer.failed);
	CHECK(hammer.calls > 100 && hammer.failed == 0);
	CHECK(acs_stop(admin, "flock", 5) == KERN_SUCCESS);
	CHECK(!table_has(client, 0, "flock"));
	/* Without a word in the manifest there is no hand-over. */
	CHECK(start_how(admin, MASIX_START_NOW, &phoenix_image, &phoenix_manifest) == KERN_SUCCESS);
	CHECK(update(admin, &phoenix_image, &phoenix_manifest) == MASIX_E_NOT_SUPPORTED);
	CHECK(acs_stop(admin, "phoenix", 7) == KERN_SUCCESS);
	CHECK(mach_port_mod_refs(mach_task_self(), events, MACH_PORT_RIGHT_RECEIVE, -1) ==
		KERN_SUCCESS);
}

void test_sharing(mach_port_t client, mach_port_t admin)
{
	test_pool(client, admin);
	test_hand_over(client, admin);
	masix_log("pools and hand-over: %u failures", failures);
}
