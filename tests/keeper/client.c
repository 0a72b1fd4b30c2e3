/* keeper-count COMMAND...: one counter of the keeper's, over its deaths.
 *   add N       print the number after adding N        end HOW    have the server end (server.c)
 *   count       how many counters there are            kill       masix kill keeper
 *   outlive N   a call that is caught by N deaths of the server: prints N when it has been answered
 *   crash N     the same, and the server dies of it
 *   hammer S    add 1 for S seconds: prints how often; the number must be that plus what was there
 *   wait        until the server is there, after it has lost all */
#include <masix/client.h>
#include <masix/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "acs_client.h"
#include "keeper.h"

#define WAIT_MS 20000

static mach_port_t acs, keeper, counter;
static int expected;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static kern_return_t add(int amount)
{
	int total = 0;
	kern_return_t kr = keeper_add(counter, amount, &total);

	if (kr != KERN_SUCCESS)
		return kr;
	if (total != expected + amount) {
		fprintf(stderr, "keeper-count: %d after adding %d to %d\n", total, amount,
			expected);
		exit(1);
	}
	expected = total;
	return KERN_SUCCESS;
}

static kern_return_t hammer(double duration)
{
	const double end = seconds() + duration;
	unsigned calls = 0, most_ms = 0;
	kern_return_t kr = KERN_SUCCESS;

	while (kr == KERN_SUCCESS && seconds() < end) {
		double begun = seconds();
		unsigned ms;

		kr = add(1);
		ms = (seconds() - begun) * 1000;
		if (ms > most_ms)
			most_ms = ms;
		calls++;
	}
	fprintf(stderr, "keeper-count: %u calls, the longest of %u ms\n", calls, most_ms);
	return kr;
}

static kern_return_t open_counter(unsigned timeout_ms)
{
	kern_return_t kr = acs_lookup(acs, "keeper", strlen("keeper"), timeout_ms, &keeper);

	return kr != KERN_SUCCESS ? kr : keeper_open(keeper, &counter);
}

/* One command; how many words it took. */
static int run(char **words, kern_return_t *kr)
{
	const char *word = words[1] != NULL ? words[1] : "0";
	int count;

	if (strcmp(words[0], "add") == 0) {
		*kr = add(atoi(word));
		if (*kr == KERN_SUCCESS)
			printf("%d\n", expected);
		return 2;
	}
	if (strcmp(words[0], "hammer") == 0) {
		*kr = hammer(atof(word));
		return 2;
	}
	if (strcmp(words[0], "outlive") == 0 || strcmp(words[0], "crash") == 0) {
		*kr = keeper_outlive(counter, atoi(word), words[0][0] == 'c');
		if (*kr == KERN_SUCCESS)
			printf("%s\n", word);
		return 2;
	}
	if (strcmp(words[0], "end") == 0) {
		*kr = keeper_end(keeper, atoi(word));
		return 2;
	}
	if (strcmp(words[0], "count") == 0) {
		*kr = keeper_count(keeper, &count);
		if (*kr == KERN_SUCCESS)
			printf("%d\n", count);
	} else if (strcmp(words[0], "kill") == 0) {
		fflush(stdout);
		if (system("masix kill keeper") != 0)
			*kr = KERN_FAILURE;
	} else if (strcmp(words[0], "wait") == 0) {
		expected = 0;
		*kr = open_counter(WAIT_MS);
	} else {
		*kr = MASIX_E_INVALID;
	}
	return 1;
}

int main(int argc, char **argv)
{
	kern_return_t kr = masix_client_acs(&acs);
	int at;

	if (kr == KERN_SUCCESS)
		kr = open_counter(0);
	for (at = 1; at < argc && kr == KERN_SUCCESS;)
		at += run(argv + at, &kr);
	fflush(stdout);
	if (kr == KERN_SUCCESS)
		return 0;
	fprintf(stderr, "keeper-count: %s\n", masix_strerror(kr));
	return 1;
}
