#include "vector/clock.h"

#include <mach/time_value.h>
#include <masix/mach.h>
#include <masix/types.h>

#include "mach/mig_support.h"
#include "mach/traps.h"
#include "mach_host.h"

#define NS_PER_SECOND 1000000000ull

/* ns = ticks * multiplier >> 32: seconds apart, so that the product stays in 64 bits. */
static struct {
	int calibrated; /* set last */
	uint64_t boot;
	uint32_t ns_per_tick; /* the fraction, 2^32 = 1 ns; whole part below */
	uint32_t whole_ns;
	int64_t realtime_boot_ns;
} clock;

void vector_clock_set(const struct masix_start *start)
{
	uint64_t fraction = ((NS_PER_SECOND % start->tsc_hz) << 32) / start->tsc_hz;

	clock.boot = start->tsc_boot;
	clock.whole_ns = NS_PER_SECOND / start->tsc_hz;
	clock.ns_per_tick = (uint32_t)fraction;
	clock.realtime_boot_ns = start->realtime_boot_ns;
	__atomic_store_n(&clock.calibrated, 1, __ATOMIC_RELEASE);
}

void vector_clock_adjust(int64_t realtime_boot_ns)
{
	clock.realtime_boot_ns = realtime_boot_ns;
}

static uint64_t scaled(uint64_t ticks)
{
	uint64_t low = (ticks & 0xffffffff) * clock.ns_per_tick >> 32;
	uint64_t high = (ticks >> 32) * clock.ns_per_tick;

	return ticks * clock.whole_ns + high + low;
}

uint64_t vector_monotonic_ns(void)
{
	time_value64_t uptime;

	if (clock.calibrated)
		return scaled(vector_tsc() - clock.boot);
	if (host_get_uptime64(mach_host_self(), &uptime) != KERN_SUCCESS)
		return 0;
	return (uint64_t)uptime.seconds * NS_PER_SECOND + (uint64_t)uptime.nanoseconds;
}

int64_t vector_realtime_ns(void)
{
	time_value64_t now;

	if (clock.calibrated)
		return clock.realtime_boot_ns + (int64_t)vector_monotonic_ns();
	if (host_get_time64(mach_host_self(), &now) != KERN_SUCCESS)
		return 0;
	return now.seconds * (int64_t)NS_PER_SECOND + now.nanoseconds;
}

uint32_t vector_ms(int64_t ns)
{
	int64_t ms = (ns + 999999) / 1000000;

	return ms > 0x7fffffff ? 0x7fffffff : (uint32_t)ms;
}

int vector_sleep_until(int64_t deadline)
{
	/* Below this the kernel's 10 ms clock would oversleep badly: yield instead. */
	const int64_t short_ns = 2000000, tick_ns = 10000000;
	int64_t left;

	while ((left = deadline - (int64_t)vector_monotonic_ns()) > 0) {
		mach_msg_header_t none;

		if (left <= short_ns && clock.calibrated) {
			trap_swtch_pri(0);
			continue;
		}
		/* Whole ticks only, so that the last part can be met exactly. */
		if (left > tick_ns)
			left -= left % tick_ns;
		if (trap_mach_msg(&none, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof none,
			    mig_get_reply_port(), vector_ms(left),
			    MACH_PORT_NULL) == MACH_RCV_INTERRUPTED)
			return 1;
	}
	return 0;
}
