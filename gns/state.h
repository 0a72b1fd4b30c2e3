/* The server's state and what its parts do for each other.  One lock, gns.lock, guards all of it; it is held across no call that can
 * wait for another node.  The engine (engine.c) is the one thread that receives from proxies and links, so that messages
 * of a port keep their order. */
#ifndef GNS_STATE_H
#define GNS_STATE_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <pthread.h>

#include <masix/types.h>

#include "deaths.h"
#include "letter.h"
#include "ports.h"
#include "stream.h"
#include "wire.h"

#define GNS_BUDGET (32u << 20) /* bytes that wait here, of each peer */
#define GNS_LOOKUPS_MAX 256
#define GNS_COMING_MAX 64 /* messages in the queue of a port that comes home */
#define GNS_TRIED_MAX 31  /* nodes that a lookup of NAME@* asks in one round */

/* Another node's server in one of its lives. */
struct peer {
	struct gns_node node;
	char name[sizeof((struct masix_gns_hello *)0)->name];
	struct neighbour *wire; /* a link over UDP; or NULL, and two ports: */
	mach_port_t road;	/* send right: our frames */
	mach_port_t back;	/* receive right: its frames */
	struct stream stream;
	unsigned proxies;
	struct peer *next;
};

/* A whole message that waits for room in the queue of its port. */
struct arrival {
	struct peer *peer;
	uint32_t lane;
	uint8_t *message; /* from malloc */
	size_t size;
	const uint8_t *head; /* within it, and so is what follows it */
	size_t head_size;
	unsigned rights;
	bool detained; /* waits for a port that comes home; its lane does not */
	struct arrival *next;
};

/* A lookup, or a ping, that another node has to answer. */
struct lookup {
	struct peer *peer; /* who was asked; NULL: nobody now */
	uint64_t number;
	mach_port_t reply;
	mach_msg_type_name_t reply_type;
	bool is_ping;
	bool any; /* node: one after the other is asked, the nearest first */
	unsigned tried_count;
	struct gns_node tried[GNS_TRIED_MAX]; /* in this round */
	uint64_t deadline, again; /* ms: until when it may be asked again, and when that is due */
	char node[sizeof((struct masix_gns_hello *)0)->name];
	uint8_t name_length;
	char name[LETTER_NAME_MAX];
	struct lookup *next;
};

struct gns {
	pthread_mutex_t lock;
	struct gns_node self;
	char name[sizeof((struct masix_gns_hello *)0)->name];
	mach_port_t acs;    /* client face */
	mach_port_t set;    /* proxies, links, notify */
	mach_port_t notify; /* dead names, accepted messages */
	struct ports ports;
	struct gns_port *waiting; /* proxies that are blocked or closing */
	struct gns_port *once;	  /* proxies for send-once rights */
	struct peer *peers;
	struct deaths deaths;
	struct lookup *lookups;
	unsigned lookup_count;
	uint32_t last_lane;
	uint64_t last_number; /* of hand-overs and lookups */
	bool has_network;     /* links over UDP can be tended */
	uint64_t wakes_at;    /* the engine, ms */
	unsigned exports, proxies;
	unsigned detained;			/* ports whose first arrival is */
	uint64_t forwarded, delivered, refused; /* messages */
};

extern struct gns gns;

/* engine.c */
void engine_start(void);
/* After anything that another thread has done, with the lock. */
void engine_settle(void);
void engine_kick(void);
/* Send what is due on all links; ms until the next time. */
uint64_t engine_run_links(void);
uint64_t engine_now(void); /* ms */

/* peer.c: links. */
struct peer *peer_find(const struct gns_node *node);
struct peer *peer_of_id(const uint8_t id[16]);
struct peer *peer_named(const char *name, size_t length);
struct peer *peer_of_back(mach_port_t back);
/* A new one: with the road to it and the receive right of the road back, which it takes on success; or over a wire.
 * MASIX_E_EXISTS, MASIX_E_LIMIT. */
kern_return_t peer_add(const struct masix_gns_hello *hello, mach_port_t road, mach_port_t back,
	struct neighbour *wire, struct peer **peer);
void peer_hello(struct masix_gns_hello *hello);
/* Its life is over: nothing is accepted of it any more. */
void peer_end(struct peer *peer, const char *why);
void peer_letter(struct peer *peer, const struct letter *letter);
/* A message for its port `identity`: `head` is from malloc, `memory` of `size` bytes from vm_allocate; both are taken. */
bool peer_send(struct peer *peer, uint32_t lane, uint8_t *head, size_t head_size, void *memory,
	size_t size);
/* Join the server of that name. */
kern_return_t peer_join(const char *server);

/* rights.c: rights as they leave and arrive.  Context of those that leave: struct rights_leaving; of the others: the peer. */
struct rights_leaving {
	struct peer *peer;
	uint32_t lane; /* of the message that carries them */
	bool wanting;  /* rights_try: a home has to grant more credits first */
};
/* As rights_tell, but it only asks for credits that are missing, and says so. */
bool rights_try(void *leaving, uint32_t name, unsigned disposition, struct wire_right *right);
bool rights_tell(void *leaving, uint32_t name, unsigned disposition, struct wire_right *right);
bool rights_make(void *peer, const struct wire_right *right, uint32_t *name);
const uint32_t *rights_array(void *leaving, uint32_t address, uint32_t count);
bool rights_make_array(void *peer, uint32_t count, uint32_t *address, uint32_t **names);
/* The right came and cannot be used. */
void rights_give_back(void *peer, const struct wire_right *right);
/* A right to the port of a proxy for another node; WIRE_DEAD if there are no credits for it. */
void rights_hand_on(struct peer *peer, struct gns_port *proxy, struct wire_right *right);
/* Home hears that the giver's right has come. */
void rights_claim(struct peer *home, const struct peer *giver, const struct wire_right *right);

/* proxy.c, export.c: the ends of ports. */
struct gns_port *proxy_make(const struct wire_identity *identity, struct peer *peer, uint32_t name);
bool proxy_arm(struct gns_port *proxy);
/* It is one for a send-once right. */
void proxy_be_once(struct gns_port *proxy);
/* The one to which `name` is the send-once right; NULL: none of ours. */
struct gns_port *proxy_of_once(uint32_t name);
void proxy_destroy(struct gns_port *proxy);
/* The entry goes, its port stays. */
void proxy_forget(struct gns_port *proxy);
void proxy_no_senders(struct gns_port *proxy);
/* Take it out of the set until its lane has room. */
void proxy_block(struct gns_port *proxy);
/* Those that wait: has what they wait for come? */
void proxy_look_after(void);
struct gns_port *export_make(const struct wire_identity *identity, uint32_t name, bool once);
/* Nobody holds rights to it, or it is dead. */
void export_drop_if_idle(struct gns_port *port);
void export_dead(struct gns_port *port);
void export_reclaim(void);

/* forward.c: a message came to a proxy. */
void forward_message(struct gns_port *proxy, mach_msg_header_t *message);
/* The message that waits there, if it can go now; with it goes a proxy for a send-once right.  False: the proxy waits. */
bool forward_parked(struct gns_port *proxy);

/* deliver.c: from another node. */
void deliver_message(void *peer, uint32_t lane, uint8_t *message, size_t size);
void deliver_waiting(struct gns_port *port);
void deliver_discard(struct peer *peer);
/* A port has come home: what waited for it goes on. */
void deliver_detained(void);
/* What waits for room in the queue of the same port, under whatever identity. */
void deliver_others(const struct gns_port *port);

/* Its turn comes when those before it are in the queue; of one without message: moved_mark. */
void deliver_add(struct gns_port *port, struct arrival *arrival);

/* moved.c: old holders of a port that has moved.  The old home: */
void moved_tell(struct gns_port *proxy);
bool moved_take_flush(struct peer *peer, struct gns_port *port);
/* A mark for the queue; true when the queue is full now and msg-accepted will come. */
bool moved_mark(const struct gns_port *port, struct peer *peer);
bool moved_is_mark(const mach_msg_header_t *message);
void moved_marked(struct gns_port *proxy);
/* It has come out at home, for the proxy will be the port itself. */
void moved_mark_is_home(struct gns_port *proxy);
/* The holder: */
bool moved_take(struct peer *peer, struct gns_port *proxy, const struct wire_right *right);
bool moved_switch(struct gns_port *proxy);
/* Both.  False: the proxy is not to send now. */
bool moved_may_go_on(struct gns_port *proxy);
void moved_end(struct gns_port *proxy);
void moved_peer_ends(const struct peer *peer);

/* home.c: a port that comes to live where there is a proxy of it.  True: the message with the right has to wait. */
bool home_awaited(struct peer *peer, const struct wire_right *right);
/* False: more came for the export than its old home's queue had. */
bool home_may_take(struct gns_port *port);
/* The old home has all that the proxy sent. */
void home_ask(struct gns_port *proxy);
/* The old home's queue is here.  False: it cannot be. */
bool home_finish(struct gns_port *proxy);
/* What waited for the export's turn has been delivered. */
void home_go_on(const struct gns_port *port);
/* The proxy is destroyed. */
void home_end(struct gns_port *proxy);
/* The receive right that has come home with a message of the peer; or null. */
uint32_t home_take(const struct peer *peer, const struct wire_right *right);
/* The message will not be delivered. */
void home_abandon(void *peer, const struct wire_right *right);

/* answer.c: letters, and lookups. */
void answer_letter(struct peer *peer, const uint8_t *bytes, size_t size);
void answer_lookups_lost(struct peer *peer);
/* Of what `begun` says: name, node, deadline, reply, is_ping.  MIG_NO_REPLY, or the answer. */
kern_return_t answer_begin(const struct lookup *begun);
/* Those that wait are asked again, or end; ms when the next is due. */
uint64_t answer_tick(uint64_t now);
kern_return_t answer_local_lookup(const char *name, size_t length, mach_port_t *port);

/* watch.c: names that come and go.  ACS's events for `name` of that node, or of any, go to `port`, a send right that it takes on
 * success.  MASIX_E_LIMIT. */
kern_return_t watch_begin(
	const char *name, size_t length, const char *node, bool any, mach_port_t port);
void watch_port_died(mach_port_t port);
/* False: not an event of ACS. */
bool watch_take(mach_msg_header_t *message);
bool watch_letter(struct peer *peer, const struct letter *letter);
void watch_peer_comes(struct peer *peer);
void watch_peer_ends(struct peer *peer);

#endif
