/* The ports that a server knows: proxies, which stand here for ports of other nodes, and exports, ports of this node that
 * others hold rights to.  One entry for each identity, found by its name in the server's space too, so that a port has one
 * name however often and by whichever road it comes.  Pure; the caller's lock. */
#ifndef GNS_PORTS_H
#define GNS_PORTS_H

#include "ledger.h"
#include "wire.h"

#define PORTS_MAX 65536

struct arrival;
struct flush;
struct homecoming;
struct parked;
struct move;
struct peer;

struct gns_port {
	struct gns_port *next_named, *next_identified; /* chains of the table */
	struct wire_identity identity;
	uint32_t name; /* proxy: receive right; export: send or send-once right */
	bool is_export;
	bool once; /* a send-once right: goes with the first message */

	/* Of a proxy: its home.  Of an export: who sent a message with its receive right, which is not delivered yet (home.c). */
	struct peer *peer;

	/* Of a proxy. */
	uint64_t purse;		       /* credits */
	uint32_t lane;		       /* of its messages */
	uint32_t made;		       /* send rights */
	bool armed;		       /* for no-senders */
	bool wants;		       /* has asked home for more credits */
	bool closing;		       /* no senders; goes when its last message is consumed */
	bool blocked;		       /* taken out of the set */
	uint32_t held_by;	       /* until the messages of that lane are consumed */
	bool untold;		       /* the old holders are to be told of the move then */
	bool flushing;		       /* a mark has come out of its queue */
	struct move *move;	       /* moved.c: where it will lead */
	struct flush *flushes;	       /* who waits for a mark */
	struct homecoming *homecoming; /* home.c: it is about to be the port itself */
	struct parked *parked;	       /* copier.h: a message that waits here */
	struct gns_port *next_waiting; /* of those closing or blocked */
	struct gns_port *next_once, **once_link; /* of those for send-once rights */

	/* Of an export. */
	struct ledger ledger;
	struct arrival *arrivals, *last_arrival; /* messages that wait for room in its queue */
	unsigned coming; /* home.c: the port is not here yet; 1 and the messages so far */
	bool stuck;	 /* msg-accepted will come */
	bool detained;	 /* its first arrival waits for a port that comes home */
	bool again;	 /* that is to be seen again */
	bool dying;	 /* nothing of it waits any more */
};

struct ports { /* all zero = empty */
	struct gns_port **named, **identified;
	unsigned count, buckets;
};

struct gns_port *ports_named(const struct ports *ports, uint32_t name);
/* A port that has left this node has two entries under its name, the proxy of what it is elsewhere and the export; one that
 * has come back may have several exports.  `before`: that export's successor; NULL: the first. */
struct gns_port *ports_proxy(const struct ports *ports, uint32_t name);
struct gns_port *ports_export(
	const struct ports *ports, uint32_t name, const struct gns_port *before);
struct gns_port *ports_identified(const struct ports *ports, const struct wire_identity *identity);

/* Enter a port by its identity and name.  False: no memory, too many. */
bool ports_add(struct ports *ports, struct gns_port *port) __attribute__((warn_unused_result));

/* The port is under another name from now on. */
void ports_rename(struct ports *ports, struct gns_port *port, uint32_t name);

void ports_remove(struct ports *ports, struct gns_port *port);

/* The entry after `port` (NULL: the first), in no particular order; NULL after the last.  `port` may be removed once its
 * successor is known. */
struct gns_port *ports_next(const struct ports *ports, const struct gns_port *port);

#endif
