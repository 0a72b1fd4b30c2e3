/* INT 67h/57h: bytes of any length between the program's megabyte and pages that need not be seen. */
#include <string.h>

#include "ems.h"

#define LENGTH_MAX 0x100000u

/* One end of it. */
struct end {
	bool is_expanded;
	uint16_t handle;
	uint32_t at; /* linear, or from the handle's first page on */
};

static int parse(struct dos *dos, const uint8_t *p, uint32_t length, struct end *end)
{
	uint16_t offset = get16(p + 3), place = get16(p + 5);

	if (p[0] > 1)
		return EMS_TYPE;
	end->is_expanded = p[0] == 1;
	end->handle = get16(p + 1);
	if (!end->is_expanded) {
		end->at = guest_linear(place, offset);
		return end->at + length > LENGTH_MAX ? EMS_WRAP : EMS_OK;
	}
	if (!ems_find(dos, end->handle))
		return EMS_HANDLE;
	if (offset >= DOS_EMS_PAGE)
		return EMS_OFFSET;
	if (place >= ems_count(dos, end->handle))
		return EMS_LOGICAL;
	end->at = place * DOS_EMS_PAGE + offset;
	return end->at + length > ems_count(dos, end->handle) * DOS_EMS_PAGE ? EMS_REGION : EMS_OK;
}

/* Where `at` of it lies, and how much of n bytes lies together there: from there on, or (is_back) up to there. */
static uint8_t *piece(
	struct dos *dos, const struct end *end, uint32_t done, bool is_back, uint32_t *n)
{
	uint32_t at = end->at + done, left;
	int page;

	if (!end->is_expanded)
		return dos->memory + at;
	if (is_back) {
		left = (at - 1) % DOS_EMS_PAGE + 1;
		at -= *n < left ? *n : left;
	} else {
		left = DOS_EMS_PAGE - at % DOS_EMS_PAGE;
	}
	if (*n > left)
		*n = left;
	page = ems_page(dos, end->handle, (uint16_t)(at / DOS_EMS_PAGE));
	return dos->ems.memory + (uint32_t)page * DOS_EMS_PAGE + at % DOS_EMS_PAGE;
}

static void exchange(uint8_t *a, uint8_t *b, uint32_t n)
{
	while (n-- > 0) {
		uint8_t byte = *a;

		*a++ = *b;
		*b++ = byte;
	}
}

/* From the first byte on. */
static void go_up(struct dos *dos, const struct end *from, const struct end *to, uint32_t length,
	bool is_exchange)
{
	for (uint32_t done = 0, n; done < length; done += n) {
		uint8_t *a, *b;

		n = length - done;
		(void)piece(dos, from, done, false, &n);
		b = piece(dos, to, done, false, &n);
		a = piece(dos, from, done, false, &n);
		if (is_exchange)
			exchange(a, b, n);
		else
			memmove(b, a, n);
	}
}

/* From the last byte on, where the areas lie over each other. */
static void go_down(struct dos *dos, const struct end *from, const struct end *to, uint32_t length)
{
	while (length > 0) {
		uint32_t n = length;
		uint8_t *a, *b;

		(void)piece(dos, from, length, true, &n);
		b = piece(dos, to, length, true, &n);
		a = piece(dos, from, length, true, &n);
		if (!to->is_expanded)
			b -= n;
		if (!from->is_expanded)
			a -= n;
		memmove(b, a, n);
		length -= n;
	}
}

static bool overlap(const struct end *a, const struct end *b, uint32_t length)
{
	return a->is_expanded == b->is_expanded && (!a->is_expanded || a->handle == b->handle) &&
	       a->at < b->at + length && b->at < a->at + length;
}

int ems_move(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *p = dos_block(dos, cpu->ds, cpu->si, 18);
	struct end from, to;
	uint32_t length;
	int error;

	if (cpu->al > 1)
		return EMS_SUBFUNCTION;
	if (!p)
		return EMS_WRAP;
	length = get32(p);
	if (length > LENGTH_MAX)
		return EMS_LENGTH;
	error = parse(dos, p + 4, length, &from);
	if (!error)
		error = parse(dos, p + 11, length, &to);
	if (error)
		return error;
	if (!overlap(&from, &to, length)) {
		go_up(dos, &from, &to, length, cpu->al == 1);
		return EMS_OK;
	}
	if (cpu->al == 1)
		return EMS_EXCHANGE;
	if (from.at < to.at)
		go_down(dos, &from, &to, length);
	else
		go_up(dos, &from, &to, length, false);
	return EMS_OVERLAP; /* it is done */
}
