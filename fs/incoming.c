#include "incoming.h"

#include <pthread.h>
#include <stdbool.h>

#include <masix/copy.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>

#include "mach.h"

#define AT_ONCE 3 /* half of the workers */

/* Kept once it is there: fresh pages would cost more than the copy. */
struct incoming {
	bool in_use;
	void *memory;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of in_use */
static struct incoming buffers[AT_ONCE];

static struct incoming *claim(void)
{
	struct incoming *found = NULL;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < AT_ONCE && !found; i++)
		if (!buffers[i].in_use)
			found = &buffers[i];
	if (found)
		found->in_use = true;
	pthread_mutex_unlock(&lock);
	return found;
}

void incoming_drop(struct incoming *taken)
{
	pthread_mutex_lock(&lock);
	taken->in_use = false;
	pthread_mutex_unlock(&lock);
}

const void *incoming_bytes(const struct incoming *taken)
{
	return taken->memory;
}

int incoming_take(const void *from, size_t size, struct incoming **taken)
{
	struct incoming *buffer = claim();
	vm_address_t memory = 0;
	int error = 0;

	if (!buffer)
		return MASIX_E_BUSY;
	if (!buffer->memory) {
		error = vm_allocate(mach_task_self(), &memory, MASIX_BULK_MAX, TRUE);
		buffer->memory = (void *)memory;
	}
	if (!error && masix_copy(buffer->memory, from, size) != 0)
		error = KERN_INVALID_ADDRESS;
	if (error)
		incoming_drop(buffer);
	else
		*taken = buffer;
	return error;
}
