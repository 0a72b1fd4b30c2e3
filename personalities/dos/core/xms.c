#include "xms.h"

#include <string.h>

#include "extended.h"

#define OWNER_XMS 0x0009u /* of an upper memory block: no program's PSP */

enum {
	XMS_OK,
	XMS_FUNCTION = 0x80,
	XMS_HMA_USED = 0x91,
	XMS_HMA_FREE = 0x93,
	XMS_A20_ON = 0x94,
	XMS_MEMORY = 0xa0,
	XMS_HANDLES,
	XMS_HANDLE,
	XMS_SOURCE_HANDLE,
	XMS_SOURCE_OFFSET,
	XMS_TARGET_HANDLE,
	XMS_TARGET_OFFSET,
	XMS_LENGTH,
	XMS_OVERLAP,
	XMS_UNLOCKED = 0xaa,
	XMS_LOCKED,
	XMS_LOCKS,
	XMS_UPPER_SMALLER = 0xb0,
	XMS_UPPER_NONE,
	XMS_UPPER_SEGMENT,
};

static struct dos_extended *find(struct dos *dos, uint16_t handle)
{
	struct dos_extended *b;

	if (handle < 1 || handle > DOS_EXTENDED)
		return NULL;
	b = &dos->extended[handle - 1];
	return b->use == DOS_EXTENDED_XMS ? b : NULL;
}

static int hma(struct dos *dos, bool request)
{
	if (dos->hma_used == request)
		return request ? XMS_HMA_USED : XMS_HMA_FREE;
	dos->hma_used = request;
	return XMS_OK;
}

/* Kilobytes; false: too many. */
static bool to_bytes(uint32_t kilobytes, uint32_t *bytes)
{
	*bytes = kilobytes * 1024;
	return kilobytes <= EXTENDED_MEMORY / 1024;
}

static int allocate(struct dos *dos, uint32_t kilobytes)
{
	uint32_t size;
	int block =
		to_bytes(kilobytes, &size) ? extended_allocate(dos, DOS_EXTENDED_XMS, size) : -2;

	dos->cpu.dx = (uint16_t)(block < 0 ? 0 : block + 1);
	return block == -1 ? XMS_HANDLES : block < 0 ? XMS_MEMORY : XMS_OK;
}

static int release(struct dos *dos, struct dos_extended *b)
{
	if (!b)
		return XMS_HANDLE;
	if (b->locks)
		return XMS_LOCKED;
	extended_free(dos, (int)(b - dos->extended));
	return XMS_OK;
}

static int resize(struct dos *dos, struct dos_extended *b, uint32_t kilobytes)
{
	uint32_t size;

	if (!b)
		return XMS_HANDLE;
	if (b->locks)
		return XMS_LOCKED;
	return to_bytes(kilobytes, &size) && extended_resize(dos, (int)(b - dos->extended), size)
		       ? XMS_OK
		       : XMS_MEMORY;
}

static int lock(struct dos *dos, struct dos_extended *b, bool on)
{
	uint32_t linear;

	if (!b)
		return XMS_HANDLE;
	if (!on) {
		if (!b->locks)
			return XMS_UNLOCKED;
		b->locks--;
		return XMS_OK;
	}
	if (b->locks == 255)
		return XMS_LOCKS;
	b->locks++;
	linear = extended_linear(dos, (int)(b - dos->extended));
	dos->cpu.dx = (uint16_t)(linear >> 16);
	dos->cpu.bx = (uint16_t)linear;
	return XMS_OK;
}

static unsigned free_handles(const struct dos *dos)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DOS_EXTENDED; i++)
		n += dos->extended[i].use == DOS_EXTENDED_FREE;
	return n;
}

static int information(struct dos *dos, const struct dos_extended *b, bool is_long)
{
	if (!b)
		return XMS_HANDLE;
	dos->cpu.bh = (uint8_t)b->locks;
	if (is_long) {
		dos->cpu.cx = (uint16_t)free_handles(dos);
		dos->cpu.edx = b->size / 1024;
	} else {
		dos->cpu.bl = (uint8_t)free_handles(dos);
		dos->cpu.dx = (uint16_t)(b->size / 1024);
	}
	return XMS_OK;
}

/* One end of a move: of a block, or, with handle 0, segment:offset. */
static uint8_t *end_of_move(
	struct dos *dos, const uint8_t *end, uint32_t n, int handle_error, int *error)
{
	uint16_t handle = get16(end);
	uint32_t offset = get32(end + 2);
	const struct dos_extended *b;
	uint8_t *at;

	if (handle) {
		b = find(dos, handle);
		if (!b) {
			*error = handle_error;
			return NULL;
		}
		at = offset <= b->size && n <= b->size - offset ? b->memory + offset : NULL;
	} else {
		at = dos_block(dos, (uint16_t)(offset >> 16), (uint16_t)offset, n);
	}
	if (!at)
		*error = handle_error + 1;
	return at;
}

static int move(struct dos *dos)
{
	const uint8_t *block = dos_block(dos, dos->cpu.ds, dos->cpu.si, 16);
	const uint8_t *from;
	uint8_t *to;
	uint32_t n;
	int error = XMS_LENGTH;

	if (!block)
		return error;
	n = get32(block);
	if (n & 1)
		return error;
	from = end_of_move(dos, block + 4, n, XMS_SOURCE_HANDLE, &error);
	to = from ? end_of_move(dos, block + 10, n, XMS_TARGET_HANDLE, &error) : NULL;
	if (!to)
		return error;
	memmove(to, from, n);
	return XMS_OK;
}

static int upper_allocate(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t segment, largest = 0;
	int error = arena_allocate(&dos->upper, OWNER_XMS, cpu->dx, &segment, &largest);

	if (error) {
		cpu->dx = largest;
		return largest ? XMS_UPPER_SMALLER : XMS_UPPER_NONE;
	}
	cpu->bx = segment;
	cpu->dx = arena_size(&dos->upper, segment);
	return XMS_OK;
}

static int upper_resize(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	uint16_t largest = 0, size = arena_size(&dos->upper, cpu->dx);
	int error = arena_resize(&dos->upper, cpu->dx, cpu->bx, &largest), ignored;

	if (error != DOS_E_MEMORY)
		return error ? XMS_UPPER_SEGMENT : XMS_OK;
	/* Unlike DOS, it stays as large as it was. */
	ignored = arena_resize(&dos->upper, cpu->dx, size, &size);
	(void)ignored;
	cpu->dx = largest;
	return XMS_UPPER_SMALLER;
}

static int query_free(struct dos *dos, bool is_long)
{
	uint32_t left = extended_left(dos) / 1024;

	if (is_long) {
		dos->cpu.eax = dos->cpu.edx = left;
		dos->cpu.ecx = GUEST_MEMORY + EXTENDED_MEMORY - 1;
	} else {
		dos->cpu.ax = dos->cpu.dx = (uint16_t)(left > 0xffff ? 0xffff : left);
	}
	dos->cpu.bl = left ? XMS_OK : XMS_MEMORY;
	return -1;
}

/* An error code, or -1: the registers are set already. */
static int serve(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	switch (cpu->ah) {
	case 0x00:
		cpu->ax = 0x0300;
		cpu->bx = 0x0001;
		cpu->dx = 1; /* there is a high memory area */
		return -1;
	case 0x01:
		return hma(dos, true);
	case 0x02:
		return hma(dos, false);
	case 0x03: /* A20 is on, and stays so */
	case 0x05:
		return XMS_OK;
	case 0x04:
	case 0x06:
		return XMS_A20_ON;
	case 0x07:
		cpu->ax = 1;
		cpu->bl = XMS_OK;
		return -1;
	case 0x08:
	case 0x88:
		return query_free(dos, cpu->ah == 0x88);
	case 0x09:
		return allocate(dos, cpu->dx);
	case 0x89:
		return allocate(dos, cpu->edx);
	case 0x0a:
		return release(dos, find(dos, cpu->dx));
	case 0x0b:
		return move(dos);
	case 0x0c:
	case 0x0d:
		return lock(dos, find(dos, cpu->dx), cpu->ah == 0x0c);
	case 0x0e:
	case 0x8e:
		return information(dos, find(dos, cpu->dx), cpu->ah == 0x8e);
	case 0x0f:
		return resize(dos, find(dos, cpu->dx), cpu->bx);
	case 0x8f:
		return resize(dos, find(dos, cpu->dx), cpu->ebx);
	case 0x10:
		return upper_allocate(dos);
	case 0x11:
		return arena_free(&dos->upper, cpu->dx) ? XMS_UPPER_SEGMENT : XMS_OK;
	case 0x12:
		return upper_resize(dos);
	default:
		return XMS_FUNCTION;
	}
}

void xms_call(struct dos *dos)
{
	int error = serve(dos);

	if (error < 0)
		return;
	dos->cpu.ax = error == XMS_OK;
	if (error)
		dos->cpu.bl = (uint8_t)error;
}

static uint32_t base_of(const uint8_t *descriptor)
{
	return (get32(descriptor + 2) & 0xffffff) | (uint32_t)descriptor[7] << 24;
}

void xms_move_words(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *table = dos_block(dos, cpu->es, cpu->si, 0x30), *from = NULL;
	uint32_t n = 2u * cpu->cx;
	uint8_t *to = NULL;

	/* Words, and the limits must allow that many. */
	if (table && cpu->cx <= 0x8000 && get16(table + 0x10) + 1u >= n &&
		get16(table + 0x18) + 1u >= n) {
		from = extended_at(dos, base_of(table + 0x10), n);
		to = extended_at(dos, base_of(table + 0x18), n);
	}
	if (from && to) {
		memmove(to, from, n);
		cpu->ah = 0;
		cpu->flags = (uint16_t)((cpu->flags & ~FLAG_CARRY) | FLAG_ZERO);
	} else {
		cpu->ah = 2; /* the processor would have told of an exception */
		cpu->flags = (uint16_t)((cpu->flags | FLAG_CARRY) & ~FLAG_ZERO);
	}
}
