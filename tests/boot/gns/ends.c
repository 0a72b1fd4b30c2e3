/* A node ends: what lived there is dead everywhere, what it held is given back, and what it gave to others stays theirs. */
#include "boot.h"

#include <mach/notify.h>
#include <masix/error.h>
#include <masix/types.h>
#include <string.h>
#include <unistd.h>

#include "acs_client.h"
#include "mach.h"
#include "mach_port.h"

static void kill_node(const char *server)
{
	mach_port_t admin;

	CHECK(masix_right(MASIX_RIGHT_ADMIN, 0, &admin) == KERN_SUCCESS);
	CHECK(acs_kill(admin, server, strlen(server)) == KERN_SUCCESS);
	(void)mach_port_deallocate(mach_task_self(), admin);
}

static void ask(mach_port_t name, int what, mach_port_t notify)
{
	mach_port_t previous = MACH_PORT_NULL;

	CHECK(mach_port_request_notification(mach_task_self(), name, what, 1, notify,
		      MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous) == KERN_SUCCESS);
}

/* Exactly one message, with that id. */
static bool told_once(mach_port_t port, int id)
{
	struct message message;

	return message_receive(&message, port) == MACH_MSG_SUCCESS &&
	       message.header.msgh_id == id &&
	       message_receive_within(&message, port, 100) == MACH_RCV_TIMED_OUT;
}

static bool works(mach_port_t right, mach_port_t port, int id)
{
	struct message message;

	message_begin(&message, right, MACH_MSG_TYPE_COPY_SEND, id);
	return message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS &&
	       message_receive(&message, port) == MACH_MSG_SUCCESS && message.header.msgh_id == id;
}

void ends_run(void)
{
	mach_port_t at_c = port_make(), held = port_make(), given = port_make(), once = port_make(),
		    given_once = port_make(), notify[3], here, there, at_b, right, once_at_b;
	struct message message;
	unsigned i;

	for (i = 0; i < 3; i++)
		notify[i] = port_make();
	/* Lives at C, a right is at A. */
	here = carry(C, A, at_c, MACH_MSG_TYPE_MAKE_SEND);
	ask(here, MACH_NOTIFY_DEAD_NAME, notify[0]);
	/* Lives at A, the only right is at C. */
	there = carry(A, C, held, MACH_MSG_TYPE_MAKE_SEND);
	ask(held, MACH_NOTIFY_NO_SENDERS, notify[1]);
	/* Lives at A, and came to B by C. */
	right = carry(A, C, given, MACH_MSG_TYPE_MAKE_SEND);
	at_b = carry(C, B, right, MACH_MSG_TYPE_MOVE_SEND);
	ask(given, MACH_NOTIFY_NO_SENDERS, notify[2]);
	/* Lives at A, a send-once right is at C. */
	right = carry(A, C, once, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	/* Lives at A, a send-once right came to B by C. */
	once_at_b = carry(A, C, given_once, MACH_MSG_TYPE_MAKE_SEND_ONCE);
	once_at_b = carry(C, B, once_at_b, MACH_MSG_TYPE_MOVE_SEND_ONCE);
	CHECK(works(here, at_c, 1) && works(there, held, 2) && works(at_b, given, 3));
	CHECK(message_receive_within(&message, notify[1], 50) == MACH_RCV_TIMED_OUT);

	kill_node("gns_c");
	CHECK(told_once(notify[0], MACH_NOTIFY_DEAD_NAME));
	CHECK(port_is_dead(here) && port_is_dead(there) && port_is_dead(right));
	CHECK(told_once(notify[1], MACH_NOTIFY_NO_SENDERS));
	CHECK(told_once(once, MACH_NOTIFY_SEND_ONCE));
	/* The giver is gone, the right is not. */
	CHECK(works(at_b, given, 4));
	message_begin(&message, once_at_b, MACH_MSG_TYPE_MOVE_SEND_ONCE, 5);
	CHECK(message_send(&message, WAIT_MS) == MACH_MSG_SUCCESS);
	CHECK(told_once(given_once, 5));
	CHECK(message_receive_within(&message, notify[2], 50) == MACH_RCV_TIMED_OUT);
	(void)mach_port_deallocate(mach_task_self(), at_b);
	CHECK(told_once(notify[2], MACH_NOTIFY_NO_SENDERS));
	CHECK(lookup_result(A, "gns_boot@c") == MASIX_E_NOT_FOUND);
	CHECK(lookup_result(A, "gns_boot@b") == KERN_SUCCESS);
}
