/* example-count [--wait] [AMOUNT | crash]: a Unix program that uses the example server. */
#include <masix/client.h>
#include <masix/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client.h"
#include "counter.h"

#define WAIT_MS 20000

int main(int argc, char **argv)
{
	mach_port_t acs, counter;
	int total, wait = argc > 1 && strcmp(argv[1], "--wait") == 0;
	kern_return_t kr = masix_client_acs(&acs);

	argc -= wait;
	argv += wait;
	if (kr == KERN_SUCCESS)
		kr = acs_lookup(acs, "example", strlen("example"), wait ? WAIT_MS : 0, &counter);
	if (kr == KERN_SUCCESS && argc > 1 && strcmp(argv[1], "crash") == 0) {
		kr = counter_crash(counter);
	} else if (kr == KERN_SUCCESS) {
		kr = counter_add(counter, argc > 1 ? atoi(argv[1]) : 1, &total);
		if (kr == KERN_SUCCESS)
			printf("%d\n", total);
	}
	if (kr != KERN_SUCCESS) {
		fprintf(stderr, "example-count: %s\n", masix_strerror(kr));
		return 1;
	}
	return 0;
}
