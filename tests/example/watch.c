/* Who watches which key of the store. */
#include "watch.h"

#include <masix/error.h>
#include <masix/object.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "mach_port.h"
#include "store_event.h"
#include "values.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* never in kept pages */
static struct watch_table *table;			 /* constant; its contents: lock */

/* One entry of the server before: its right has one reference, however often it stands here. */
static void adopt(struct masix_estate *estate, struct watcher *watcher)
{
	const mach_port_t port = watcher->port;

	if (port == MACH_PORT_NULL)
		return;
	if (!masix_estate_take(estate, port, MACH_PORT_TYPE_SEND) &&
		mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1) != KERN_SUCCESS)
		watcher->port = MACH_PORT_NULL; /* it died */
	else if (masix_watch_dead(port) != KERN_SUCCESS)
		watch_dead_name(port);
}

void watch_begin(struct watch_table *kept, struct masix_estate *estate)
{
	table = kept;
	for (unsigned i = 0; estate != NULL && i < WATCHERS_MAX; i++)
		adopt(estate, &table->watchers[i]);
}

static kern_return_t enter(const char *key, size_t size, mach_port_t port)
{
	kern_return_t kr = MASIX_E_LIMIT;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < WATCHERS_MAX && kr != KERN_SUCCESS; i++) {
		struct watcher *watcher = &table->watchers[i];

		if (watcher->port != MACH_PORT_NULL)
			continue;
		watcher->size = size;
		memcpy(watcher->key, key, size);
		atomic_signal_fence(memory_order_seq_cst);
		watcher->port = port;
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&lock);
	return kr;
}

static bool is_of(const struct watcher *watcher, const char *key, size_t size)
{
	return watcher->port != MACH_PORT_NULL && watcher->size == size &&
	       memcmp(watcher->key, key, size) == 0;
}

/* Take out one watcher: of this port; of any key, or of this one. */
static bool take(mach_port_t port, const char *key, size_t size)
{
	bool taken = false;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < WATCHERS_MAX && !taken; i++) {
		struct watcher *watcher = &table->watchers[i];

		if (watcher->port == port && (key == NULL || is_of(watcher, key, size))) {
			watcher->port = MACH_PORT_NULL;
			taken = true;
		}
	}
	pthread_mutex_unlock(&lock);
	return taken;
}

kern_return_t watch_add(const char *key, size_t size, mach_port_t port)
{
	kern_return_t kr;

	if (!MACH_PORT_VALID(port))
		return MASIX_E_INVALID;
	kr = enter(key, size, port);
	/* A port that dies before this call is reported by it. */
	if (kr == KERN_SUCCESS && (kr = masix_watch_dead(port)) != KERN_SUCCESS &&
		!take(port, key, size))
		kr = KERN_SUCCESS; /* whoever took it out has dropped the right */
	return kr;
}

void watch_tell(const char *key, size_t size)
{
	mach_port_t ports[WATCHERS_MAX];
	unsigned told = 0;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < WATCHERS_MAX; i++)
		if (is_of(&table->watchers[i], key, size) &&
			mach_port_mod_refs(mach_task_self(), table->watchers[i].port,
				MACH_PORT_RIGHT_SEND, 1) == KERN_SUCCESS)
			ports[told++] = table->watchers[i].port;
	pthread_mutex_unlock(&lock);
	while (told-- != 0) {
		/* Full queue or dead: it has its hint, or needs none. */
		(void)store_event(ports[told], MACH_SEND_TIMEOUT, key, size);
		(void)mach_port_deallocate(mach_task_self(), ports[told]);
	}
}

void watch_dead_name(mach_port_t port)
{
	mach_port_type_t type;

	/* Anybody may have sent this: only what is dead here counts. */
	if (mach_port_type(mach_task_self(), port, &type) != KERN_SUCCESS ||
		!(type & MACH_PORT_TYPE_DEAD_NAME))
		return;
	while (take(port, NULL, 0))
		(void)mach_port_deallocate(mach_task_self(), port); /* ours */
}
