/* Servers of the system: what ACS gives to any client, and messages to it that are nothing but bytes. */
#include <mach/mig_support.h>
#include <mach/notify.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/object.h>

#include "acs_client.h"
#include "mach_port.h"
#include "machine.h"

#define SERVERS 8
#define ANSWER_MS 10000 /* the caller waits with us */
#define MESSAGE_MAX 20480

static mach_port_t servers[SERVERS];

static union {
	mach_msg_header_t header;
	char bytes[MESSAGE_MAX];
} message;

static int find(void *context, const char *name, unsigned wait_ms, unsigned *server)
{
	kern_return_t kr;
	unsigned slot = 0;

	(void)context;
	while (slot < SERVERS && servers[slot] != MACH_PORT_NULL)
		slot++;
	if (slot == SERVERS)
		return DOS_E_HANDLES;
	kr = acs_lookup(MACHINE_PORT_ACS, name, strlen(name), wait_ms, &servers[slot]);
	if (kr != KERN_SUCCESS) {
		servers[slot] = MACH_PORT_NULL;
		return kr == MASIX_E_NOT_FOUND ? DOS_E_FILE : DOS_E_GENERAL;
	}
	*server = slot + 1;
	return DOS_OK;
}

static mach_port_t port_of(unsigned server)
{
	return server >= 1 && server <= SERVERS ? servers[server - 1] : MACH_PORT_NULL;
}

static int exchange(mach_port_t port, uint32_t id, unsigned n)
{
	const mach_port_t reply = mig_get_reply_port();
	mach_msg_return_t result;

	/* Not complex: whatever the bytes say, no right and no memory is in them. */
	message.header = (mach_msg_header_t){
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
		.msgh_size = sizeof message.header + n,
		.msgh_remote_port = port,
		.msgh_local_port = reply,
		.msgh_id = (mach_msg_id_t)id,
	};
	result = mach_msg(&message.header,
		MACH_SEND_MSG | MACH_RCV_MSG | MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT,
		message.header.msgh_size, sizeof message, reply, ANSWER_MS, MACH_PORT_NULL);
	if (result != MACH_MSG_SUCCESS) {
		mig_dealloc_reply_port(reply); /* an answer may still come */
		return result == MACH_SEND_INVALID_DEST ? DOS_E_GONE
		       : result == MACH_RCV_TOO_LARGE	? DOS_E_DATA
							: DOS_E_GENERAL;
	}
	mig_put_reply_port(reply);
	if (message.header.msgh_id == MACH_NOTIFY_SEND_ONCE)
		return DOS_E_GONE;
	if (!(message.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) &&
		message.header.msgh_remote_port == MACH_PORT_NULL)
		return DOS_OK;
	masix_msg_destroy(&message.header, 0);
	return DOS_E_DATA;
}

static int call(void *context, unsigned server, uint32_t *id, const void *request, unsigned n,
	void *answer, unsigned *room)
{
	const mach_port_t port = port_of(server);
	unsigned size;
	int error;

	(void)context;
	if (port == MACH_PORT_NULL)
		return DOS_E_HANDLE;
	if (n > sizeof message - sizeof message.header)
		return DOS_E_DATA;
	memcpy(message.bytes + sizeof message.header, request, n);
	error = exchange(port, *id, n);
	if (error != DOS_OK)
		return error;
	size = message.header.msgh_size - sizeof message.header;
	if (size > *room)
		return DOS_E_DATA;
	*id = (uint32_t)message.header.msgh_id;
	*room = size;
	memcpy(answer, message.bytes + sizeof message.header, size);
	return DOS_OK;
}

static int drop(void *context, unsigned server)
{
	const mach_port_t port = port_of(server);

	(void)context;
	if (port == MACH_PORT_NULL)
		return DOS_E_HANDLE;
	servers[server - 1] = MACH_PORT_NULL;
	(void)mach_port_deallocate(mach_task_self(), port); /* also right for one that is dead */
	return DOS_OK;
}

void servers_init(struct world *world)
{
	world->find_server = find;
	world->call_server = call;
	world->drop_server = drop;
}
