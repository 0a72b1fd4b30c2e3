#include "random.h"

static uint32_t state = 1;

void random_begin(uint32_t seed)
{
	state = seed * 2654435761u;
	state += state == 0;
}

uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

uint32_t any_number(void)
{
	static const uint32_t limits[] = { 0, 1, 2, 3, 8, 0x7f, 0xff, 0x100, 0xfff, 0x1000, 0x4000,
		0x4001, 0xffff, 0x100000, 0x100001, 0x7ffffff, 0x7fffffff, 0x80000000, 0xfffff000,
		0xfffffffe, 0xffffffff };

	switch (any(4)) {
	case 0:
		return any(0xffffffff);
	case 1:
		return any(64);
	default:
		return limits[any(sizeof limits / sizeof limits[0])];
	}
}

uint64_t any_wide(void)
{
	static const uint64_t limits[] = { 0, 1, 0xfff, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0xffc00000, 0xffbfffff, INT64_MAX, INT64_MAX - 1, INT64_MAX - 0x4000,
		(uint64_t)INT64_MIN, UINT64_MAX, UINT64_MAX - 1 };

	switch (any(4)) {
	case 0:
		return (uint64_t)any_number() << 32 | any_number();
	case 1:
		return any(100000);
	default:
		return limits[any(sizeof limits / sizeof limits[0])];
	}
}
