/* Who watches which key of the store. */
#ifndef EXAMPLE_WATCH_H
#define EXAMPLE_WATCH_H

#include <mach/mach_types.h>
#include <masix/estate.h>
#include <stddef.h>

#include "values.h"

#define WATCHERS_MAX 32

/* The watchers, where the next life of the server finds them. */
struct watch_table {
	struct watcher {
		mach_port_t port; /* a send right; null: free; written last */
		size_t size;
		char key[STORE_KEY_MAX];
	} watchers[WATCHERS_MAX];
};

/* First of all.  `estate`: of the one before, whose table it is; or NULL, and it is all zeros. */
void watch_begin(struct watch_table *table, struct masix_estate *estate);

/* Send a hint to `port` after each change of the key (a valid one).  The right is consumed on success.
 * MASIX_E_LIMIT, or the port is dead. */
kern_return_t watch_add(const char *key, size_t size, mach_port_t port)
	__attribute__((warn_unused_result));

/* The key has changed.  Waits for nobody. */
void watch_tell(const char *key, size_t size);

/* `port` has died: a hint of the kernel, for masix_pool_options. */
void watch_dead_name(mach_port_t port);

#endif
