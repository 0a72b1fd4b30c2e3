/* A link to one other node over datagrams: handshakes (noise.h), their door (cookie.h), and sealed records (record.h) that carry the
 * frames of a stream.  Of two nodes the one whose public key is less begins all handshakes.
 *
 *	first	type 1, zeros 3, index 4, handshake with LINK_PAYLOAD_SIZE bytes, mac1 16, mac2 16
 *	second	type 1, zeros 3, index 4, index of the first 4, handshake with LINK_PAYLOAD_SIZE bytes
 *	cookie	type 1, zeros 3, index of the first 4, sealed cookie
 *	data	a record
 *
 * The payload of both handshakes is what the node says of itself and a stamp that rises with each, so that a handshake that is
 * played again is none.  Everything else that comes is dropped in silence.  Pure: time in milliseconds; the caller's lock. */
#ifndef GNS_LINK_H
#define GNS_LINK_H

#include "cookie.h"
#include "noise.h"
#include "record.h"

#define LINK_HELLO_SIZE 56
#define LINK_PAYLOAD_SIZE (LINK_HELLO_SIZE + 8)
#define LINK_RETRY_MS 1000
#define LINK_DEAF_MS 6000 /* nothing is heard: it may have new keys only, in a new life */
#define LINK_FRAME_MAX 1400
#define LINK_PACKET_MAX (LINK_FRAME_MAX + RECORD_OVERHEAD)

struct link_ops {
	void (*send)(void *context, const uint8_t *packet, size_t size);
	/* New keys are good, and this is what the other side says of itself. */
	void (*up)(void *context, const uint8_t hello[LINK_HELLO_SIZE]);
	void (*frame)(void *context, const uint8_t *frame, size_t size);
	void *context;
};

/* What all links of a node share. */
struct link_self {
	struct noise_keys keys;
	uint8_t psk[NOISE_KEY_SIZE];
	uint8_t hello[LINK_HELLO_SIZE];
	uint64_t stamp; /* of the last handshake; greater than in all lives before */
	struct cookie_door door;
};

struct link {
	const struct link_ops *ops;
	struct link_self *self;
	uint8_t public[NOISE_KEY_SIZE]; /* the other side's */
	struct cookie_keys cookie_keys;
	bool begins;

	struct noise noise; /* ours that is not answered yet */
	bool asking;
	uint32_t asking_index;
	uint64_t asked_at;
	struct cookie_jar jar;

	struct record_ring ring;
	uint8_t hello[LINK_HELLO_SIZE]; /* of the newest handshake */
	bool is_new;			/* up() has not been called for it */
	uint64_t stamp;			/* the other side's last */
	uint64_t heard;			/* when the last record was good */
	uint64_t handshakes, dropped;
};

void link_self_init(struct link_self *self, const uint8_t secret[NOISE_KEY_SIZE],
	const uint8_t psk[NOISE_KEY_SIZE], const uint8_t hello[LINK_HELLO_SIZE], uint64_t stamp,
	uint64_t now);
void link_init(struct link *link, const struct link_ops *ops, struct link_self *self,
	const uint8_t public[NOISE_KEY_SIZE], uint64_t now);

/* Begin what handshake is due.  To be called every few hundred ms. */
void link_tick(struct link *link, uint64_t now);

/* A packet that came from the address of the other side. */
void link_receive(struct link *link, uint64_t now, const void *address, size_t address_size,
	const uint8_t *packet, size_t size);

/* A frame for the other side.  False: no keys are good now; it is lost. */
bool link_send(struct link *link, uint64_t now, const uint8_t *frame, size_t size);

#endif
