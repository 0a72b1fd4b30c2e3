/* trust: the keys by which ACS knows the servers. */
#include <errno.h>
#include <fcntl.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acs_client.h"
#include "json.h"
#include "masix.h"

#define COLUMNS 6
#define FOLDER "/var/lib/masix"
#define REVOKED FOLDER "/revoked"

static void print_key(const struct options *options, char *const *words)
{
	if (!options->json) {
		printf("%-12s %7s %6s %8s %-17s %s\n", words[0], words[1], words[2], words[3],
			words[4], words[5]);
		return;
	}
	json_object();
	json_string("name", words[0]);
	json_number("session", strtoul(words[1], NULL, 10));
	json_number("epoch", strtoul(words[2], NULL, 10));
	json_number("tickets", strtoul(words[3], NULL, 10));
	json_string("key", words[4]);
	json_string("state", words[5]);
}

static void list(const struct options *options)
{
	masix_bulk_t table;
	mach_msg_type_number_t size;
	char *text, *left, *line;
	kern_return_t kr = acs_trust(acs_port(options), &table, &size);

	if (kr == MASIX_E_DENIED)
		die(options, "trust", "only root may see the keys");
	if (kr != KERN_SUCCESS)
		die(options, "trust", "%s", masix_strerror(kr));
	text = take_text(options, table, size);
	if (options->json)
		json_open();
	else
		printf("%-12s %7s %6s %8s %-17s %s\n", "NAME", "SESSION", "EPOCH", "TICKETS", "KEY",
			"STATE");
	for (left = text; (line = strsep(&left, "\n")) != NULL;) {
		char *words[COLUMNS];
		unsigned count;

		for (count = 0; count < COLUMNS && line != NULL; count++)
			words[count] = strsep(&line, " ");
		if (count == COLUMNS)
			print_key(options, words);
	}
	if (options->json)
		json_close();
	free(text);
}

/* The revocations outlive the boot in a file for root, which nobody but ACS can write or change. */
static void keep_revocations(const struct options *options, mach_port_t acs, const char *name)
{
	masix_bulk_t memory;
	mach_msg_type_number_t size;
	const char *failed = NULL;
	kern_return_t kr = acs_revocations(acs, &memory, &size);
	char *list;
	int file;

	if (kr != KERN_SUCCESS)
		die(options, name, "revoked until the next boot only: %s", masix_strerror(kr));
	list = take_text(options, memory, size);
	(void)mkdir(FOLDER, 0755);
	file = open(REVOKED ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0 || write(file, list, size) != (ssize_t)size || fsync(file) != 0)
		failed = strerror(errno);
	if (file >= 0)
		close(file);
	if (failed == NULL && rename(REVOKED ".new", REVOKED) != 0)
		failed = strerror(errno);
	free(list);
	if (failed != NULL)
		die(options, name, "revoked until the next boot only: " REVOKED ": %s", failed);
}

/* What init does first in every boot. */
static void load(const struct options *options)
{
	struct bytes list;
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t status, kr;

	if (access(REVOKED, F_OK) != 0 && errno == ENOENT)
		return;
	list = read_file(options, REVOKED);
	kr = acs_revoke_again(acs_port(options), list.data, list.size, &status, reason, &length);
	if (kr == MASIX_E_DENIED)
		die(options, REVOKED, "only root may change keys");
	if (kr != KERN_SUCCESS)
		die(options, REVOKED, "%s", masix_strerror(kr));
	if (status != KERN_SUCCESS)
		die(options, REVOKED, "refused: %.*s", (int)length, reason);
}

static void change(const struct options *options, bool revoke, const char *name)
{
	mach_port_t acs = acs_port(options);
	size_t length = name_length(options, name);
	kern_return_t kr = revoke ? acs_revoke(acs, name, length) : acs_rotate(acs, name, length);
	const char *what = name[0] != '\0' ? name : "all";

	if (kr == MASIX_E_DENIED)
		die(options, what, "only root may change keys");
	if (kr == MASIX_E_NOT_FOUND)
		die(options, what, "no such server");
	if (kr == MASIX_E_BUSY)
		die(options, what, "the system needs it");
	if (kr != KERN_SUCCESS)
		die(options, what, "%s", masix_strerror(kr));
	if (revoke)
		keep_revocations(options, acs, what);
	if (!options->json)
		return;
	json_open();
	json_object();
	json_string("name", what);
	json_string("result", revoke ? "revoked" : "rotated");
	json_close();
}

void command_trust(const struct options *options)
{
	const char *what = options->arguments[0];
	const char *name = what != NULL ? options->arguments[1] : NULL;

	if (what == NULL)
		list(options);
	else if (strcmp(what, "rotate") == 0)
		change(options, false, name != NULL ? name : "");
	else if (strcmp(what, "revoke") == 0 && name != NULL)
		change(options, true, name);
	else if (strcmp(what, "load") == 0 && name == NULL)
		load(options);
	else
		options->wrong_usage();
}
