/* Which nodes have a name.  Three members keep the list of a name's owners: those that come first when all are ranked by a hash of
 * name and node, so everybody knows whom to ask, and the load is spread.  Owners tell them now and then; what is not told again
 * is forgotten.  What they say is a hint: the owner itself is asked before a lookup is answered, so no answer is wrong.
 *
 * No message goes to more than three nodes, whatever the size of the cluster.  Pure, as members.h. */
#ifndef GNS_NAMES_H
#define GNS_NAMES_H

#include "members.h"

#define NAMES_LENGTH_MAX 64
#define NAMES_KEEPERS 3
#define NAMES_REFRESH_MS 15000
#define NAMES_KEPT_MS 40000
#define NAMES_OWNERS 4	      /* of a name, that a keeper tells of */
#define NAMES_WAIT_MS 500     /* for one answer */
#define NAMES_KEPT_MAX 4096   /* entries that a keeper has */
#define NAMES_REQUESTS_MAX 64 /* lookups under way */
#define NAMES_OWN_MAX 64
#define NAMES_PACKET_FIRST 16 /* kinds from here on are of names, below of members */

struct name {
	uint8_t length;
	char text[NAMES_LENGTH_MAX];
};

struct names_ops {
	void (*send)(void *context, uint32_t address, const uint8_t *packet, size_t size);
	/* A lookup's end: the owner's life, which has confirmed it; or LIFE_NONE. */
	void (*found)(void *context, uint32_t request, uint32_t life);
	/* A name that is watched has come at that node. */
	void (*came)(void *context, const struct name *name, uint32_t life);
	void *context;
};

struct kept_name;

struct names_request {
	bool used;
	uint32_t request; /* the caller's */
	uint32_t number;  /* of the question that is out */
	struct name name;
	uint32_t keepers[NAMES_KEEPERS], owners[NAMES_OWNERS]; /* lives still to be asked */
	unsigned keeper_count, owner_count;
	uint32_t asked_at;
	uint32_t asked; /* the owner that was asked, or LIFE_NONE */
};

struct names {
	const struct names_ops *ops;
	struct members *members;
	struct name own[NAMES_OWN_MAX], watched[NAMES_OWN_MAX];
	unsigned own_count, watched_count;
	struct kept_name *kept;
	unsigned kept_count, kept_room;
	struct names_request requests[NAMES_REQUESTS_MAX];
	uint32_t last_number;
	uint32_t next_refresh;
};

void names_init(
	struct names *names, const struct names_ops *ops, struct members *members, uint32_t now);
void names_free(struct names *names);

/* A name of this node.  False: too many. */
bool names_add(struct names *names, uint32_t now, const struct name *name)
	__attribute__((warn_unused_result));
void names_remove(struct names *names, const struct name *name);

/* names_ops.came for each owner that comes, those who are there first.  False: too many. */
bool names_watch(struct names *names, uint32_t now, const struct name *name)
	__attribute__((warn_unused_result));

/* names_ops.found will be called.  False: too many are under way. */
bool names_lookup(struct names *names, uint32_t now, uint32_t request, const struct name *name)
	__attribute__((warn_unused_result));

void names_tick(struct names *names, uint32_t now);
/* Of that node, in that life; as members_receive. */
bool names_receive(struct names *names, uint32_t now, const struct life *from,
	const uint8_t *packet, size_t size);

#endif
