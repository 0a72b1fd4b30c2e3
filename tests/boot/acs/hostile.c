/* What hostile tasks try with messages that are well formed. */
#include "boot.h"

#include <mach/notify.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>

#include "acs_client.h"
#include "acs_client_request.h"
#include "mach_port.h"

/* Tell ACS that a name of its space is dead, as the kernel would: a notification is a hint. */
static void forge_dead_name(mach_port_t to, mach_port_t name)
{
	mach_dead_name_notification_t message = {
		.not_header = {
			.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
			.msgh_size = sizeof message,
			.msgh_remote_port = to,
			.msgh_id = MACH_NOTIFY_DEAD_NAME,
		},
		.not_type = {
			.msgt_name = MACH_MSG_TYPE_INTEGER_32,
			.msgt_size = 32,
			.msgt_number = 1,
			.msgt_inline = TRUE,
		},
		.not_port = name,
	};

	CHECK(mach_msg(&message.not_header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0,
		      MACH_PORT_NULL) == MACH_MSG_SUCCESS);
}

static void test_forged_notifications(mach_port_t client, mach_port_t admin)
{
	mach_port_t found;
	unsigned name;

	CHECK(start_how(admin, MASIX_START_NOW, &example_image, &example_manifest) == KERN_SUCCESS);
	/* Its names are small numbers: one of these is the server's task, one its port. */
	for (name = 0; name < 400; name++) {
		forge_dead_name(client, name);
		forge_dead_name(masix_session(), name);
	}
	CHECK(acs_lookup(client, "example", 7, 0, &found) == KERN_SUCCESS);
	(void)mach_port_deallocate(mach_task_self(), found);
	CHECK(table_has(client, 0, "example up ") && table_has(client, 0, "acs_boot up "));
	CHECK(acs_stop(admin, "example", 7) == KERN_SUCCESS);
}

/* Callers that wait are bounded; the others are told at once, and all are answered when the name comes. */
static void test_full_queue(mach_port_t client, mach_port_t admin)
{
	mach_port_t replies[100], found;
	unsigned i;

	for (i = 0; i < 100; i++) {
		replies[i] = mach_reply_port();
		CHECK(acs_lookup_request(client, replies[i], "example", 7, 60000) == KERN_SUCCESS);
	}
	CHECK(acs_lookup(client, "nobody", 6, 60000, &found) == MASIX_E_LIMIT);
	/* Who needs not wait is served all the same. */
	CHECK(acs_lookup(client, "acs_boot", 8, 60000, &found) == KERN_SUCCESS);
	(void)mach_port_deallocate(mach_task_self(), found);
	CHECK(acs_lookup(client, "nobody", 6, 0, &found) == MASIX_E_NOT_FOUND);
	CHECK(start_how(admin, MASIX_START_NOW, &example_image, &example_manifest) == KERN_SUCCESS);
	for (i = 0; i < 100; i++) {
		union {
			mach_msg_header_t header;
			char bytes[256];
		} in;

		CHECK(mach_msg(&in.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof in,
			      replies[i], PATIENCE, MACH_PORT_NULL) == MACH_MSG_SUCCESS);
		masix_msg_destroy(&in.header, 1);
		(void)mach_port_mod_refs(mach_task_self(), replies[i], MACH_PORT_RIGHT_RECEIVE, -1);
	}
	CHECK(acs_stop(admin, "example", 7) == KERN_SUCCESS);
	/* There is room again. */
	CHECK(acs_lookup(client, "nobody", 6, 10, &found) == MASIX_E_NOT_FOUND);
}

void test_hostile(mach_port_t client, mach_port_t admin)
{
	test_forged_notifications(client, admin);
	test_full_queue(client, admin);
	masix_log("hostile messages: %u failures", failures);
}
