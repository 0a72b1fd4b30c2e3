/* example-count [--wait] [AMOUNT | crash | hammer SECONDS]: a Unix program that uses the example server. */
#include <masix/client.h>
#include <masix/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acs_client.h"
#include "counter.h"

#define WAIT_MS 20000

static int fail(kern_return_t kr)
{
	fprintf(stderr, "example-count: %s\n", masix_strerror(kr));
	return 1;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Call after call, as a program does that keeps the server's port: one line with their number, or with the first that
 * failed. */
static int hammer(mach_port_t acs, double duration)
{
	struct masix_client_name *name;
	const double end = seconds() + duration;
	mach_port_t counter;
	unsigned calls;
	int total;
	kern_return_t kr = masix_client_name_open(acs, "example", &name);

	for (calls = 0; kr == KERN_SUCCESS && seconds() < end; calls++) {
		kr = masix_client_name_port(name, WAIT_MS, &counter);
		if (kr == KERN_SUCCESS)
			kr = counter_add(counter, 1, &total);
	}
	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "example-count: call %u failed: %s\n", calls, masix_strerror(kr));
		return 1;
	}
	masix_client_name_close(name);
	printf("%u calls\n", calls);
	return 0;
}

int main(int argc, char **argv)
{
	mach_port_t acs, counter;
	int total, wait = argc > 1 && strcmp(argv[1], "--wait") == 0;
	kern_return_t kr = masix_client_acs(&acs);

	argc -= wait;
	argv += wait;
	if (kr == KERN_SUCCESS && argc == 3 && strcmp(argv[1], "hammer") == 0)
		return hammer(acs, atof(argv[2]));
	if (kr == KERN_SUCCESS)
		kr = acs_lookup(acs, "example", strlen("example"), wait ? WAIT_MS : 0, &counter);
	if (kr == KERN_SUCCESS && argc > 1 && strcmp(argv[1], "crash") == 0) {
		kr = counter_crash(counter);
	} else if (kr == KERN_SUCCESS) {
		kr = counter_add(counter, argc > 1 ? atoi(argv[1]) : 1, &total);
		if (kr == KERN_SUCCESS)
			printf("%d\n", total);
	}
	return kr != KERN_SUCCESS ? fail(kr) : 0;
}
