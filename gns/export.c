/* The life of an export: while other nodes hold credits for it. */
#include <mach/notify.h>
#include <stdlib.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "mach_port.h"
#include "state.h"

/* `name`: a send or send-once right, which is taken. */
struct gns_port *export_make(const struct wire_identity *identity, uint32_t name, bool once)
{
	struct gns_port *port = calloc(1, sizeof *port);
	mach_port_t previous = MACH_PORT_NULL;

	if (port == NULL)
		return NULL;
	port->is_export = true;
	port->identity = *identity;
	port->name = name;
	port->once = once;
	if (!ports_add(&gns.ports, port)) {
		free(port);
		return NULL;
	}
	gns.exports++;
	/* Count 1: also when it is dead already. */
	if (mach_port_request_notification(mach_task_self(), name, MACH_NOTIFY_DEAD_NAME, 1,
		    gns.notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous) != KERN_SUCCESS)
		masix_log("an export cannot be watched");
	else if (MACH_PORT_VALID(previous))
		(void)mach_port_deallocate(mach_task_self(), previous);
	return port;
}

static void drop(struct gns_port *port)
{
	gns.detained -= port->detained;
	ports_remove(&gns.ports, port);
	gns.exports--;
	/* Of a send-once right: its owner hears that it will not be used. */
	if (port->name != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), port->name);
	ledger_free(&port->ledger);
	free(port);
}

void export_drop_if_idle(struct gns_port *port)
{
	if (port->ledger.total == 0 && port->arrivals == NULL && port->coming == 0 &&
		port->peer == NULL)
		drop(port);
}

/* Its receiver is gone. */
void export_dead(struct gns_port *port)
{
	const struct letter letter = { .type = LETTER_DEAD, .identity = port->identity };
	unsigned i;

	for (i = 0; i < port->ledger.share_count; i++) {
		struct peer *peer = peer_find(&port->ledger.shares[i].holder);

		if (peer != NULL)
			peer_letter(peer, &letter);
	}
	port->dying = true;
	while (port->arrivals != NULL) { /* each fails to be sent */
		port->stuck = false;
		deliver_waiting(port);
	}
	ledger_free(&port->ledger);
	drop(port);
}

/* Those who died and are cut by everybody hold nothing any more. */
void export_reclaim(void)
{
	static struct gns_node dead[DEATHS_NODES_MAX]; /* gns.lock */
	unsigned count = deaths_ready(&gns.deaths, dead), i;
	struct gns_port *port, *next;

	if (count == 0)
		return;
	for (port = ports_next(&gns.ports, NULL); port != NULL; port = next) {
		next = ports_next(&gns.ports, port);
		if (!port->is_export)
			continue;
		for (i = 0; i < count; i++)
			ledger_reclaim(&port->ledger, &dead[i]);
		export_drop_if_idle(port);
	}
}
