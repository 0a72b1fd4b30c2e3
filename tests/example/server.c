/* The example server: a small store of values by keys.  It registers "example" for clients; started with
 * `masix start /usr/lib/masix/servers/example`.  It may die at any instruction: what it holds is in kept pages, where its
 * successor finds it (masix/estate.h), and no client notices more than a pause. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>
#include <masix/types.h>
#include <stdatomic.h>
#include <string.h>

#include "store_server.h"
#include "values.h"
#include "watch.h"

_Static_assert(STORE_VALUE_MAX <= MASIX_PART_MAX, "a value fits into a reply");
_Static_assert(STORE_KEYS *STORE_LINE_MAX <= MASIX_INLINE_MAX, "a list of all fits into a reply");

/* What the next life of the server finds.  One worker serves: no lock. */
struct kept {
	uint32_t magic;	  /* last of all: the rest is in order */
	mach_port_t port; /* of the object */
	struct values table;
	struct watch_table watchers;
	/* Exactly once: a change whose answer has not been sent is undone, since the caller will ask again. */
	struct {
		mach_port_t reply; /* null: nothing to undo; written last */
		bool existed;
		struct values_slot before; /* of it: key and value */
	} undo;
};

#define KEPT_MAGIC 0x73746f72u
#define KEPT_SIZE ((sizeof(struct kept) + 4095) & ~4095u)

static struct kept *const kept = (struct kept *)MASIX_KEEP_BASE;

/* The object behind the port. */
static const struct masix_class store_class = { .name = "store" };
static struct masix_object store;

/* The reply right of the request that is being served. */
static mach_port_t reply_port;

static void begin_request(const mach_msg_header_t *request)
{
	reply_port = request->msgh_remote_port;
}

/* A change is over when its answer has been sent: before that a successor undoes it, after that it does not. */
static bool finish_request(mach_msg_header_t *reply)
{
	if (kept->undo.reply == MACH_PORT_NULL)
		return false;
	/* A send-once right takes a message without waiting. */
	if (reply != NULL && mach_msg(reply, MACH_SEND_MSG, reply->msgh_size, 0, MACH_PORT_NULL, 0,
				     MACH_PORT_NULL) != MACH_MSG_SUCCESS)
		masix_msg_destroy(reply, 0);
	kept->undo.reply = MACH_PORT_NULL;
	return reply != NULL;
}

/* The key is about to change: how it was. */
static void remember(const char *key, size_t size)
{
	const struct values_slot *slot;
	struct values_slot *before = &kept->undo.before;

	if (values_get(&kept->table, key, size, &slot) == KERN_SUCCESS) {
		*before = *slot;
		kept->undo.existed = true;
	} else if (values_key_check(key, size) == KERN_SUCCESS) {
		memcpy(before->key, key, size);
		before->key_size = size;
		kept->undo.existed = false;
	} else {
		return; /* nothing will change */
	}
	atomic_signal_fence(memory_order_seq_cst);
	kept->undo.reply = reply_port;
	atomic_signal_fence(memory_order_seq_cst);
}

static bool is_ours(mach_port_t port)
{
	return port == store.port;
}

kern_return_t S_store_get(mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size,
	masix_part_t value, mach_msg_type_number_t *value_size)
{
	const struct values_slot *slot;
	kern_return_t kr;

	if (!is_ours(port))
		return KERN_INVALID_ARGUMENT;
	kr = values_get(&kept->table, key, key_size, &slot);
	if (kr == KERN_SUCCESS) {
		memcpy(value, slot->value, slot->value_size);
		*value_size = slot->value_size;
	}
	return kr;
}

kern_return_t S_store_put(mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size,
	const masix_part_t value, mach_msg_type_number_t value_size)
{
	kern_return_t kr;

	if (!is_ours(port))
		return KERN_INVALID_ARGUMENT;
	remember(key, key_size);
	kr = values_put(&kept->table, key, key_size, value, value_size);
	if (kr == KERN_SUCCESS)
		watch_tell(key, key_size);
	return kr;
}

kern_return_t S_store_delete(
	mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size)
{
	kern_return_t kr;

	if (!is_ours(port))
		return KERN_INVALID_ARGUMENT;
	remember(key, key_size);
	kr = values_delete(&kept->table, key, key_size);
	if (kr == KERN_SUCCESS)
		watch_tell(key, key_size);
	return kr;
}

kern_return_t S_store_add(mach_port_t port, const masix_name_t key, mach_msg_type_number_t key_size,
	int amount, int *total)
{
	kern_return_t kr;

	if (!is_ours(port))
		return KERN_INVALID_ARGUMENT;
	remember(key, key_size);
	kr = values_add(&kept->table, key, key_size, amount, total);
	if (kr == KERN_SUCCESS)
		watch_tell(key, key_size);
	return kr;
}

kern_return_t S_store_list(mach_port_t port, const masix_name_t prefix,
	mach_msg_type_number_t prefix_size, masix_inline_t table, mach_msg_type_number_t *size)
{
	if (!is_ours(port))
		return KERN_INVALID_ARGUMENT;
	*size = values_list(&kept->table, prefix, prefix_size, table, MASIX_INLINE_MAX);
	return KERN_SUCCESS;
}

kern_return_t S_store_watch(mach_port_t port, const masix_name_t key,
	mach_msg_type_number_t key_size, mach_port_t watcher)
{
	kern_return_t kr;

	if (!is_ours(port))
		return KERN_INVALID_ARGUMENT;
	kr = values_key_check(key, key_size);
	return kr == KERN_SUCCESS ? watch_add(key, key_size, watcher) : kr;
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

/* The state that the one before has left; false if it is not whole. */
static bool go_on(struct masix_estate *estate)
{
	const struct values_slot *before = &kept->undo.before;
	int error = 0;

	if (kept->magic != KEPT_MAGIC || !values_adopt(&kept->table) ||
		!masix_estate_take(estate, kept->port, MACH_PORT_TYPE_RECEIVE) ||
		masix_object_adopt(&store, &store_class, kept->port) != KERN_SUCCESS)
		return false;
	/* The right itself goes with what nobody takes: that tells the caller. */
	if (masix_estate_has(estate, kept->undo.reply, MACH_PORT_TYPE_SEND_ONCE))
		error = kept->undo.existed
				? values_put(&kept->table, before->key, before->key_size,
					  before->value, before->value_size)
				: values_delete(&kept->table, before->key, before->key_size);
	kept->undo.reply = MACH_PORT_NULL;
	watch_begin(&kept->watchers, estate);
	/* What was not there may not have come yet. */
	return error == 0 || error == MASIX_E_NOT_FOUND;
}

static kern_return_t begin(void)
{
	kern_return_t kr = masix_object_init(&store, &store_class);

	memset(kept, 0, sizeof *kept);
	values_begin(&kept->table);
	watch_begin(&kept->watchers, NULL);
	kept->port = store.port;
	atomic_signal_fence(memory_order_seq_cst);
	kept->magic = KEPT_MAGIC;
	return kr;
}

int main(void)
{
	static const uint32_t interfaces[] = { 601000 }; /* the subsystem's number */
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1,
		.name = "example",
		.dead_name = watch_dead_name,
		.begin = begin_request,
		.finish = finish_request,
	};
	struct masix_estate *estate = NULL;
	bool again;
	kern_return_t kr = masix_keep(MASIX_KEEP_BASE, KEPT_SIZE, &again);

	if (kr == KERN_SUCCESS && again) {
		kr = masix_inherit(&estate);
		if (kr == KERN_SUCCESS && !go_on(estate)) {
			kept->magic = 0; /* for the one after this one too */
			masix_fatal("what the one before has left is damaged");
		}
	} else if (kr == KERN_SUCCESS) {
		kr = begin();
	}
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, store.port);
	masix_estate_end(estate);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_log(again ? "goes on" : "holds nothing yet");
	masix_pool_run(&options);
}
