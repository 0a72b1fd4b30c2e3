/* The processor and the low megabyte of a DOS machine, as the services see them.  Nothing that a program puts there is
 * believed: lengths and segments are checked by guest_block. */
#ifndef DOS_GUEST_H
#define DOS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_MEMORY 0x110000u /* with the high memory area above the megabyte */

#define FLAG_CARRY 0x0001u
#define FLAG_PARITY 0x0004u
#define FLAG_ZERO 0x0040u
#define FLAG_TRACE 0x0100u
#define FLAG_INTERRUPT 0x0200u
#define FLAG_DIRECTION 0x0400u

struct cpu {
	union {
		uint32_t eax;
		uint16_t ax;
		struct {
			uint8_t al, ah;
		};
	};
	union {
		uint32_t ebx;
		uint16_t bx;
		struct {
			uint8_t bl, bh;
		};
	};
	union {
		uint32_t ecx;
		uint16_t cx;
		struct {
			uint8_t cl, ch;
		};
	};
	union {
		uint32_t edx;
		uint16_t dx;
		struct {
			uint8_t dl, dh;
		};
	};
	union {
		uint32_t esi;
		uint16_t si;
	};
	union {
		uint32_t edi;
		uint16_t di;
	};
	union {
		uint32_t ebp;
		uint16_t bp;
	};
	union {
		uint32_t esp;
		uint16_t sp;
	};
	union {
		uint32_t eip;
		uint16_t ip;
	};
	union {
		uint32_t eflags; /* with the program's own interrupt flag */
		uint16_t flags;
	};
	uint16_t cs, ds, es, fs, gs, ss;
	bool is_protected; /* these are selectors (dpmi.h) */
};

static inline uint32_t guest_linear(uint16_t segment, uint16_t offset)
{
	return ((uint32_t)segment << 4) + offset;
}

/* n bytes from segment:offset on, or NULL: they are not all there. */
static inline uint8_t *guest_block(uint8_t *memory, uint16_t segment, uint16_t offset, uint32_t n)
{
	uint32_t at = guest_linear(segment, offset);

	return n <= GUEST_MEMORY - at ? memory + at : NULL;
}

/* The highest address that segment:offset can name has 16 bytes behind it. */
static inline uint8_t *guest_at(uint8_t *memory, uint16_t segment, uint16_t offset)
{
	return memory + guest_linear(segment, offset);
}

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static inline void put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static inline void put32(uint8_t *p, uint32_t value)
{
	put16(p, (uint16_t)value);
	put16(p + 2, (uint16_t)(value >> 16));
}

static inline void put_far(uint8_t *p, uint16_t segment, uint16_t offset)
{
	put16(p, offset);
	put16(p + 2, segment);
}

#endif
