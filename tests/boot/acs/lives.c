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
	CHECK(next_event(port, 1000) == MASIX_EVENT_WENT);
	CHECK(start(admin, &example_image, &example_manifest) == KERN_SUCCESS);
	CHECK(next_event(port, 1000) == MASIX_EVENT_CAME && strcmp(last.name, "example") == 0);
	first = last.generation;
	crash(client, "example");
	CHECK(next_event(port, 5000) == MASIX_EVENT_WENT);
	CHECK(acs_lookup(client, "example", 7, 0, &none) == MASIX_E_NOT_FOUND);
	CHECK(start(admin, &example_image, &example_manifest) == KERN_SUCCESS);
	CHECK(next_event(port, 1000) == MASIX_EVENT_CAME && last.generation == first + 1);
	CHECK(acs_stop(admin, "example", 7) == KERN_SUCCESS);
	CHECK(next_event(port, 1000) == MASIX_EVENT_WENT);
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

	waiting->result = acs_lookup(waiting->client, "example", 7, 10000, &waiting->found);
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
	mach_port_t found = MACH_PORT_NULL;
	uint64_t begun, took;

	CHECK(start(admin, &phoenix_image, &phoenix_manifest) == KERN_SUCCESS);
	begun = masix_monotonic_ns();
	crash(client, "phoenix");
	while (acs_lookup(client, "phoenix", 7, 0, &found) == KERN_SUCCESS) {
		(void)mach_port_deallocate(mach_task_self(), found);
		usleep(1000);
	}
	CHECK(acs_lookup(client, "phoenix", 7, 5000, &found) == KERN_SUCCESS);
	took = masix_monotonic_ns() - begun;
	masix_log("restarted after %u ms", (unsigned)(took / 1000000));
	CHECK(took > 900000000 && took < 2500000000u);
	(void)mach_port_deallocate(mach_task_self(), found);
	CHECK(acs_stop(admin, "phoenix", 7) == KERN_SUCCESS);
	CHECK(acs_lookup(client, "phoenix", 7, 1500, &found) == MASIX_E_NOT_FOUND);
}

/* A flood of watches ends at a bound, and the dead ones make room. */
static void test_watch_flood(mach_port_t client)
{
	mach_port_t ports[200];
	kern_return_t kr = KERN_SUCCESS;
	unsigned count, round, made[2];

	for (round = 0; round < 2; round++) {
		for (count = 0; count < 200; count++) {
			ports[count] = mach_reply_port();
			kr = acs_client_watch(client, "acs_boot", 8, ports[count]);
			if (kr != KERN_SUCCESS)
				break;
		}
		CHECK(kr == MASIX_E_LIMIT);
		made[round] = count;
		do
			(void)mach_port_mod_refs(
				mach_task_self(), ports[count], MACH_PORT_RIGHT_RECEIVE, -1);
		while (count-- != 0);
		/* The notifications of 64 deaths are on their way to ACS. */
		(void)mach_msg(NULL, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, 0, mach_reply_port(), 300,
			MACH_PORT_NULL);
	}
	CHECK(made[0] >= 32 && made[0] == made[1]);
}

void test_lives(mach_port_t client, mach_port_t admin)
{
	test_death(client, admin);
	test_waiting_for_a_start(client, admin);
	test_backoff(client, admin);
	test_watch_flood(client);
	masix_log("lives: %u failures", failures);
}
