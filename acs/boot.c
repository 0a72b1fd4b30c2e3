/* The boot: suspended module tasks become proven servers. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "bundle.h"
#include "launch.h"
#include "mach.h"
#include "mach_port.h"
#include "machine.h"
#include "order.h"
#include "page.h"
#include "server.h"

/* The manifests of the bundle: ACS's own, which names the boot servers, and theirs. */
struct manifests {
	struct manifest *own;
	unsigned count;
	const struct manifest *servers[BUNDLE_ENTRIES];
};

/* A copy of the bundle out of the suspended module's memory. */
static uint8_t *read_bundle(struct boot *boot, size_t *size)
{
	vm_offset_t memory;
	mach_msg_type_number_t count;
	uint8_t *bytes;

	if (boot->manifests == MACH_PORT_NULL)
		machine_fail(boot->acs, "manifests: no such boot module");
	if (vm_read(boot->manifests, BUNDLE_ADDRESS, PAGE, &memory, &count) != KERN_SUCCESS)
		machine_fail(boot->acs, "manifests: not a bundle of manifests");
	*size = bundle_size((const uint8_t *)memory);
	(void)vm_deallocate(mach_task_self(), memory, count); /* ours */
	if (*size == 0 || vm_read(boot->manifests, BUNDLE_ADDRESS, page_up(*size), &memory,
				  &count) != KERN_SUCCESS)
		machine_fail(boot->acs, "manifests: not a bundle of manifests");
	bytes = malloc(*size);
	if (bytes == NULL)
		machine_fail(boot->acs, "manifests: out of memory");
	memcpy(bytes, (const void *)memory, *size);
	(void)vm_deallocate(mach_task_self(), memory, count); /* ours */
	/* The task was only a container. */
	(void)task_terminate(boot->manifests);
	(void)mach_port_deallocate(mach_task_self(), boot->manifests);
	return bytes;
}

static void add_manifest(
	struct boot *boot, struct manifests *manifests, const uint8_t *bytes, size_t size)
{
	struct acs *acs = boot->acs;
	struct manifest *manifest = malloc(sizeof *manifest);
	const char *why;

	if (manifest == NULL)
		machine_fail(acs, "manifests: out of memory");
	if (manifest_open(bytes, size, acs->site.public_key, manifest, &why) != 0)
		machine_fail(acs, "manifests: %s", why);
	if (strcmp(manifest->name, "acs") == 0)
		manifests->own = manifest;
	else
		manifests->servers[manifests->count++] = manifest;
}

static void open_bundle(struct boot *boot, struct manifests *manifests)
{
	struct bundle bundle;
	const uint8_t *manifest;
	const char *why;
	size_t size;
	uint8_t *bytes = read_bundle(boot, &size);

	if (bundle_open(bytes, size, boot->acs->site.public_key, &bundle, &why) != 0)
		machine_fail(boot->acs, "manifests: %s", why);
	while ((manifest = bundle_next(&bundle, &size, &why)) != NULL)
		add_manifest(boot, manifests, manifest, size);
	if (why != NULL)
		machine_fail(boot->acs, "manifests: %s", why);
	free(bytes);
	if (manifests->own == NULL ||
		memcmp(manifests->own->hash, masix_identity.manifest_hash, MASIX_HASH_SIZE) != 0)
		machine_fail(boot->acs, "manifests: made for another build of acs");
}

static const struct manifest *find_manifest(const struct manifests *manifests, const char *name)
{
	unsigned i;

	for (i = 0; i < manifests->count; i++)
		if (strcmp(manifests->servers[i]->name, name) == 0)
			return manifests->servers[i];
	return NULL;
}

static struct boot_module *find_module(struct boot *boot, const char *name)
{
	unsigned i;

	for (i = 0; i < boot->module_count; i++)
		if (strcmp(boot->modules[i].name, name) == 0)
			return &boot->modules[i];
	return NULL;
}

static bool is_wanted(const struct manifests *manifests, const char *name)
{
	const struct manifest *own = manifests->own;
	unsigned i;

	for (i = 0; i < own->need_count; i++)
		if (strcmp(own->needs[i], name) == 0)
			return true;
	return false;
}

/* Every server that ACS's manifest wants is there, with its manifest; and nothing else is. */
static void check_completeness(struct boot *boot, const struct manifests *manifests)
{
	const struct manifest *own = manifests->own;
	unsigned i;

	for (i = 0; i < own->need_count; i++) {
		if (find_manifest(manifests, own->needs[i]) == NULL)
			machine_fail(boot->acs, "%s: has no manifest", own->needs[i]);
		if (find_module(boot, own->needs[i]) == NULL)
			machine_fail(boot->acs, "%s: no such boot module", own->needs[i]);
	}
	for (i = 0; i < boot->module_count; i++)
		if (!is_wanted(manifests, boot->modules[i].name))
			machine_fail(boot->acs, "%s: is not a boot server of this site",
				boot->modules[i].name);
	for (i = 0; i < manifests->count; i++)
		if (!is_wanted(manifests, manifests->servers[i]->name))
			machine_fail(boot->acs, "%s: has a manifest, but is not a boot server",
				manifests->servers[i]->name);
}

/* They can start, each after those it needs. */
static void check_order(struct boot *boot, const struct manifests *manifests)
{
	struct order_problem problem;

	if (order_possible(manifests->servers, manifests->count, &problem))
		return;
	if (problem.need != NULL)
		machine_fail(boot->acs, "%s: needs %s, which has no manifest", problem.server,
			problem.need);
	machine_fail(boot->acs, "needs itself: %s", problem.path);
}

/* Prove one module against its manifest and let it run. */
static void start_module(struct boot *boot, const struct manifest *manifest)
{
	struct acs *acs = boot->acs;
	struct boot_module *module = find_module(boot, manifest->name);
	struct server_entry entry = {
		.manifest = manifest,
		.essential = true,
		.state = SERVER_LAUNCHING,
	};
	uint8_t hash[MASIX_HASH_SIZE];
	char reason[AUDIT_DETAIL_SIZE];
	struct server *server;
	const char *why;
	kern_return_t kr = launch_measure_task(module->task, hash, &why);

	if (kr != KERN_SUCCESS)
		machine_fail(acs, "%s: %s", manifest->name, why);
	if (memcmp(hash, manifest->image_hash, sizeof hash) != 0)
		machine_fail(acs, "%s: image does not match its manifest", manifest->name);
	if (image_of_task(module->task, &entry.image, &why) != KERN_SUCCESS)
		machine_fail(acs, "%s: %s", manifest->name, why);
	if (server_declare(acs, &entry, &server, reason) != KERN_SUCCESS)
		machine_fail(acs, "%s: %s", manifest->name, reason);
	kr = server_run(acs, server, module->task);
	if (kr != KERN_SUCCESS)
		machine_fail(acs, "%s: cannot be started: %s", manifest->name, masix_strerror(kr));
}

/* Are the servers that it needs up?  Under the lock. */
static bool can_start(struct acs *acs, const struct manifest *manifest)
{
	unsigned i;

	for (i = 0; i < manifest->need_count; i++) {
		const struct server *server =
			server_find(acs, manifest->needs[i], strlen(manifest->needs[i]));

		if (server == NULL || server->state != SERVER_UP)
			return false;
	}
	return true;
}

/* One that can start now, or NULL when all are up; waits while some are starting. */
static const struct manifest *next_server(struct boot *boot, const struct manifests *manifests)
{
	struct acs *acs = boot->acs;
	const struct manifest *next = NULL;
	unsigned i, up;

	pthread_mutex_lock(&acs->lock);
	for (;;) {
		/* One that died is missing now, but it is too late for it. */
		for (i = 0, up = 0; i < manifests->count && next == NULL && !acs->stopping; i++) {
			const struct manifest *manifest = manifests->servers[i];
			const struct server *server =
				server_find(acs, manifest->name, strlen(manifest->name));

			if (server == NULL && can_start(acs, manifest))
				next = manifest;
			else if (server != NULL && server->state == SERVER_UP)
				up++;
		}
		if (next != NULL || up == manifests->count)
			break;
		/* Late ones and dead ones stop the machine, in other threads. */
		pthread_cond_wait(&acs->changed, &acs->lock);
	}
	pthread_mutex_unlock(&acs->lock);
	return next;
}

void boot_servers(struct boot *boot)
{
	struct manifests manifests = { .count = 0 };
	const struct manifest *next;
	unsigned i;

	open_bundle(boot, &manifests);
	check_completeness(boot, &manifests);
	check_order(boot, &manifests);
	while ((next = next_server(boot, &manifests)) != NULL)
		start_module(boot, next);
	log_line(&boot->acs->log, "%u servers up in %u ms", manifests.count,
		(unsigned)((masix_monotonic_ns() - boot->begun) / 1000000));
	free(manifests.own);
	for (i = 0; i < manifests.count; i++)
		free((void *)manifests.servers[i]);
}
