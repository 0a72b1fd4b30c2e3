#include "record.h"

#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/utils.h>
#include <string.h>

#include "bytes.h"

_Static_assert(RECORD_TAG_SIZE == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag");

static void write_header(const struct record_header *header, uint8_t *bytes)
{
	struct writer writer = writer_to(bytes, RECORD_HEADER_SIZE);

	write_u8(&writer, header->type);
	write_u8(&writer, header->flags);
	write_u16(&writer, header->length);
	write_u32(&writer, header->index);
	write_u64(&writer, header->counter);
}

bool record_parse(const uint8_t *record, size_t size, struct record_header *header)
{
	struct reader reader = reader_of(record, size);

	header->type = read_u8(&reader);
	header->flags = read_u8(&reader);
	header->length = read_u16(&reader);
	header->index = read_u32(&reader);
	header->counter = read_u64(&reader);
	return !reader.failed && header->type >= RECORD_FIRST && header->type <= RECORD_DATA &&
	       header->flags == 0 && reader.left == (size_t)header->length + RECORD_TAG_SIZE;
}

static void make_nonce(uint64_t counter, uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
	struct writer writer = writer_to(nonce, crypto_aead_chacha20poly1305_ietf_NPUBBYTES);

	write_u32(&writer, 0);
	write_u64(&writer, counter);
}

void record_ring_init(struct record_ring *ring, bool stream)
{
	memset(ring, 0, sizeof *ring);
	ring->stream = stream;
}

void record_ring_wipe(struct record_ring *ring)
{
	sodium_memzero(ring, sizeof *ring);
}

static void move_session(struct record_session *to, struct record_session *from)
{
	*to = *from;
	sodium_memzero(from, sizeof *from);
}

void record_ring_add(struct record_ring *ring, const struct record_session *session, uint64_t now)
{
	struct record_session added = *session;

	added.valid = true;
	added.sent = added.received = 0;
	memset(&added.replay, 0, sizeof added.replay);
	added.born = now;
	if (added.initiator) {
		sodium_memzero(&ring->next, sizeof ring->next);
		move_session(&ring->previous, &ring->current);
		move_session(&ring->current, &added);
	} else {
		move_session(&ring->next, &added);
	}
}

static bool is_usable(const struct record_session *session, uint64_t now)
{
	return session->valid && now - session->born < RECORD_REFUSE_MS;
}

bool record_ring_is_due(const struct record_ring *ring, uint64_t now)
{
	const struct record_session *current = &ring->current;

	if (!is_usable(current, now))
		return !is_usable(&ring->next, now); /* the initiator is about to show its keys */
	return current->sent >= RECORD_REKEY_COUNT ||
	       now - current->born >= (current->initiator ? RECORD_REKEY_MS : RECORD_REKEY_LATE_MS);
}

size_t record_seal(struct record_ring *ring, uint64_t now, uint8_t flags, const void *payload,
	size_t size, uint8_t *record, size_t room)
{
	struct record_session *session = &ring->current;
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	struct record_header header;

	if (!is_usable(session, now) || session->sent >= RECORD_REFUSE_COUNT ||
		size > RECORD_PAYLOAD_MAX || room < RECORD_OVERHEAD ||
		size > room - RECORD_OVERHEAD)
		return 0;
	header = (struct record_header){ RECORD_DATA, flags, (uint16_t)size, session->peer_index,
		session->sent++ };
	/* The payload may lie where the record begins. */
	memmove(record + RECORD_HEADER_SIZE, payload, size);
	write_header(&header, record);
	make_nonce(header.counter, nonce);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(record + RECORD_HEADER_SIZE, NULL,
		record + RECORD_HEADER_SIZE, size, record, RECORD_HEADER_SIZE, NULL, nonce,
		session->send);
	return RECORD_OVERHEAD + size;
}

static struct record_session *find_session(struct record_ring *ring, uint32_t index)
{
	struct record_session *const all[] = { &ring->current, &ring->previous, &ring->next };
	unsigned i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i]->valid && all[i]->own_index == index)
			return all[i];
	return NULL;
}

static bool is_new(
	const struct record_ring *ring, const struct record_session *session, uint64_t counter)
{
	return ring->stream ? counter == session->received
			    : replay_is_new(&session->replay, counter);
}

static void accept(struct record_ring *ring, struct record_session *session, uint64_t counter)
{
	if (ring->stream)
		session->received++;
	else
		(void)replay_accept(&session->replay, counter);
	if (session == &ring->next) { /* the initiator has the keys */
		move_session(&ring->previous, &ring->current);
		move_session(&ring->current, session);
	}
}

bool record_open(struct record_ring *ring, uint64_t now, const uint8_t *record, size_t size,
	uint8_t *payload, size_t room, size_t *payload_size)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	struct record_session *session;
	struct record_header header;

	if (!record_parse(record, size, &header) || header.type != RECORD_DATA ||
		header.length > room) {
		ring->drops.malformed++;
		return false;
	}
	session = find_session(ring, header.index);
	if (session == NULL) {
		ring->drops.unknown++;
		return false;
	}
	if (!is_usable(session, now)) {
		ring->drops.stale++;
		return false;
	}
	if (!is_new(ring, session, header.counter)) {
		ring->drops.replayed++;
		return false;
	}
	make_nonce(header.counter, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(payload, NULL, NULL,
		    record + RECORD_HEADER_SIZE, size - RECORD_HEADER_SIZE, record,
		    RECORD_HEADER_SIZE, nonce, session->receive) != 0) {
		ring->drops.forged++;
		return false;
	}
	accept(ring, session, header.counter);
	*payload_size = header.length;
	return true;
}
