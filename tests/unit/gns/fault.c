#include "fault.h"

#include "test.h"

static bool hits(struct fault_wire *wire, unsigned thousandth)
{
	return dice_below(&wire->dice, 1000) < thousandth;
}

static void enqueue(struct fault_wire *wire, uint64_t due, const uint8_t *bytes, size_t size)
{
	struct fault_packet *packet = malloc(sizeof *packet), **link = &wire->packets;

	assert_non_null(packet);
	packet->due = due;
	packet->size = size;
	packet->bytes = guarded(bytes, size);
	if (hits(wire, wire->rules.corrupt))
		packet->bytes[dice_below(&wire->dice, (uint32_t)size)] ^=
			(uint8_t)(1 << dice_below(&wire->dice, 8));
	while (*link != NULL && (*link)->due <= due)
		link = &(*link)->next;
	packet->next = *link;
	*link = packet;
	wire->count++;
}

void fault_send(struct fault_wire *wire, uint64_t now, const uint8_t *bytes, size_t size)
{
	unsigned copies = 1 + hits(wire, wire->rules.duplicate);

	if (wire->rules.cut || hits(wire, wire->rules.drop))
		return;
	while (copies-- > 0) {
		uint64_t due = now + wire->rules.delay_ms;

		if (hits(wire, wire->rules.reorder))
			due += dice_below(&wire->dice, 9 * wire->rules.delay_ms + 1);
		enqueue(wire, due, bytes, size);
	}
}

uint8_t *fault_receive(struct fault_wire *wire, uint64_t now, size_t *size)
{
	struct fault_packet *packet = wire->packets;
	uint8_t *bytes;

	if (packet == NULL || packet->due > now)
		return NULL;
	wire->packets = packet->next;
	wire->count--;
	bytes = packet->bytes;
	*size = packet->size;
	free(packet);
	return bytes;
}

void fault_clear(struct fault_wire *wire)
{
	size_t size;
	uint8_t *bytes;

	while ((bytes = fault_receive(wire, UINT64_MAX, &size)) != NULL)
		free(bytes);
}
