#include "scarcity.h"

#include <mach/vm_statistics.h>
#include <masix/mach.h>
#include <stdatomic.h>
#include <time.h>

#include "mach.h"

/* The kernel cleans when less than 6 % of a zone of memory is free, and gives to privileged threads only below
 * 5 %, both until 10 % are (vm/vm_page.c).  So when all zones together have less than 5 % it is at work, and what is free
 * grows until it has done enough. */
#define SCARCE_PERCENT 5
#define PLENTY_PERCENT 12
#define LOOK_EVERY 64 /* pages */
#define PAUSE_NS 10000000l

static struct {
	uint32_t scarce, plenty; /* free pages */
	atomic_uint taken;	 /* since the last look */
	atomic_uint waiting;	 /* threads */
	atomic_bool near;
} scarcity;

void scarcity_init(uint32_t total)
{
	scarcity.scarce = total / 100 * SCARCE_PERCENT;
	scarcity.plenty = total / 100 * PLENTY_PERCENT;
}

static uint32_t free_pages(void)
{
	struct vm_statistics statistics;

	/* Cannot fail for a task that lives. */
	return vm_statistics(mach_task_self(), &statistics) == KERN_SUCCESS
		       ? (uint32_t)statistics.free_count
		       : scarcity.plenty;
}

bool scarcity_is_near(unsigned pages)
{
	if (atomic_load(&scarcity.waiting) > 0)
		return true;
	if (!atomic_load(&scarcity.near) &&
		atomic_fetch_add(&scarcity.taken, pages) + pages < LOOK_EVERY)
		return false;
	atomic_store(&scarcity.taken, 0);
	atomic_store(&scarcity.near, free_pages() < scarcity.scarce + pages);
	return atomic_load(&scarcity.near);
}

void scarcity_wait(unsigned pages)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint32_t before = 0, now;

	if (!scarcity_is_near(pages))
		return;
	atomic_fetch_add(&scarcity.waiting, 1);
	for (now = free_pages(); now < scarcity.scarce || (now < scarcity.plenty && now > before);
		now = free_pages()) {
		before = now;
		/* Woken early: we look once more than needed. */
		(void)nanosleep(&pause, NULL);
	}
	atomic_fetch_sub(&scarcity.waiting, 1);
}
