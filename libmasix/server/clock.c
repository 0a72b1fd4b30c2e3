/* The server's clocks, and their calibration for ACS. */
#include <device/device_types.h>
#include <mach/time_value.h>
#include <masix/clock.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "device.h"
#include "mach.h"
#include "mach_host.h"
#include "mach_i386.h"
#include "mach_port.h"
#include "start/start.h"
#include "vector/clock.h"

#define NS_PER_SECOND 1000000000ull
#define MEASURE_NS 50000000ull

/* HPET registers, in 32-bit words. */
#define HPET_ADDRESS 0xfed00000u
#define HPET_PERIOD 1 /* femtoseconds per count */
#define HPET_CONFIG 4
#define HPET_COUNTER 60
#define HPET_ENABLE 1u
#define HPET_PERIOD_MAX 100000000u /* of the specification */

/* PIT channel 2, gated through port 0x61. */
#define PIT_HZ 1193182u
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61
#define PIT_COUNT 59659u /* 50 ms */

uint64_t masix_monotonic_ns(void)
{
	return vector_monotonic_ns();
}

int64_t masix_realtime_ns(void)
{
	return vector_realtime_ns();
}

void masix_clock_install(const struct masix_start *info)
{
	start.info = *info;
	vector_clock_set(info);
}

static kern_return_t map_hpet(mach_port_t device_master, volatile uint32_t **registers)
{
	mach_port_t memory, pager;
	vm_address_t address = 0;
	kern_return_t result;

	result = device_open(device_master, D_READ | D_WRITE, "mem", &memory);
	if (result != KERN_SUCCESS)
		return result;
	result = device_map(
		memory, VM_PROT_READ | VM_PROT_WRITE, HPET_ADDRESS, REGION_PAGE, &pager, 0);
	if (result == KERN_SUCCESS) {
		result = vm_map(mach_task_self(), &address, REGION_PAGE, 0, TRUE, pager, 0, FALSE,
			VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE,
			VM_INHERIT_NONE);
		(void)mach_port_deallocate(mach_task_self(), pager);
	}
	(void)device_close(memory);
	(void)mach_port_deallocate(mach_task_self(), memory);
	*registers = (volatile uint32_t *)address;
	return result;
}

/* The counter and the time stamp of the same moment: the tightest of a few pairs. */
static uint32_t read_pair(const volatile uint32_t *hpet, uint64_t *tsc)
{
	uint64_t best = UINT64_MAX;
	uint32_t count = 0;
	int i;

	*tsc = 0;
	for (i = 0; i < 8; i++) {
		uint64_t before = vector_tsc();
		uint32_t now = hpet[HPET_COUNTER];
		uint64_t span = vector_tsc() - before;

		if (span < best) {
			best = span;
			count = now;
			*tsc = before + span / 2;
		}
	}
	return count;
}

/* 0 if that is no working HPET. */
static uint64_t measure_hpet(volatile uint32_t *hpet)
{
	uint32_t period = hpet[HPET_PERIOD], first, last, wanted;
	uint64_t start_tsc, end_tsc, ns;
	unsigned long tries = 0;

	if (period == 0 || period > HPET_PERIOD_MAX)
		return 0;
	if (!(hpet[HPET_CONFIG] & HPET_ENABLE))
		hpet[HPET_CONFIG] |= HPET_ENABLE;
	wanted = (uint32_t)(MEASURE_NS * 1000000 / period);
	first = read_pair(hpet, &start_tsc);
	while (hpet[HPET_COUNTER] - first < wanted)
		if (++tries > 100000000ul || (tries == 100000 && hpet[HPET_COUNTER] == first))
			return 0; /* it stands still */
	last = read_pair(hpet, &end_tsc);
	ns = (uint64_t)(last - first) * period / 1000000;
	return (end_tsc - start_tsc) * NS_PER_SECOND / ns;
}

static void out_byte(uint16_t port, uint8_t byte)
{
	__asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

static uint8_t in_byte(uint16_t port)
{
	uint8_t byte;

	__asm__ volatile("inb %1, %0" : "=a"(byte) : "Nd"(port));
	return byte;
}

/* Count 50 ms down once and watch the output bit. */
static uint64_t count_pit(void)
{
	const uint8_t gate = 1, speaker = 2, output = 0x20;
	uint8_t saved = in_byte(PIT_GATE);
	uint64_t start_tsc, end_tsc;

	out_byte(PIT_GATE, (uint8_t)((saved & ~speaker) | gate));
	out_byte(PIT_COMMAND, 0xb0); /* channel 2, both bytes, interrupt on terminal count */
	out_byte(PIT_CHANNEL2, PIT_COUNT & 0xff);
	out_byte(PIT_CHANNEL2, PIT_COUNT >> 8);
	start_tsc = vector_tsc();
	while (!(in_byte(PIT_GATE) & output))
		;
	end_tsc = vector_tsc();
	out_byte(PIT_GATE, saved);
	return (end_tsc - start_tsc) * PIT_HZ / PIT_COUNT;
}

static kern_return_t measure_pit(mach_port_t device_master, uint64_t *hz)
{
	mach_port_t timer, gate;
	kern_return_t result;

	result = i386_io_perm_create(device_master, PIT_CHANNEL2, PIT_COMMAND, &timer);
	if (result != KERN_SUCCESS)
		return result;
	result = i386_io_perm_create(device_master, PIT_GATE, PIT_GATE, &gate);
	if (result == KERN_SUCCESS) {
		result = i386_io_perm_modify(mach_task_self(), timer, TRUE);
		if (result == KERN_SUCCESS)
			result = i386_io_perm_modify(mach_task_self(), gate, TRUE);
		if (result == KERN_SUCCESS)
			*hz = count_pit();
		(void)i386_io_perm_modify(mach_task_self(), timer, FALSE);
		(void)i386_io_perm_modify(mach_task_self(), gate, FALSE);
		(void)mach_port_deallocate(mach_task_self(), gate);
	}
	(void)mach_port_deallocate(mach_task_self(), timer);
	return result;
}

static int64_t ns_of(const time_value64_t *time)
{
	return time->seconds * (int64_t)NS_PER_SECOND + time->nanoseconds;
}

/* Tie the counter to the kernel's two clocks at the moment when they tick. */
static kern_return_t tie(struct masix_start *info)
{
	time_value64_t first, uptime, now;
	uint64_t tsc;
	kern_return_t result;

	result = host_get_uptime64(mach_host_self(), &first);
	if (result != KERN_SUCCESS)
		return result;
	do {
		result = host_get_uptime64(mach_host_self(), &uptime);
		tsc = vector_tsc();
		if (result != KERN_SUCCESS)
			return result;
	} while (ns_of(&uptime) == ns_of(&first));
	result = host_get_time64(mach_host_self(), &now);
	if (result != KERN_SUCCESS)
		return result;
	/* In two steps: uptime in ns times hz would overflow. */
	info->tsc_boot = tsc - (uint64_t)uptime.seconds * info->tsc_hz -
			 (uint64_t)uptime.nanoseconds * (info->tsc_hz / 1000) / 1000000;
	info->realtime_boot_ns = ns_of(&now) - ns_of(&uptime);
	return KERN_SUCCESS;
}

kern_return_t masix_clock_calibrate(mach_port_t device_master, struct masix_start *info)
{
	volatile uint32_t *hpet;
	kern_return_t result;

	info->tsc_hz = 0;
	if (map_hpet(device_master, &hpet) == KERN_SUCCESS) {
		info->tsc_hz = measure_hpet(hpet);
		(void)vm_deallocate(mach_task_self(), (vm_address_t)hpet, REGION_PAGE);
	}
	if (info->tsc_hz == 0) {
		result = measure_pit(device_master, &info->tsc_hz);
		if (result != KERN_SUCCESS)
			return result;
	}
	if (info->tsc_hz < 1000000)
		return KERN_FAILURE;
	return tie(info);
}
