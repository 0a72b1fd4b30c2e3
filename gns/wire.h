/* Mach messages as bytes.  A message as the kernel delivers it becomes a *head* (all but the contents of out-of-line memory,
 * with rights told by identity) and its *regions*, whose contents follow the head one after the other; and back.
 *
 *	format 1, flags 1, rights 2	WIRE_COMPLEX; how many rights, without nulls and dead names
 *	id 4, body 4			bytes that the body has in the message
 *	reply type 1, reply right	MACH_MSG_TYPE_PORT_SEND, _SEND_ONCE, or 0 where there is none
 *	body				simple: the bytes; complex: each item
 *
 *	item:	name 2, bits 2, number 4, how 1 (WIRE_LONG, WIRE_OUT_OF_LINE), then, inline data: the bytes, without
 *		padding; rights: each of them; out-of-line memory: nothing
 *	right:	kind 1 (enum wire_right_kind), and unless it is null or dead: identity 32, credits 8, number 8; a
 *		receive right: identity 32 that it had
 *
 * Little endian.  There is one form for each message: a reader accepts no other, nothing after it, and no size or number
 * beyond the limits, before anything is allocated.  Pure. */
#ifndef GNS_WIRE_H
#define GNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

#define WIRE_BODY_MAX (64u << 10)   /* of a message, inline */
#define WIRE_RIGHTS_MAX 1024u	    /* of a message */
#define WIRE_REGIONS_MAX 256u	    /* of a message */
#define WIRE_MEMORY_MAX (24u << 20) /* out of line, in all */
#define WIRE_HEAD_MAX (WIRE_BODY_MAX * 4 + WIRE_RIGHTS_MAX * 81 + 256)

/* Which port, in the whole cluster and for ever. */
struct wire_identity {
	uint8_t node[16];   /* where it was made */
	uint8_t number[16]; /* random */
};

enum wire_right_kind {
	WIRE_NULL,
	WIRE_DEAD,
	WIRE_SEND,
	WIRE_SEND_ONCE,
	WIRE_RECEIVE,
};

struct wire_right {
	enum wire_right_kind kind;
	struct wire_identity identity;
	uint64_t credits;
	uint64_t number; /* of the hand-over, by a node that is not the port's home; else 0 */
	struct wire_identity
		was; /* WIRE_RECEIVE: as what its new home knows it; zeros: not at all */
};

/* Contents of out-of-line memory: where in the message its address stands, counted in words, and how many bytes. */
struct wire_region {
	uint32_t at, size;
};

struct wire_regions {
	unsigned count;
	uint64_t total;
	struct wire_region list[WIRE_REGIONS_MAX];
};

/* What the writer asks of its caller.  Both may be called several times for a message that is then refused. */
struct wire_source {
	/* The names of an out-of-line array of rights. */
	const uint32_t *(*array)(void *context, uint32_t address, uint32_t count);
	/* Tell the right under `name` (neither null nor dead), which came with MACH_MSG_TYPE_PORT_*; as WIRE_DEAD if it may
	 * not leave.  False: the whole message may not. */
	bool (*right)(void *context, uint32_t name, unsigned disposition, struct wire_right *right);
	void *context;
};

/* What the reader asks of its caller. */
struct wire_sink {
	/* A name for the right, to be moved into the message; false: none can be had. */
	bool (*right)(void *context, const struct wire_right *right, uint32_t *name);
	/* Memory for an out-of-line array of `count` names; false: none. */
	bool (*array)(void *context, uint32_t count, uint32_t *address, uint32_t **names);
	void *context;
};

enum wire_result {
	WIRE_OK,
	WIRE_MALFORMED,
	WIRE_LIMIT,   /* too large */
	WIRE_REFUSED, /* by a callback */
};

/* The head of the message `words` of `size` readable bytes into `head` of `room` bytes.  The reply right is that of
 * msgh_remote_port; the destination is told elsewhere.  The contents of the regions stay where they are. */
enum wire_result wire_write(const uint32_t *words, size_t size, const struct wire_source *source,
	uint8_t *head, size_t room, size_t *head_size, struct wire_regions *regions)
	__attribute__((warn_unused_result));

/* A first look, which allocates nothing and asks nobody: is the head well formed and within the limits?  *message_size: of
 * the Mach message. */
enum wire_result wire_check(const uint8_t *head, size_t head_size, size_t *message_size,
	unsigned *rights, struct wire_regions *regions) __attribute__((warn_unused_result));

/* The message into `words` of `size` bytes, as wire_check told, ready to be sent: the caller sets msgh_remote_port and
 * its type, and puts the address of each region where regions->list[i].at says.  All rights are to be moved, all
 * out-of-line memory is to be deallocated.  WIRE_REFUSED: a right or an array could not be had; it is null instead, as are all
 * that follow, and the message can be destroyed like one that was received. */
enum wire_result wire_read(const uint8_t *head, size_t head_size, const struct wire_sink *sink,
	uint32_t *words, size_t size) __attribute__((warn_unused_result));

/* One right by itself.  wire_get_right fails the reader. */
void wire_put_right(struct writer *writer, const struct wire_right *right);
void wire_get_right(struct reader *reader, struct wire_right *right);

/* Give each right of a well-formed head to `give`, in its order: for a message that cannot be delivered. */
void wire_rights(const uint8_t *head, size_t head_size,
	void (*give)(void *context, const struct wire_right *right), void *context);

#endif
