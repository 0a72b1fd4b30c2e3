/* Calls that wait for their answer: a list in order of arrival.  A pure core; the owner's
 * lock covers it. */
#ifndef CONSOLE_PARKING_H
#define CONSOLE_PARKING_H

#include <stddef.h>
#include <stdint.h>

enum parked_kind {
	PARKED_READ,
	PARKED_READ_LARGE,
	PARKED_WRITE,
	PARKED_WRITE_LARGE,
	PARKED_POLL,
	PARKED_WINDOW,
};

/* Who asks: what names the call for cancelling it, and where its answer goes. */
struct caller {
	const void *owner; /* the object that it was sent to */
	uint32_t token;
	unsigned reply; /* the parked call owns this right */
	unsigned reply_type;
};

struct parked {
	struct parked *next;
	enum parked_kind kind;
	unsigned channel;
	struct caller caller;
	uint32_t wanted; /* read: bytes; poll: events; window: the serial known */
	size_t done;	 /* write: bytes of `data` sent */
	size_t count;	 /* write: bytes in `data` */
	uint8_t data[];
};

struct parking {
	struct parked *first;
	struct parked **last;
};

void parking_init(struct parking *parking);
void parking_add(struct parking *parking, struct parked *call);

/* Unlinks and returns the first call of `owner` (with `token`, or any if token is NULL),
 * or NULL. */
struct parked *parking_take(struct parking *parking, const void *owner, const uint32_t *token);

/* Unlinks `call`, which is in the list. */
void parking_remove(struct parking *parking, struct parked *call);

#endif
