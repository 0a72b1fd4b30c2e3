/* Deaths, watches and restarts. */
#include "boot.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "acs_client.h"
#include "acs_event_server.h"
#include "counter.h"
#include "mach_port.h"

/* The last event, from acs_event_server. */
static struct {
	int what;
	uint32_t generation;
	char name[64];
} last;

kern_return_t S_acs_event(mach_port_t port, const masix_name_t name, mach_msg_type_number_t length,
	int what, uint32_t generation)
{
	(void)port;
	last.what = what;
	last.generation = generation;
	if (length >= sizeof last.name)
		return KERN_FAILURE;
	memcpy(last.name, name, length);
	last.name[length] = '\0';
	return KERN_SUCCESS;
}

int next_event(mach_port_t port, mach_msg_timeout_t ms)
{
	union {
		mach_msg_header_t header;
		char bytes[1024];
	} in, out;
	mig_routine_t routine;

	if (mach_msg(&in.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof in, port, ms,
		    MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		return 0;
	routine = acs_event_server_routine(&in.header);
	CHECK(routine != NULL);
	if (routine == NULL)
		return 0;
	routine(&in.header, &out.header);
	return last.what;
}

static kern_return_t start(mach_port_t acs, const struct blob *image, const struct blob *manifest)
{
	return start_how(acs, MASIX_START_NOW, image, manifest);
}

void crash(mach_port_t client, const char *name)
{
	mach_port_t counter = MACH_PORT_NULL;

	CHECK(acs_lookup(client, name, strlen(name), 0, &counter) == KERN_SUCCESS);
	CHECK(counter_crash(counter) == KERN_SUCCESS);
	(void)mach_port_deallocate(mach_task_self(), counter);
}

/* Killed, seen to vanish, and registered again. */
static void test_death(mach_port_t client, mach_port_t admin)
{
	mach_port_t port = mach_reply_port(), none;
	uint32_t first;

	CHECK(acs_client_watch(client, "example", 7, port) == KERN_SUCCESS);
	CHECK(next_event(port, PATIENCE) == MASIX_EVENT_WENT);
	CHECK(start(admin, &example_image, &example_manifest) == KERN_SUCCESS);
	CHECK(next_event(port, PATIENCE) == MASIX_EVENT_CAME && strcmp(last.name, "example") == 0);
	first = last.generation;
	crash(client, "example");
	CHECK(next_event(port, PATIENCE) == MASIX_EVENT_WENT);
	CHECK(acs_lookup(client, "example", 7, 0, &none) == MASIX_E_NOT_FOUND);
	CHECK(start(admin, &example_image, &example_manifest) == KERN_SUCCESS);
	CHECK(next_event(port, PATIENCE) == MASIX_EVENT_CAME && last.generation == first + 1);
	CHECK(acs_stop(admin, "example", 7) == KERN_SUCCESS);
	CHECK(next_event(port, PATIENCE) == MASIX_EVENT_WENT);
	CHECK(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1) ==
		KERN_SUCCESS);
}

struct waiting {
	mach_port_t client;
	kern_return_t result;
	mach_port_t found;
};

static void *wait_for_example(void *argument)
{
	struct waiting *waiting = argument;

	waiting->result = acs_lookup(waiting->client, "example", 7, PATIENCE, &waiting->found);
	return NULL;
}

/* Those who wait for a name get it when it comes. */
static void test_waiting_for_a_start(mach_port_t client, mach_port_t admin)
{
	struct waiting waiting[4];
	pthread_t threads[4];
	int total;
	unsigned i;

	for (i = 0; i < 4; i++) {
		waiting[i] = (struct waiting){ .client = client, .result = -1 };
		CHECK(pthread_create(&threads[i], NULL, wait_for_example, &waiting[i]) == 0);
	}
	usleep(50000);
	CHECK(start(admin, &example_image, &example_manifest) == KERN_SUCCESS);
	for (i = 0; i < 4; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		CHECK(waiting[i].result == KERN_SUCCESS);
		CHECK(counter_add(waiting[i].found, 1, &total) == KERN_SUCCESS);
		(void)mach_port_deallocate(mach_task_self(), waiting[i].found);
	}
	CHECK(total == 4);
	CHECK(acs_stop(admin, "example", 7) == KERN_SUCCESS);
}

/* A policy that starts it again, after a second and then after two. */
static void test_backoff(mach_port_t client, mach_port_t admin)
{
	mach_port_t events = mach_reply_port(), found;
	unsigned i;

	CHECK(start(admin, &phoenix_image, &phoenix_manifest) == KERN_SUCCESS);
	CHECK(acs_client_watch(client, "phoenix", 7, events) == KERN_SUCCESS);
	CHECK(next_event(events, PATIENCE) == MASIX_EVENT_CAME);
	for (i = 1; i <= 2; i++) {
		uint64_t begun = masix_monotonic_ns(), took;

		crash(client, "phoenix");
		CHECK(next_event(events, PATIENCE) == MASIX_EVENT_WENT);
		CHECK(next_event(events, PATIENCE) == MASIX_EVENT_CAME);
		took = masix_monotonic_ns() - begun;
		masix_log("restarted after %u ms", (unsigned)(took / 1000000));
		CHECK(took >= i * 1000000000ull);
		wait_for(client, "phoenix", "up", 1);
	}
	CHECK(acs_stop(admin, "phoenix", 7) == KERN_SUCCESS);
	CHECK(mach_port_mod_refs(mach_task_self(), events, MACH_PORT_RIGHT_RECEIVE, -1) ==
		KERN_SUCCESS);
	CHECK(acs_lookup(client, "phoenix", 7, 1500, &found) == MASIX_E_NOT_FOUND);
}

/* A flood of watches ends at a bound, and the dead ones make room, as soon as ACS has heard of their deaths. */
static void test_watch_flood(mach_port_t client)
{
	mach_port_t ports[200];
	kern_return_t kr = KERN_SUCCESS;
	unsigned count, most, i;

	for (most = 0; most < 200; most++) {
		ports[most] = mach_reply_port();
		kr = acs_client_watch(client, "acs_boot", 8, ports[most]);
		if (kr != KERN_SUCCESS)
			break;
	}
	CHECK(kr == MASIX_E_LIMIT && most >= 32);
	for (count = 0; count < most; count++) {
		(void)mach_port_mod_refs(
			mach_task_self(), ports[count], MACH_PORT_RIGHT_RECEIVE, -1);
		CHECK(EVENTUALLY(
			acs_client_watch(client, "acs_boot", 8, ports[most]) == KERN_SUCCESS));
		ports[count] = ports[most];
		ports[most] = mach_reply_port();
	}
	CHECK(acs_client_watch(client, "acs_boot", 8, ports[most]) == MASIX_E_LIMIT);
	for (i = 0; i <= most; i++)
		(void)mach_port_mod_refs(mach_task_self(), ports[i], MACH_PORT_RIGHT_RECEIVE, -1);
}

void test_lives(mach_port_t client, mach_port_t admin)
{
	test_death(client, admin);
	test_waiting_for_a_start(client, admin);
	test_backoff(client, admin);
	test_watch_flood(client);
	masix_log("lives: %u failures", failures);
}
