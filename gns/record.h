/* Records: what travels over a link once a handshake is done, and the sessions that seal and open them.
 *
 *	type 1, flags 1, length 2, key index 4, counter 8	in clear, authenticated
 *	payload of `length` bytes, sealed with ChaCha20-Poly1305, nonce = counter
 *	tag 16
 *
 * Little endian.  Pure: time is given in milliseconds of a clock that never goes back. */
#ifndef GNS_RECORD_H
#define GNS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay.h"

#define RECORD_HEADER_SIZE 16
#define RECORD_TAG_SIZE 16
#define RECORD_OVERHEAD (RECORD_HEADER_SIZE + RECORD_TAG_SIZE)
#define RECORD_PAYLOAD_MAX 65535

#define RECORD_REKEY_MS 120000	    /* the initiator makes new keys */
#define RECORD_REKEY_LATE_MS 150000 /* the responder does, if the initiator did not */
#define RECORD_REFUSE_MS 180000	    /* nothing is sealed or opened any more */
#define RECORD_REKEY_COUNT (1ull << 32)
#define RECORD_REFUSE_COUNT (1ull << 33)

enum record_type { RECORD_FIRST = 1, RECORD_SECOND, RECORD_COOKIE, RECORD_DATA };

struct record_header {
	uint8_t type, flags;
	uint16_t length;
	uint32_t index; /* the receiver's name of the session */
	uint64_t counter;
};

/* False: not whole, an unknown type or flag, or a length that is not that of the rest. */
bool record_parse(const uint8_t *record, size_t size, struct record_header *header)
	__attribute__((warn_unused_result));

struct record_session {
	bool valid;
	bool initiator;
	uint32_t own_index, peer_index;
	uint8_t send[32], receive[32];
	uint64_t sent;	      /* records; the next counter */
	uint64_t received;    /* streams: the next counter expected */
	struct replay replay; /* datagrams */
	uint64_t born;
};

/* What was dropped in silence. */
struct record_drops {
	uint64_t malformed, unknown, stale, replayed, forged;
};

/* Three generations, so that no record is lost while keys change: those that seal now; those before, which still open;
 * and at the responder those of a handshake whose initiator has not yet shown that it has them too. */
struct record_ring {
	bool stream; /* counters go up by exactly 1 */
	struct record_session previous, current, next;
	struct record_drops drops;
};

void record_ring_init(struct record_ring *ring, bool stream);
void record_ring_wipe(struct record_ring *ring);

/* Keys of a handshake that is done. */
void record_ring_add(struct record_ring *ring, const struct record_session *session, uint64_t now);

/* Is it time for us to begin a handshake? */
bool record_ring_is_due(const struct record_ring *ring, uint64_t now);

/* Seals a payload into `record`; its size, or 0: no good keys, or no room. */
size_t record_seal(struct record_ring *ring, uint64_t now, uint8_t flags, const void *payload,
	size_t size, uint8_t *record, size_t room) __attribute__((warn_unused_result));

/* Opens one whole record of type RECORD_DATA into `payload`, which may be the place of the sealed one.  False: it is
 * counted in ring->drops and to be ignored; on a stream the link is to be given up. */
bool record_open(struct record_ring *ring, uint64_t now, const uint8_t *record, size_t size,
	uint8_t *payload, size_t room, size_t *payload_size) __attribute__((warn_unused_result));

#endif
