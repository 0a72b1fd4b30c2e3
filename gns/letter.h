/* What two servers say to each other about ports, beside the messages themselves: short letters on lane 0 of their stream.
 *
 * Home of a port is the node whose identity it carries.  Pure. */
#ifndef GNS_LETTER_H
#define GNS_LETTER_H

#include "ledger.h"
#include "wire.h"

#define LETTER_NAME_MAX 255
#define LETTER_MAX 512

enum letter_type {
	LETTER_RETURN = 1, /* holder to home: these credits are not needed any more */
	LETTER_GAVE,	   /* giver to home: `node` gets credits of mine, as `number` */
	LETTER_CLAIM,	   /* receiver to home: I got credits from `node`, as its `number` */
	LETTER_WANT,	   /* holder to home: I need more to give */
	LETTER_GRANT,	   /* home to holder: here they are */
	LETTER_DEAD,	   /* home to holder: the port is no more */
	LETTER_CUT,	   /* to all: I accept nothing more of `node` */
	LETTER_LOOKUP, /* what port has this name at your node?  The answer has the same `number` */
	LETTER_FOUND,  /* `status`, and the right */
	LETTER_PING,   /* answer, with the same `number` */
	LETTER_PONG,
	LETTER_MOVED,	/* old home to holder: this right is to where the port lives now */
	LETTER_FLUSH,	/* holder to old home: has what I sent gone there? */
	LETTER_FLUSHED, /* old home to holder: all of it */
	LETTER_WATCH,	/* tell me of this name of your node, as `number` */
	LETTER_STATE, /* it came, went or was replaced (`status`); or an error: that will not be told */
	LETTER_UNWATCH, /* no more */
	LETTER_LAST = LETTER_UNWATCH,
};

struct letter {
	enum letter_type type;
	struct wire_identity identity;
	struct gns_node node;
	uint64_t number, credits;
	int32_t status;
	uint32_t generation;
	struct wire_right right;
	uint8_t name_length;
	char name[LETTER_NAME_MAX];
};

/* Bytes of the letter, or 0: no room. */
size_t letter_write(const struct letter *letter, uint8_t *bytes, size_t room)
	__attribute__((warn_unused_result));

/* False: no letter, or not all of it. */
bool letter_read(const uint8_t *bytes, size_t size, struct letter *letter)
	__attribute__((warn_unused_result));

#endif
