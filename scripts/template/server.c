/* The template server: a number to which clients add. */
#include <masix/error.h>
#include <masix/object.h>
#include <masix/server.h>
#include <pthread.h>

#include "template_server.h"

/* The object behind the port. */
struct counter {
	struct masix_object object; /* first */
	pthread_mutex_t lock;
	int total; /* lock */
};

static const struct masix_class counter_class = { .name = "counter" };
static struct counter counter = { .lock = PTHREAD_MUTEX_INITIALIZER };

kern_return_t S_template_add(mach_port_t port, int amount, int *total)
{
	struct masix_object *object = masix_object_get(port, &counter_class);
	struct counter *found = (struct counter *)object;
	kern_return_t kr = KERN_SUCCESS;
	int sum;

	if (found == NULL)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&found->lock);
	if (__builtin_add_overflow(found->total, amount, &sum))
		kr = MASIX_E_LIMIT;
	else
		*total = found->total = sum;
	pthread_mutex_unlock(&found->lock);
	masix_object_put(object);
	return kr;
}

static masix_routine_t demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)template_server_routine(in);
}

int main(void)
{
	static const uint32_t interfaces[] = { 699800 }; /* the subsystem's number */
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 2,
		.name = "template",
	};
	kern_return_t kr = masix_object_init(&counter.object, &counter_class);

	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, counter.object.port);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_log("counts from 0");
	masix_pool_run(&options);
}
