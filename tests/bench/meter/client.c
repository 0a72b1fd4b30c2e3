/* meter: what servers cost, measured from a Unix process.
 *
 * Prints for each row `NAME <tab> VALUE <tab> UNIT <tab> GOAL`, values as numbers; a row that cannot be measured ends it with
 * status 1. The server meter has been started for it. */
#include <masix/client.h>
#include <masix/error.h>
#include <masix/proxy.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acs_client.h"
#include "acs_event_server.h"
#include "mach_port.h"
#include "meter.h"

#define ROUNDS 21
#define CALLS 400
#define LOOKUPS 200
#define NAMES 1000
#define CRASHES 5
#define WAIT_MS 5000

static mach_port_t acs, meter;

__attribute__((noreturn)) static void fail(const char *what, kern_return_t kr)
{
	fprintf(stderr, "meter: %s: %s\n", what, masix_strerror(kr));
	exit(1);
}

static void must(kern_return_t kr, const char *what)
{
	if (kr != KERN_SUCCESS)
		fail(what, kr);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

static void print(const char *name, double value, const char *unit, double goal)
{
	printf("%s\t%.3f\t%s\t%g\n", name, value, unit, goal);
	fflush(stdout);
}

static mach_port_t look_up(const char *name)
{
	mach_port_t port;

	must(acs_lookup(acs, name, strlen(name), WAIT_MS, &port), name);
	return port;
}

/* --- A worker of the pool beside a thread that does nothing else --- */

static double call(mach_port_t port)
{
	const double begin = now_us();

	for (int i = 0; i < CALLS; i++)
		must(meter_null(port), "meter_null");
	return (now_us() - begin) / CALLS;
}

static void measure_dispatch(void)
{
	double pool[ROUNDS], bare[ROUNDS];
	mach_port_t port;

	must(meter_bare(meter, &port), "meter_bare");
	(void)call(meter);
	(void)call(port);
	/* In turn, so that what disturbs one disturbs the other. */
	for (int i = 0; i < ROUNDS; i++) {
		bare[i] = call(port);
		pool[i] = call(meter);
	}
	print("null RPC, bare", median(bare, ROUNDS), "us", 0);
	print("null RPC, worker pool", median(pool, ROUNDS), "us", 0);
	print("worker pool / bare", median(pool, ROUNDS) / median(bare, ROUNDS), "ratio", 1.15);
}

/* --- RPCs for a name that is used again and again --- */

static unsigned
	rpcs; /* that this process has sent to servers; the kernel's own calls are not meant */

/* The linker puts this before the library's (--wrap). */
mach_msg_return_t __real_mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify);
mach_msg_return_t __wrap_mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify);
mach_msg_return_t __wrap_mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify)
{
	rpcs += (option & MACH_SEND_MSG) && message->msgh_remote_port != mach_task_self();
	return __real_mach_msg(
		message, option, send_size, receive_size, receive_name, timeout, notify);
}

static void count_messages(void)
{
	struct masix_proxy_name *name;
	mach_port_t port;
	unsigned before = rpcs, cold;

	must(masix_proxy_name_open("meter", &name), "name_open");
	must(masix_proxy_name_port(name, WAIT_MS, &port), "name_port");
	cold = rpcs - before;
	must(meter_null(port), "meter_null");
	if (rpcs != before + cold + 1)
		fail("RPCs are not counted", KERN_FAILURE);
	before = rpcs;
	for (int i = 0; i < LOOKUPS; i++)
		must(masix_proxy_name_port(name, WAIT_MS, &port), "name_port");
	print("resolve, cold", cold, "RPCs", 2);
	print("resolve, warm", (double)(rpcs - before) / LOOKUPS, "RPCs", 0);
	masix_proxy_name_close(name);
}

/* --- Lookups among few names and among many --- */

/* The best round: few and many cannot take turns, and other work only ever makes them slower. */
static double time_lookups(const char *name)
{
	double least = 0;

	for (int r = 0; r < ROUNDS; r++) {
		const double begin = now_us();
		double took;

		for (int i = 0; i < LOOKUPS; i++)
			(void)mach_port_deallocate(mach_task_self(), look_up(name));
		took = (now_us() - begin) / LOOKUPS;
		if (r == 0 || took < least)
			least = took;
	}
	return least;
}

static void measure_names(void)
{
	const double few = time_lookups("meter");
	double many;
	int us;

	must(meter_register(meter, NAMES, &us), "meter_register");
	many = time_lookups("meter/777");
	print("lookup, 5 names", few, "us", 0);
	print("lookup, 1000 names more", many, "us", 0);
	print("lookup, many / few", many / few, "ratio", 1.2);
	print("registration, Ed25519", us / 1000.0, "ms", 3);
}

/* --- From the crash to the registration of the next --- */

static int last_event;

kern_return_t S_acs_event(mach_port_t port, const masix_name_t name, mach_msg_type_number_t length,
	int what, uint32_t generation)
{
	(void)port;
	(void)name;
	(void)length;
	(void)generation;
	last_event = what;
	return KERN_SUCCESS;
}

static void wait_for(mach_port_t port, int event)
{
	union {
		mach_msg_header_t header;
		char bytes[1024];
	} in, out;

	do {
		mig_routine_t routine;

		must(mach_msg(&in.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof in, port,
			     WAIT_MS, MACH_PORT_NULL),
			"the server does not come back");
		routine = acs_event_server_routine(&in.header);
		if (routine != NULL)
			routine(&in.header, &out.header);
	} while (last_event != event);
}

static void measure_restart(void)
{
	double times[CRASHES];
	mach_port_t port = mach_reply_port();

	must(acs_client_watch(acs, "meter", strlen("meter"), port), "watch");
	wait_for(port, MASIX_EVENT_CAME);
	for (int i = 0; i < CRASHES; i++) {
		const double begin = now_us();

		must(meter_crash(look_up("meter")), "crash");
		wait_for(port, MASIX_EVENT_WENT);
		wait_for(port, MASIX_EVENT_CAME);
		times[i] = (now_us() - begin) / 1000;
	}
	print("restart, crash to registered", median(times, CRASHES), "ms", 150);
}

int main(void)
{
	must(masix_client_acs(&acs), "ACS");
	meter = look_up("meter");
	measure_dispatch();
	count_messages();
	measure_names();
	measure_restart();
	return 0;
}
