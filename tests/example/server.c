/* The example server: a small store of values by keys.  It registers "example" for clients; started with
 * `masix start /usr/lib/masix/servers/example`. */
#include <masix/error.h>
#include <masix/object.h>
#include <masix/server.h>
#include <masix/types.h>
#include <pthread.h>
#include <string.h>

#include "store_server.h"
#include "values.h"
#include "watch.h"

_Static_assert(STORE_VALUE_MAX <= MASIX_PART_MAX, "a value fits into a reply");
_Static_assert(STORE_KEYS *STORE_LINE_MAX <= MASIX_INLINE_MAX, "a list of all fits into a reply");

/* The object behind the port. */
struct store {
	struct masix_object object; /* first */
	pthread_mutex_t lock;
	struct values table; /* lock */
};

static const struct masix_class store_class = { .name = "store" };
static struct store store = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The store behind a request's port, locked, or NULL; give it back with leave. */
static struct store *enter(mach_port_t port)
{
	struct store *found = (struct store *)masix_object_get(port, &store_class);

	if (found != NULL)
		pthread_mutex_lock(&found->lock);
	return found;
}

static void leave(struct store *found)
{
	pthread_mutex_unlock(&found->lock);
	masix_object_put(&found->object);
}

kern_return_t S_store_get(mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size,
	masix_part_t value, mach_msg_type_number_t *value_size)
{
	struct store *found = enter(port);
	const struct values_slot *slot;
	kern_return_t kr;

	if (found == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = values_get(&found->table, key, key_size, &slot);
	if (kr == KERN_SUCCESS) {
		memcpy(value, slot->value, slot->value_size);
		*value_size = slot->value_size;
	}
	leave(found);
	return kr;
}

kern_return_t S_store_put(mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size,
	const masix_part_t value, mach_msg_type_number_t value_size)
{
	struct store *found = enter(port);
	kern_return_t kr;

	if (found == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = values_put(&found->table, key, key_size, value, value_size);
	leave(found);
	if (kr == KERN_SUCCESS)
		watch_tell(key, key_size);
	return kr;
}

kern_return_t S_store_delete(
	mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size)
{
	struct store *found = enter(port);
	kern_return_t kr;

	if (found == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = values_delete(&found->table, key, key_size);
	leave(found);
	if (kr == KERN_SUCCESS)
		watch_tell(key, key_size);
	return kr;
}

kern_return_t S_store_add(mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size,
	int amount, int *total)
{
	struct store *found = enter(port);
	kern_return_t kr;

	if (found == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = values_add(&found->table, key, key_size, amount, total);
	leave(found);
	if (kr == KERN_SUCCESS)
		watch_tell(key, key_size);
	return kr;
}

kern_return_t S_store_list(mach_port_t port, const masix_name_t prefix,
	mach_msg_type_number_t prefix_size, masix_inline_t table, mach_msg_type_number_t *size)
{
	struct store *found = enter(port);

	if (found == NULL)
		return KERN_INVALID_ARGUMENT;
	*size = values_list(&found->table, prefix, prefix_size, table, MASIX_INLINE_MAX);
	leave(found);
	return KERN_SUCCESS;
}

kern_return_t S_store_watch(mach_port_t port, const masix_name_t key,
	mach_msg_type_number_t key_size, mach_port_t watcher)
{
	struct masix_object *object = masix_object_get(port, &store_class);
	kern_return_t kr;

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = values_key_check(key, key_size);
	if (kr == KERN_SUCCESS)
		kr = watch_add(key, key_size, watcher);
	masix_object_put(object);
	return kr;
}

kern_return_t S_store_crash(mach_port_t port)
{
	(void)port;
	__builtin_trap();
}

static masix_routine_t demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)store_server_routine(in);
}

int main(void)
{
	static const uint32_t interfaces[] = { 601000 }; /* the subsystem's number */
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 2,
		.name = "example",
		.dead_name = watch_dead_name,
	};
	kern_return_t kr = masix_object_init(&store.object, &store_class);

	values_begin(&store.table);
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, store.object.port);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_log("holds nothing yet");
	masix_pool_run(&options);
}
