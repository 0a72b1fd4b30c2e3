/* start, stop, restart, kill: the lives of servers. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acs_client.h"
#include "json.h"
#include "masix.h"

#define SERVERS_FOLDER "/usr/lib/masix/servers/"

/* With --json: what became of it. */
static void tell(const struct options *options, const char *name, const char *result)
{
	if (!options->json)
		return;
	json_open();
	json_object();
	json_string("name", name);
	json_string("result", result);
	json_close();
}

/* The path of a server's file: as given, or in the folder of servers. */
static void find_file(const struct options *options, char path[4096])
{
	const char *given = options->arguments[0];
	const bool here = strchr(given, '/') != NULL || access(given, F_OK) == 0;

	if (snprintf(path, 4096, "%s%s", here ? "" : SERVERS_FOLDER, given) >= 4096 - 16)
		die(options, given, "path is too long");
	if (access(path, F_OK) != 0)
		die(options, given, "No such file or directory");
}

static void start(const struct options *options, int how, const char *doing)
{
	const char *given = options->arguments[0];
	char path[4096], manifest_path[4096 + 16];
	struct bytes image, manifest;
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t kr, status = KERN_SUCCESS;

	find_file(options, path);
	image = read_file(options, path);
	snprintf(manifest_path, sizeof manifest_path, "%s.manifest", path);
	if (access(manifest_path, F_OK) != 0)
		die(options, given, "is not signed: there is no %s", manifest_path);
	manifest = read_file(options, manifest_path);
	kr = acs_start(acs_port(options), how, image.data, image.size, manifest.data, manifest.size,
		&status, reason, &length);
	if (kr == MASIX_E_DENIED)
		die(options, given, "only root may %s servers", doing);
	if (kr != KERN_SUCCESS)
		die(options, given, "%s", masix_strerror(kr));
	if (status != KERN_SUCCESS)
		die(options, given, "refused: %.*s", (int)length, reason);
}

void command_start(const struct options *options)
{
	start(options, options->on_demand ? MASIX_START_ON_DEMAND : MASIX_START_NOW, "start");
	tell(options, options->arguments[0], options->on_demand ? "declared" : "started");
}

void command_update(const struct options *options)
{
	start(options, MASIX_START_UPDATE, "update");
	tell(options, options->arguments[0], "updated");
}

__attribute__((noreturn)) static void die_of(
	const struct options *options, kern_return_t kr, const char *doing)
{
	const char *name = options->arguments[0];

	switch (kr) {
	case MASIX_E_DENIED:
		die(options, name, "only root may %s servers", doing);
	case MASIX_E_NOT_FOUND:
		die(options, name, "no such server");
	case MASIX_E_BUSY:
		die(options, name, "the system or another server needs it");
	case MASIX_E_NOT_SUPPORTED:
		die(options, name, "the system does not run without it: only a boot starts it");
	default:
		die(options, name, "%s", masix_strerror(kr));
	}
}

void command_stop(const struct options *options)
{
	const char *name = options->arguments[0];
	kern_return_t kr = acs_stop(acs_port(options), name, name_length(options, name));

	if (kr != KERN_SUCCESS)
		die_of(options, kr, "stop");
	tell(options, name, "stopped");
}

void command_kill(const struct options *options)
{
	const char *name = options->arguments[0];
	kern_return_t kr = acs_kill(acs_port(options), name, name_length(options, name));

	if (kr == MASIX_E_NOT_FOUND)
		die(options, name, "no such server runs");
	if (kr != KERN_SUCCESS)
		die_of(options, kr, "kill");
	tell(options, name, "killed");
}

void command_restart(const struct options *options)
{
	const char *name = options->arguments[0];
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t status = KERN_SUCCESS;
	kern_return_t kr = acs_restart(
		acs_port(options), name, name_length(options, name), &status, reason, &length);

	if (kr == MASIX_E_BUSY)
		die(options, name, "is being started");
	if (kr == MASIX_E_INVALID)
		die(options, name, "is a pool: say which member, as NAME#SESSION");
	if (kr != KERN_SUCCESS)
		die_of(options, kr, "restart");
	if (status != KERN_SUCCESS)
		die(options, name, "did not come back: %.*s", (int)length, reason);
	tell(options, name, "restarted");
}
