/* The registry of names, watchers and waiters. */
#include <masix/error.h>
#include <masix/types.h>
#include <string.h>

#include "registry.h"

/* Remove element `index` of an array that keeps its order. */
#define REMOVE(array, count, index)                                                                \
	memmove(&(array)[index], &(array)[(index) + 1], (--(count) - (index)) * sizeof(array)[0])

static bool visible(const struct registry_entry *entry, bool clients_only)
{
	return !entry->pending && (!clients_only || entry->role == MASIX_ROLE_CLIENT);
}

/* The first position of `name`, or where it belongs. */
static unsigned position(const struct registry *registry, const char *name)
{
	unsigned low = 0, high = registry->entry_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (strcmp(registry->entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is there an entry of that name at this position? */
static bool is_at(const struct registry *registry, unsigned at, const char *name)
{
	return at < registry->entry_count && strcmp(registry->entries[at].name, name) == 0;
}

/* Counters that are not needed: a server that may choose its names could use them all up, one life after the other. */
static struct registry_count *forget_one(struct registry *registry)
{
	unsigned i;

	for (i = 0; i < registry->name_count; i++) {
		struct registry_count *count = &registry->names[i];

		if (is_at(registry, position(registry, count->name), count->name))
			continue;
		if (count->generation > registry->forgotten)
			registry->forgotten = count->generation;
		return count;
	}
	return NULL;
}

/* The counters of `name`, made on first use; NULL when there is no room for another. */
static struct registry_count *count_of(struct registry *registry, const char *name)
{
	struct registry_count *count;
	unsigned i;

	for (i = 0; i < registry->name_count; i++)
		if (strcmp(registry->names[i].name, name) == 0)
			return &registry->names[i];
	count = i < REGISTRY_ENTRIES ? &registry->names[registry->name_count++]
				     : forget_one(registry);
	if (count == NULL)
		return NULL;
	memset(count, 0, sizeof *count);
	memcpy(count->name, name, strlen(name) + 1);
	count->generation = registry->forgotten;
	return count;
}

static unsigned count_owned(const struct registry *registry, uint32_t owner)
{
	unsigned i, owned = 0;

	for (i = 0; i < registry->entry_count; i++)
		owned += registry->entries[i].owner == owner;
	return owned;
}

int registry_add(struct registry *registry, struct registry_entry *entry, unsigned most)
{
	unsigned at, live = 0;
	struct registry_count *count;

	for (at = position(registry, entry->name); is_at(registry, at, entry->name); at++) {
		if (registry->entries[at].owner == entry->owner)
			return MASIX_E_EXISTS;
		live += !registry->entries[at].pending;
	}
	if (!entry->pending && live >= most)
		return MASIX_E_EXISTS;
	if (registry->entry_count == REGISTRY_ENTRIES ||
		count_owned(registry, entry->owner) >= REGISTRY_OWNED)
		return MASIX_E_LIMIT;
	count = count_of(registry, entry->name);
	if (count == NULL)
		return MASIX_E_LIMIT;
	entry->generation = ++count->generation;
	memmove(&registry->entries[at + 1], &registry->entries[at],
		(registry->entry_count++ - at) * sizeof *entry);
	registry->entries[at] = *entry;
	return 0;
}

const struct registry_entry *registry_find(
	const struct registry *registry, const char *name, bool clients_only)
{
	unsigned at;

	for (at = position(registry, name); is_at(registry, at, name); at++)
		if (visible(&registry->entries[at], clients_only))
			return &registry->entries[at];
	return NULL;
}

const struct registry_entry *registry_pick(
	struct registry *registry, const char *name, bool clients_only)
{
	unsigned first = position(registry, name), members = 0, at, turn;
	struct registry_count *count;

	for (at = first; is_at(registry, at, name); at++)
		members += visible(&registry->entries[at], clients_only);
	if (members <= 1)
		return registry_find(registry, name, clients_only);
	count = count_of(registry, name); /* there is one: it has been registered */
	turn = count != NULL ? count->turn++ % members : 0;
	for (at = first; is_at(registry, at, name); at++)
		if (visible(&registry->entries[at], clients_only) && turn-- == 0)
			return &registry->entries[at];
	return NULL;
}

bool registry_speaks(const struct registry_entry *entry, uint32_t interface)
{
	unsigned i;

	for (i = 0; i < entry->interface_count; i++)
		if (entry->interfaces[i][0] == interface)
			return true;
	return false;
}

bool registry_has(const struct registry *registry, const char *name, uint32_t owner)
{
	unsigned at;

	for (at = position(registry, name); is_at(registry, at, name); at++)
		if (registry->entries[at].owner == owner)
			return true;
	return false;
}

static void take_entry(struct registry *registry, unsigned at, struct registry_entry *taken)
{
	*taken = registry->entries[at];
	REMOVE(registry->entries, registry->entry_count, at);
}

bool registry_take_owned(struct registry *registry, uint32_t owner, struct registry_entry *taken)
{
	unsigned i;

	for (i = 0; i < registry->entry_count; i++)
		if (registry->entries[i].owner == owner) {
			take_entry(registry, i, taken);
			return true;
		}
	return false;
}

bool registry_take_name(
	struct registry *registry, const char *name, uint32_t owner, struct registry_entry *taken)
{
	unsigned at;

	for (at = position(registry, name); is_at(registry, at, name); at++)
		if (registry->entries[at].owner == owner) {
			take_entry(registry, at, taken);
			return true;
		}
	return false;
}

enum registry_step registry_take_over(struct registry *registry, uint32_t owner,
	struct registry_entry *taken, struct registry_entry *shown)
{
	struct registry_entry *entry = NULL;
	unsigned i, at;

	for (i = 0; i < registry->entry_count && entry == NULL; i++)
		if (registry->entries[i].owner == owner && registry->entries[i].pending)
			entry = &registry->entries[i];
	if (entry == NULL)
		return REGISTRY_DONE;
	for (at = position(registry, entry->name); is_at(registry, at, entry->name); at++)
		if (!registry->entries[at].pending && registry->entries[at].owner != owner) {
			take_entry(registry, at, taken);
			return REGISTRY_TAKEN;
		}
	entry->pending = false;
	entry->generation = ++count_of(registry, entry->name)->generation;
	*shown = *entry;
	return REGISTRY_SHOWN;
}

bool registry_take_port(struct registry *registry, uint32_t port, struct registry_entry *taken)
{
	unsigned i;

	for (i = 0; i < registry->entry_count; i++)
		if (registry->entries[i].port == port) {
			take_entry(registry, i, taken);
			return true;
		}
	return false;
}

const struct registry_entry *registry_list(
	const struct registry *registry, const char *prefix, unsigned *cursor)
{
	if (*cursor == 0)
		*cursor = position(registry, prefix);
	if (*cursor >= registry->entry_count ||
		strncmp(registry->entries[*cursor].name, prefix, strlen(prefix)) != 0)
		return NULL;
	return &registry->entries[(*cursor)++];
}

int registry_watch(struct registry *registry, const struct registry_watcher *watcher)
{
	unsigned i, mine = 0;

	for (i = 0; i < registry->watcher_count; i++)
		mine += registry->watchers[i].owner == watcher->owner;
	/* Clients have no owner to tell apart; half of the table is theirs. */
	if (registry->watcher_count == REGISTRY_WATCHERS ||
		mine >= (watcher->owner != 0 ? REGISTRY_PER_OWNER : REGISTRY_WATCHERS / 2))
		return MASIX_E_LIMIT;
	registry->watchers[registry->watcher_count++] = *watcher;
	return 0;
}

const struct registry_watcher *registry_watchers_of(
	const struct registry *registry, const struct registry_entry *entry, unsigned *cursor)
{
	while (*cursor < registry->watcher_count) {
		const struct registry_watcher *watcher = &registry->watchers[(*cursor)++];

		if (strcmp(watcher->name, entry->name) == 0 &&
			visible(entry, watcher->clients_only))
			return watcher;
	}
	return NULL;
}

bool registry_take_watcher(struct registry *registry, uint32_t port)
{
	unsigned i;

	for (i = 0; i < registry->watcher_count; i++)
		if (registry->watchers[i].port == port) {
			REMOVE(registry->watchers, registry->watcher_count, i);
			return true;
		}
	return false;
}

bool registry_take_owned_watcher(struct registry *registry, uint32_t owner, uint32_t *port)
{
	unsigned i;

	for (i = 0; i < registry->watcher_count; i++)
		if (registry->watchers[i].owner == owner) {
			*port = registry->watchers[i].port;
			REMOVE(registry->watchers, registry->watcher_count, i);
			return true;
		}
	return false;
}

int registry_wait(struct registry *registry, const struct registry_waiter *waiter)
{
	unsigned i, mine = 0;

	for (i = 0; i < registry->waiter_count; i++)
		mine += registry->waiters[i].owner == waiter->owner;
	/* As for watchers. */
	if (registry->waiter_count == REGISTRY_WAITERS ||
		mine >= (waiter->owner != 0 ? REGISTRY_PER_OWNER : REGISTRY_WAITERS / 2))
		return MASIX_E_LIMIT;
	registry->waiters[registry->waiter_count++] = *waiter;
	return 0;
}

static void take_waiter(struct registry *registry, unsigned at, struct registry_waiter *taken)
{
	*taken = registry->waiters[at];
	REMOVE(registry->waiters, registry->waiter_count, at);
}

bool registry_take_satisfied(struct registry *registry, const struct registry_entry *entry,
	struct registry_waiter *taken)
{
	unsigned i;

	for (i = 0; i < registry->waiter_count; i++)
		if (strcmp(registry->waiters[i].name, entry->name) == 0 &&
			visible(entry, registry->waiters[i].clients_only)) {
			take_waiter(registry, i, taken);
			return true;
		}
	return false;
}

bool registry_belongs(const char *name, const char *server)
{
	size_t length = strlen(server);

	return strncmp(name, server, length) == 0 && (name[length] == '\0' || name[length] == '/');
}

bool registry_take_vain(
	struct registry *registry, const char *server, struct registry_waiter *taken)
{
	unsigned i;

	for (i = 0; i < registry->waiter_count; i++) {
		const struct registry_waiter *waiter = &registry->waiters[i];

		if (registry_belongs(waiter->name, server) &&
			registry_find(registry, waiter->name, waiter->clients_only) == NULL) {
			take_waiter(registry, i, taken);
			return true;
		}
	}
	return false;
}

bool registry_take_late(struct registry *registry, uint64_t now, struct registry_waiter *taken)
{
	unsigned i;

	for (i = 0; i < registry->waiter_count; i++)
		if (registry->waiters[i].deadline <= now) {
			take_waiter(registry, i, taken);
			return true;
		}
	return false;
}

bool registry_take_owned_waiter(
	struct registry *registry, uint32_t owner, struct registry_waiter *taken)
{
	unsigned i;

	for (i = 0; i < registry->waiter_count; i++)
		if (registry->waiters[i].owner == owner) {
			take_waiter(registry, i, taken);
			return true;
		}
	return false;
}

uint64_t registry_deadline(const struct registry *registry)
{
	uint64_t deadline = UINT64_MAX;
	unsigned i;

	for (i = 0; i < registry->waiter_count; i++)
		if (registry->waiters[i].deadline < deadline)
			deadline = registry->waiters[i].deadline;
	return deadline;
}
