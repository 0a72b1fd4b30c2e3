#include "extended.h"

#include <string.h>

#define PAGE 4096u

static uint32_t whole(uint32_t size)
{
	return (size + PAGE - 1) & ~(PAGE - 1);
}

uint32_t extended_left(const struct dos *dos)
{
	uint32_t used = 0;

	for (unsigned i = 0; i < DOS_EXTENDED; i++)
		used += whole(dos->extended[i].size);
	return EXTENDED_MEMORY - used;
}

static uint8_t *take(struct dos *dos, uint32_t size)
{
	return size <= extended_left(dos) ? dos->world->allocate(dos->world->context, whole(size))
					  : NULL;
}

static void give(struct dos *dos, const struct dos_extended *b)
{
	if (b->memory)
		dos->world->free(dos->world->context, b->memory, whole(b->size));
}

int extended_allocate(struct dos *dos, enum dos_extended_use use, uint32_t size)
{
	for (int i = 0; i < DOS_EXTENDED; i++) {
		struct dos_extended *b = &dos->extended[i];

		if (b->use != DOS_EXTENDED_FREE)
			continue;
		*b = (struct dos_extended){ .use = use };
		if (size && !(b->memory = take(dos, size))) {
			b->use = DOS_EXTENDED_FREE;
			return -2;
		}
		b->size = size;
		return i;
	}
	return -1;
}

void extended_free(struct dos *dos, int block)
{
	give(dos, &dos->extended[block]);
	dos->extended[block] = (struct dos_extended){ .use = DOS_EXTENDED_FREE };
}

void extended_free_all(struct dos *dos, enum dos_extended_use use)
{
	for (int i = 0; i < DOS_EXTENDED; i++)
		if (dos->extended[i].use == use)
			extended_free(dos, i);
}

bool extended_resize(struct dos *dos, int block, uint32_t size)
{
	struct dos_extended *b = &dos->extended[block], was = *b;

	if (size > EXTENDED_MEMORY || (size && !(b->memory = take(dos, size)))) {
		*b = was;
		return false;
	}
	if (!size)
		b->memory = NULL;
	b->size = size;
	if (was.memory && size)
		memcpy(b->memory, was.memory, was.size < size ? was.size : size);
	give(dos, &was);
	return true;
}

uint32_t extended_linear(const struct dos *dos, int block)
{
	return (uint32_t)(uintptr_t)dos->extended[block].memory;
}

uint8_t *extended_at(struct dos *dos, uint32_t linear, uint32_t n)
{
	if (linear < GUEST_MEMORY)
		return n <= GUEST_MEMORY - linear ? dos->memory + linear : NULL;
	for (int i = 0; i < DOS_EXTENDED; i++) {
		uint32_t at = linear - extended_linear(dos, i);

		if (dos->extended[i].memory && at < dos->extended[i].size &&
			n <= dos->extended[i].size - at)
			return dos->extended[i].memory + at;
	}
	return NULL;
}
