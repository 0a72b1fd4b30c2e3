/* The memory of messages that leave, copied by threads of their own: its sender may back it with a pager that takes its time, or
 * that is at another node and is reached by the engine.  Each of them can make one thread wait for as long as it likes, not
 * the messages of others, as long as there are threads. */
#include <stdlib.h>

#include <masix/copy.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "copier.h"
#include "mach.h"

#define THREADS_MAX 16

static pthread_cond_t comes = PTHREAD_COND_INITIALIZER; /* with gns.lock, as what follows */
static struct parked *first, **last = &first;
static unsigned threads, idle;

/* The contents of all regions one after the other, in memory of our own. */
static bool gather(struct parked *parked)
{
	const uint32_t *words = (const uint32_t *)parked->message;
	const struct wire_regions *regions = &parked->regions;
	vm_address_t memory = 0;
	bool good = true;
	size_t at = 0;
	unsigned i;

	if (vm_allocate(mach_task_self(), &memory, (vm_size_t)regions->total, TRUE) != KERN_SUCCESS)
		return false;
	for (i = 0; i < regions->count && good; i++) {
		const struct wire_region *region = &regions->list[i];

		good = masix_copy((uint8_t *)memory + at, (const void *)words[region->at],
			       region->size) == 0;
		at += region->size;
	}
	if (good)
		parked->memory = (void *)memory;
	else
		(void)vm_deallocate(mach_task_self(), memory, (vm_size_t)regions->total);
	return good;
}

static void *copy(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&gns.lock);
	for (;;) {
		struct parked *parked;
		bool good;

		while (first == NULL) {
			idle++;
			pthread_cond_wait(&comes, &gns.lock);
			idle--;
		}
		parked = first;
		first = parked->next;
		if (first == NULL)
			last = &first;
		pthread_mutex_unlock(&gns.lock);
		good = gather(parked);
		pthread_mutex_lock(&gns.lock);
		parked->state = good ? PARKED_COPIED : PARKED_FAILED;
		if (parked->abandoned)
			parked_free(parked);
		else
			engine_settle();
	}
	return NULL;
}

void copier_start(struct parked *parked)
{
	pthread_t thread;

	parked->state = PARKED_COPYING;
	parked->next = NULL;
	*last = parked;
	last = &parked->next;
	if (idle == 0 && threads < THREADS_MAX && pthread_create(&thread, NULL, copy, NULL) == 0)
		threads++;
	pthread_cond_signal(&comes);
}

void parked_free(struct parked *parked)
{
	if (parked->state == PARKED_COPYING) {
		parked->abandoned = true;
		return;
	}
	if (parked->memory != NULL)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)parked->memory,
			(vm_size_t)parked->regions.total);
	if (parked->message != NULL) {
		masix_msg_destroy(parked->message, 0);
		free(parked->message);
	}
	free(parked);
}
