#include "window.h"

#include <mach/mig_support.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>
#include <masix/copy.h>
#include <masix/mach.h>

#include "io.h"
#include "mach.h"
#include "mach_port.h"
#include "vector/clock.h"

#define WINDOW_SIZE 0x400000u /* at fixed places of the file; one for each */

/* Mapping costs as much as a few messages, and each first touch of a page as half of one. */
#define MANY_READS 3u
#define LARGE_READ 0x8000u
#define NEVER UINT32_MAX
#define TRUST_NS 10000000u

struct window {
	vm_address_t address; /* 0: none */
	uint32_t start;	      /* in the file */
	uint32_t misses; /* reads outside of it, one after the other; NEVER: it cannot be mapped */
	int64_t size;	 /* of the file, as it was told */
	uint32_t doubts; /* then */
	uint64_t told_ns;
};

static struct window windows[WINDOW_SLOTS];
static uint32_t doubts;

void window_doubt(void)
{
	doubts++;
}

static void unmap(struct window *window)
{
	if (window->address != 0)
		(void)vm_deallocate(mach_task_self(), window->address, WINDOW_SIZE);
	window->address = 0;
}

static void set_size(struct window *window, int64_t size, uint64_t asked_ns)
{
	window->size = size;
	window->doubts = doubts;
	window->told_ns = asked_ns;
}

static bool map(struct window *window, mach_port_t file, uint32_t start)
{
	uint64_t now = vector_monotonic_ns();
	vm_address_t address = 0;
	mach_port_t object;
	int64_t size;
	kern_return_t kr;

	unmap(window);
	kr = guard_start();
	if (kr == KERN_SUCCESS)
		kr = io_map(file, &object, &size);
	if (kr != KERN_SUCCESS)
		return false;
	kr = vm_map(mach_task_self(), &address, WINDOW_SIZE, 0, TRUE, object, start, FALSE,
		VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE);
	(void)mach_port_deallocate(mach_task_self(), object);
	if (kr != KERN_SUCCESS)
		return false;
	window->address = address;
	window->start = start;
	set_size(window, size, now);
	return true;
}

static bool is_in(const struct window *window, uint32_t offset)
{
	return window->address != 0 && offset - window->start < WINDOW_SIZE;
}

/* Is the window there, or worth being made, for these bytes? */
static bool reach(struct window *window, mach_port_t file, uint32_t offset, uint32_t n)
{
	if (window->misses == NEVER)
		return false;
	if (is_in(window, offset)) {
		window->misses = 0;
		return true;
	}
	if (n < LARGE_READ && ++window->misses <= MANY_READS)
		return false;
	window->misses = map(window, file, offset - offset % WINDOW_SIZE) ? 0 : NEVER;
	return window->misses == 0;
}

static bool know_size(struct window *window, mach_port_t file)
{
	uint64_t now = vector_monotonic_ns();
	struct masix_stat stat;

	if (window->doubts == doubts && now - window->told_ns < TRUST_NS)
		return true;
	if (io_stat(file, &stat) != KERN_SUCCESS)
		return false;
	set_size(window, (int64_t)stat.size, now);
	return true;
}

/* As much as one place of the window has. */
static uint32_t read_part(
	struct window *window, mach_port_t file, uint32_t offset, void *to, uint32_t n)
{
	uint32_t at;

	if (!reach(window, file, offset, n) || !know_size(window, file) || offset >= window->size)
		return 0;
	at = offset - window->start;
	if (n > WINDOW_SIZE - at)
		n = WINDOW_SIZE - at;
	if (n > window->size - offset)
		n = (uint32_t)(window->size - offset);
	/* A page may be gone: the file was cut just now, or the disk fails. */
	return masix_copy(to, (const char *)window->address + at, n) == 0 ? n : 0;
}

uint32_t window_read(unsigned slot, mach_port_t file, uint32_t offset, void *to, uint32_t n)
{
	uint32_t done = 0, part = 0;

	if (offset > UINT32_MAX - n)
		return 0;
	do {
		part = read_part(&windows[slot], file, offset + done, (char *)to + done, n - done);
		done += part;
	} while (part > 0 && done < n);
	return done;
}

void window_close(unsigned slot)
{
	unmap(&windows[slot]);
	windows[slot] = (struct window){ 0 };
}
