#include "psp.h"

#include <string.h>

static void set_vectors(struct dos *dos, uint8_t *psp)
{
	memcpy(psp + PSP_END, dos->memory + 4 * 0x22, 12); /* 22h, 23h and 24h lie side by side */
}

void psp_create(
	struct dos *dos, uint16_t segment, uint16_t parent, uint16_t environment, uint16_t top)
{
	uint8_t *p = dos_at(dos, segment, 0);

	memset(p, 0, 0x100);
	p[PSP_INT20] = 0xcd;
	p[PSP_INT20 + 1] = 0x20;
	put16(p + PSP_TOP, top);
	p[PSP_CALL] = 0x9a;
	put_far(p + PSP_CALL + 1, SEGMENT_ROM, ROM_HANDLERS + 4 * ROM_ENTRY_CPM);
	set_vectors(dos, p);
	put16(p + PSP_PARENT, parent == 0xffff ? segment : parent);
	memset(p + PSP_FILES, 0xff, PSP_FILES_COUNT);
	put16(p + PSP_ENVIRONMENT, environment);
	put16(p + PSP_HANDLES, PSP_FILES_COUNT);
	put_far(p + PSP_TABLE, segment, PSP_FILES);
	put32(p + 0x38, 0xffffffff);
	p[PSP_VERSION] = dos->version_major;
	p[PSP_VERSION + 1] = dos->version_minor;
	p[PSP_INT21] = 0xcd;
	p[PSP_INT21 + 1] = 0x21;
	p[PSP_INT21 + 2] = 0xcb;
	memset(p + PSP_FCB1 + 1, ' ', 11);
	memset(p + PSP_FCB2 + 1, ' ', 11);
	p[PSP_TAIL + 1] = '\r';
}

void psp_copy(struct dos *dos, uint16_t segment)
{
	uint8_t *p = dos_at(dos, segment, 0);

	memmove(p, dos_at(dos, dos->psp, 0), 0x100);
	set_vectors(dos, p);
}

void psp_set_tail(struct dos *dos, uint16_t segment, const uint8_t *tail, unsigned length)
{
	uint8_t *p = dos_at(dos, segment, PSP_TAIL);

	if (length > 126)
		length = 126;
	p[0] = (uint8_t)length;
	memcpy(p + 1, tail, length);
	p[1 + length] = '\r';
}
