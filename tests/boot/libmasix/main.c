/* Boots as the only task: own clock, own log sink, no ACS. */
#include "boot.h"

#include <device/device_types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <masix/clock.h>
#include <masix/mach.h>

#include "device.h"
#include "mach_host.h"

unsigned failures;
static mach_port_t console, host;

/* Below glibc. */
static void to_console(const char *line, size_t length)
{
	static const char end[128] = "\r\n"; /* as long as the stub's type says */
	int written;

	while (length > 0) {
		size_t part = length < 128 ? length : 128;

		if (device_write_inband(console, 0, 0, line, part, &written) != KERN_SUCCESS)
			return;
		line += written;
		length -= (size_t)written;
	}
	(void)device_write_inband(console, 0, 0, end, 2, &written);
}

static mach_port_t port_argument(int argc, char **argv, const char *option)
{
	size_t length = strlen(option);
	int i;

	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], option, length) == 0)
			return (mach_port_t)strtoul(argv[i] + length, NULL, 10);
	return MACH_PORT_NULL;
}

static void test_clock(mach_port_t device_master)
{
	struct masix_start info = { 0 };
	struct timespec before, after, nap = { .tv_nsec = 25000000 };
	uint64_t start, steps = 0, previous, now;
	time_t wall;

	CHECK(masix_clock_calibrate(device_master, &info) == KERN_SUCCESS);
	masix_log("tsc %llu Hz, realtime at boot %lld", info.tsc_hz, info.realtime_boot_ns);
	CHECK(info.tsc_hz > 100000000 && info.tsc_hz < 10000000000ull);
	masix_clock_install(&info);

	start = previous = masix_monotonic_ns();
	do {
		now = masix_monotonic_ns();
		CHECK(now >= previous);
		steps += now != previous;
		previous = now;
	} while (now - start < 1000000);
	CHECK(steps > 100); /* microseconds, not ticks */

	CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
	CHECK(nanosleep(&nap, NULL) == 0);
	CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
	now = (uint64_t)(after.tv_sec - before.tv_sec) * 1000000000 +
	      (uint64_t)(after.tv_nsec - before.tv_nsec);
	masix_log("25 ms of sleep took %llu us", now / 1000);
	CHECK(now >= 25000000 && now < 60000000);
	wall = time(NULL);
	masix_log("wall clock %s", ctime(&wall));
	CHECK(wall > 1700000000);
}

static void done(void)
{
	if (failures == 0)
		masix_log("LIBMASIX BOOT TEST PASSED");
	else
		masix_log("LIBMASIX BOOT TEST FAILED: %u", failures);
	(void)host_reboot(host, 0);
	for (;;)
		sleep(1);
}

/* Does not come back. */
static void end_as(const char *how)
{
	if (strcmp(how, "fault") == 0)
		*(volatile int *)strtoul("0x123", NULL, 0) = 1;
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "double-free") == 0) {
		void *volatile block = malloc(100);

		free(block);
		/* cppcheck-suppress doubleFree */
		free(block);
	}
	masix_fatal("told to end by %s", how);
}

int main(int argc, char **argv)
{
	const char *end = NULL;
	mach_port_t device_master = port_argument(argc, argv, "--device-port=");

	host = port_argument(argc, argv, "--host-port=");
	if (device_open(device_master, D_READ | D_WRITE, "console", &console) != KERN_SUCCESS)
		return 1;
	masix_log_sink(to_console);
	masix_log("started, %d arguments", argc);
	printf("printf reaches the log, %s\n", argv[0]);
	fflush(stdout);
	if (argc > 3)
		end = argv[3] + strlen("--end=");
	if (end != NULL)
		end_as(end);
	CHECK(masix_random_available());
	CHECK(masix_wire_thread(host) == KERN_SUCCESS);
	test_clock(device_master);
	test_threads();
	test_memory();
	test_objects(done);
}
