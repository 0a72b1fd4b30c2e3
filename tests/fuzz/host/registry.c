/* The registry: any sequence of operations; it stays in order, nothing is lost, and nothing is seen that must not be. */
#include "registry.h"

#include <masix/error.h>
#include <masix/types.h>

#include "input.h"

static struct registry registry;
/* Ports that are inside; each comes out once. */
static unsigned inside;
static uint32_t next_port;

static void hold(void)
{
	unsigned held = registry.entry_count + registry.watcher_count + registry.waiter_count;

	REQUIRE(held == inside);
	REQUIRE(registry.entry_count <= REGISTRY_ENTRIES &&
		registry.watcher_count <= REGISTRY_WATCHERS);
	for (unsigned i = 1; i < registry.entry_count; i++)
		REQUIRE(strcmp(registry.entries[i - 1].name, registry.entries[i].name) <= 0);
}

static void add(struct input *input)
{
	struct registry_entry entry = { .port = ++next_port, .owner = 1 + take_below(input, 6) };
	const unsigned most = 1 + take_below(input, 3);

	take_name(input, entry.name);
	entry.role = take_below(input, 2) ? MASIX_ROLE_CLIENT : MASIX_ROLE_SERVER;
	entry.pending = take_below(input, 4) == 0;
	if (registry_add(&registry, &entry, most) == 0) {
		inside++;
		REQUIRE(registry_has(&registry, entry.name, entry.owner) && entry.generation != 0);
		REQUIRE(entry.pending || registry_find(&registry, entry.name, false) != NULL);
	}
}

static void look(struct input *input)
{
	const struct registry_entry *entry;
	char name[REGISTRY_NAME_SIZE];
	unsigned cursor = 0, steps = 0;
	bool clients = take_below(input, 2);

	take_name(input, name);
	entry = registry_find(&registry, name, clients);
	REQUIRE((entry == NULL) == (registry_pick(&registry, name, clients) == NULL));
	if (entry != NULL)
		REQUIRE(!entry->pending && (!clients || entry->role == MASIX_ROLE_CLIENT));
	while (registry_list(&registry, name, &cursor) != NULL)
		REQUIRE(++steps <= registry.entry_count);
	if (registry.entry_count != 0) {
		entry = &registry.entries[take8(input) % registry.entry_count];
		for (cursor = 0; registry_watchers_of(&registry, entry, &cursor) != NULL;)
			;
	}
}

static void watch_or_wait(struct input *input)
{
	struct registry_watcher watcher = { .port = ++next_port, .owner = take_below(input, 4) };
	struct registry_waiter waiter = { .reply = ++next_port, .owner = take_below(input, 4) };

	if (take_below(input, 2)) {
		take_name(input, watcher.name);
		watcher.clients_only = take_below(input, 2);
		inside += registry_watch(&registry, &watcher) == 0;
	} else {
		take_name(input, waiter.name);
		waiter.clients_only = take_below(input, 2);
		waiter.deadline = take8(input);
		inside += registry_wait(&registry, &waiter) == 0;
		REQUIRE(registry.waiter_count == 0 || registry_deadline(&registry) < UINT64_MAX);
	}
}

static void take_out(struct input *input)
{
	struct registry_entry taken, shown;
	struct registry_waiter waiter;
	const uint32_t owner = take_below(input, 7);
	uint32_t port = take8(input);
	char name[REGISTRY_NAME_SIZE];

	take_name(input, name);
	switch (take_below(input, 9)) {
	case 0:
		inside -= registry_take_owned(&registry, owner, &taken);
		break;
	case 1:
		inside -= registry_take_name(&registry, name, owner, &taken);
		break;
	case 2:
		inside -= registry_take_port(&registry, port, &taken);
		break;
	case 3:
		inside -= registry_take_watcher(&registry, port);
		break;
	case 4:
		inside -= registry_take_owned_watcher(&registry, owner, &port);
		break;
	case 5:
		inside -= registry_take_vain(&registry, name, &waiter);
		break;
	case 6:
		inside -= registry_take_late(&registry, take8(input), &waiter);
		break;
	case 7:
		inside -= registry_take_owned_waiter(&registry, owner, &waiter);
		break;
	case 8:
		inside -= registry_take_over(&registry, owner, &taken, &shown) == REGISTRY_TAKEN;
		break;
	}
	if (registry.entry_count != 0)
		inside -= registry_take_satisfied(
			&registry, &registry.entries[take8(input) % registry.entry_count], &waiter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	memset(&registry, 0, sizeof registry);
	inside = next_port = 0;
	while (input.left != 0) {
		switch (take_below(&input, 4)) {
		case 0:
			add(&input);
			break;
		case 1:
			look(&input);
			break;
		case 2:
			watch_or_wait(&input);
			break;
		default:
			take_out(&input);
		}
		hold();
	}
	return 0;
}
