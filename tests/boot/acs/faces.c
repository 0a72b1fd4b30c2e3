/* acs_client.defs: what a client and what the administrator may ask. */
#include "boot.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client.h"
#include "counter.h"
#include "mach.h"
#include "mach_port.h"

static mach_port_t lookup(mach_port_t acs, const char *name, kern_return_t wanted)
{
	mach_port_t port = MACH_PORT_NULL;

	CHECK(acs_lookup(acs, name, strlen(name), 0, &port) == wanted);
	return port;
}

int table_has(mach_port_t acs, int audit, const char *text)
{
	masix_bulk_t table = NULL;
	mach_msg_type_number_t size = 0;
	int found;

	CHECK((audit ? acs_audit(acs, &table, &size) : acs_list(acs, "", 0, &table, &size)) ==
		KERN_SUCCESS);
	found = size > 0 && memmem(table, size, text, strlen(text)) != NULL;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)table, size);
	return found;
}

/* Start with byte `at` of one of the two files changed: refused with this reason. */
static void refuse(
	mach_port_t admin, long image_at, long manifest_at, kern_return_t wanted, const char *why)
{
	char *image = malloc(example_image.size), *manifest = malloc(example_manifest.size);
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t status = KERN_SUCCESS;

	memcpy(image, example_image.bytes, example_image.size);
	memcpy(manifest, example_manifest.bytes, example_manifest.size);
	if (image_at >= 0)
		image[image_at] ^= 1;
	if (manifest_at >= 0)
		manifest[manifest_at] ^= 1;
	CHECK(acs_start(admin, MASIX_START_NOW, image, example_image.size, manifest,
		      example_manifest.size, &status, reason, &length) == KERN_SUCCESS);
	CHECK(status == wanted);
	CHECK(length == strlen(why) && memcmp(reason, why, length) == 0);
	if (status != wanted)
		masix_log("status %s: %.*s", masix_strerror(status), (int)length, reason);
	free(image);
	free(manifest);
}

char last_reason[256];

kern_return_t start_how(
	mach_port_t acs, int how, const struct blob *image, const struct blob *manifest)
{
	masix_name_t reason;
	mach_msg_type_number_t length = sizeof reason;
	kern_return_t status = KERN_SUCCESS, kr;

	kr = acs_start(acs, how, (char *)image->bytes, image->size, (char *)manifest->bytes,
		manifest->size, &status, reason, &length);
	if (kr != KERN_SUCCESS)
		return kr;
	if (length >= sizeof last_reason)
		length = sizeof last_reason - 1;
	memcpy(last_reason, reason, length);
	last_reason[length] = '\0';
	return status;
}

static kern_return_t start(mach_port_t acs, const struct blob *image, const struct blob *manifest)
{
	return start_how(acs, MASIX_START_NOW, image, manifest);
}

static void test_client(mach_port_t client)
{
	masix_bulk_t table;
	mach_msg_type_number_t size;
	char longest[256];
	mach_port_t port;

	memset(longest, 'a', sizeof longest);
	port = lookup(client, "acs_boot", KERN_SUCCESS);
	(void)mach_port_deallocate(mach_task_self(), port);
	(void)lookup(client, "nobody", MASIX_E_NOT_FOUND);
	(void)lookup(client, "", MASIX_E_NOT_FOUND);
	CHECK(acs_lookup(client, longest, sizeof longest, 0, &port) == MASIX_E_NOT_FOUND);
	CHECK(start(client, &example_image, &example_manifest) == MASIX_E_DENIED);
	CHECK(acs_stop(client, "acs_boot", 8) == MASIX_E_DENIED);
	CHECK(acs_audit(client, &table, &size) == MASIX_E_DENIED);
	CHECK(table_has(client, 0, "acs_boot up "));
}

static void test_refusals(mach_port_t admin)
{
	/* The middle of the image is code; byte 30 of the manifest is of its signature. */
	refuse(admin, example_image.size / 2, -1, MASIX_E_DENIED,
		"image does not match its manifest");
	refuse(admin, -1, 30, MASIX_E_DENIED, "its manifest is not signed by this site");
	refuse(admin, -1, example_manifest.size - 1, MASIX_E_DENIED,
		"its manifest is not signed by this site");
	refuse(admin, -1, 0, MASIX_E_BAD_FORMAT, "not a signed manifest");
	refuse(admin, 0, -1, MASIX_E_BAD_FORMAT, "not an ELF file");
	/* The same program with the key of another server: it measures the same and starts, but what it
	 * signs is not believed. */
	CHECK(start(admin, &phoenix_image, &example_manifest) == MASIX_E_DEAD);
}

void test_faces(mach_port_t client, mach_port_t admin)
{
	mach_port_t counter;
	int total = 0;

	test_client(client);
	test_refusals(admin);
	CHECK(start(admin, &example_image, &example_manifest) == KERN_SUCCESS);
	CHECK(start(admin, &example_image, &example_manifest) == MASIX_E_EXISTS);
	counter = lookup(client, "example", KERN_SUCCESS);
	CHECK(counter_add(counter, 5, &total) == KERN_SUCCESS && total == 5);
	CHECK(counter_add(counter, 5, &total) == KERN_SUCCESS && total == 10);
	CHECK(counter_add(counter, 0x7fffffff, &total) == MASIX_E_LIMIT);
	CHECK(table_has(admin, 0, "example up "));
	CHECK(acs_stop(admin, "example", 7) == KERN_SUCCESS);
	CHECK(acs_stop(admin, "example", 7) == MASIX_E_NOT_FOUND);
	(void)lookup(client, "example", MASIX_E_NOT_FOUND);
	CHECK(!table_has(admin, 0, "example"));
	CHECK(counter_add(counter, 1, &total) == MACH_SEND_INVALID_DEST);
	(void)mach_port_deallocate(mach_task_self(), counter);
	CHECK(table_has(admin, 1, " refuse example image does not match its manifest "));
	CHECK(table_has(admin, 1, " stop example "));
}
