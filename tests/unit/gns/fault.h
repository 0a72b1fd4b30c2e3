/* A wire between two ends that loses, doubles, delays, reorders and spoils what goes over it, by a seed. */
#ifndef GNS_FAULT_H
#define GNS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a thousand, unless said otherwise. */
struct fault_rules {
	unsigned drop, duplicate, reorder, corrupt;
	unsigned delay_ms; /* at least; a reordered one takes up to ten times as long */
	bool cut;	   /* nothing gets through */
};

struct fault_packet {
	uint64_t due;
	size_t size;
	uint8_t *bytes;
	struct fault_packet *next;
};

/* One direction. */
struct fault_wire {
	struct fault_rules rules;
	uint64_t dice;
	struct fault_packet *packets; /* by `due` */
	unsigned count;
};

void fault_send(struct fault_wire *wire, uint64_t now, const uint8_t *bytes, size_t size);

/* The next packet that is due, from malloc, the caller's; NULL: none. */
uint8_t *fault_receive(struct fault_wire *wire, uint64_t now, size_t *size);

void fault_clear(struct fault_wire *wire);

#endif
