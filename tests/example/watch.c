/* Who watches which key of the store. */
#include "watch.h"

#include <masix/error.h>
#include <masix/object.h>
#include <pthread.h>
#include <string.h>

#include "mach_port.h"
#include "store_event.h"
#include "values.h"

struct watcher {
	mach_port_t port; /* a send right */
	size_t size;
	char key[STORE_KEY_MAX];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watcher watchers[WATCHERS_MAX]; /* lock */
static unsigned count;			      /* lock */

static kern_return_t enter(const char *key, size_t size, mach_port_t port)
{
	kern_return_t kr = MASIX_E_LIMIT;

	pthread_mutex_lock(&lock);
	if (count < WATCHERS_MAX) {
		watchers[count].port = port;
		watchers[count].size = size;
		memcpy(watchers[count++].key, key, size);
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&lock);
	return kr;
}

/* Take out one watcher: of this port; of any key, or of this one. */
static int take(mach_port_t port, const char *key, size_t size)
{
	int taken = 0;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < count && !taken; i++)
		if (watchers[i].port == port &&
			(key == NULL || (watchers[i].size == size &&
						memcmp(watchers[i].key, key, size) == 0))) {
			watchers[i] = watchers[--count];
			taken = 1;
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
	for (unsigned i = 0; i < count; i++)
		if (watchers[i].size == size && memcmp(watchers[i].key, key, size) == 0 &&
			mach_port_mod_refs(mach_task_self(), watchers[i].port, MACH_PORT_RIGHT_SEND,
				1) == KERN_SUCCESS)
			ports[told++] = watchers[i].port;
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
