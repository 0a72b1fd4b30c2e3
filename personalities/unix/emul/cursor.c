/* Moving through the program's buffers. */
#include <asm/errno.h>

#include "cursor.h"
#include "emul.h"

void cursor_of_buffer(struct cursor *cursor, uint32_t address, uint32_t size)
{
	cursor->one.iov_base = (void *)address;
	cursor->one.iov_len = size;
	cursor->vector = &cursor->one;
	cursor->count = 1;
	cursor->at = 0;
	cursor->library = 0;
}

void cursor_of_library(struct cursor *cursor, void *buffer, uint32_t size)
{
	cursor_of_buffer(cursor, (uint32_t)buffer, size);
	cursor->library = 1;
}

long cursor_of_vector(struct cursor *cursor, uint32_t vector, uint32_t count)
{
	const struct iovec *at = (const struct iovec *)vector;
	uint32_t total = 0;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	if (!emul_user_range(vector, count * sizeof *at))
		return -EFAULT;
	for (uint32_t i = 0; i < count; i++) {
		if (at[i].iov_len > INT32_MAX - total)
			return -EINVAL;
		total += at[i].iov_len;
	}
	cursor->vector = at;
	cursor->count = count;
	cursor->at = 0;
	cursor->library = 0;
	return (long)total;
}

enum direction { TO_PROGRAM, FROM_PROGRAM, ZERO, PROBE, SKIP };

/* The buffer at the cursor may have changed since it was measured: nothing is trusted. */
static uint32_t transfer(struct cursor *cursor, enum direction direction, char *with, uint32_t n)
{
	uint32_t done = 0;

	while (done < n && cursor->count > 0) {
		struct iovec buffer;
		uint32_t part, moved, address;

		if (emul_copy(&buffer, cursor->vector, sizeof buffer) != 0)
			break;
		if (cursor->at >= buffer.iov_len) {
			cursor->vector++;
			cursor->count--;
			cursor->at = 0;
			continue;
		}
		part = buffer.iov_len - cursor->at;
		if (part > n - done)
			part = n - done;
		address = (uint32_t)buffer.iov_base + cursor->at;
		if (direction != SKIP && !cursor->library && !emul_user_range(address, part))
			break;
		moved = part;
		if (direction == TO_PROGRAM)
			moved -= emul_copy((void *)address, with + done, part);
		else if (direction == FROM_PROGRAM)
			moved -= emul_copy(with + done, (void *)address, part);
		else if (direction == ZERO)
			moved -= emul_zero((void *)address, part);
		else if (direction == PROBE)
			moved -= emul_probe((void *)address, part);
		done += moved;
		cursor->at += moved;
		if (moved < part)
			break;
	}
	return done;
}

uint32_t cursor_put(struct cursor *cursor, const void *from, uint32_t n)
{
	return transfer(cursor, TO_PROGRAM, (char *)(uintptr_t)from, n);
}

uint32_t cursor_get(struct cursor *cursor, void *to, uint32_t n)
{
	return transfer(cursor, FROM_PROGRAM, to, n);
}

uint32_t cursor_zero(struct cursor *cursor, uint32_t n)
{
	return transfer(cursor, ZERO, NULL, n);
}

void cursor_skip(struct cursor *cursor, uint32_t n)
{
	(void)transfer(cursor, SKIP, NULL, n);
}

void cursor_copy(struct cursor *to, const struct cursor *from)
{
	*to = *from;
	if (to->vector == &from->one)
		to->vector = &to->one;
}

uint32_t cursor_probe(const struct cursor *cursor, uint32_t n)
{
	struct cursor ahead;

	cursor_copy(&ahead, cursor);
	return transfer(&ahead, PROBE, NULL, n);
}

uint32_t cursor_contiguous(struct cursor *cursor, uint32_t n)
{
	struct iovec buffer;
	uint32_t address;

	(void)transfer(cursor, SKIP, NULL, 0);
	if (cursor->count == 0 || emul_copy(&buffer, cursor->vector, sizeof buffer) != 0 ||
		buffer.iov_len < cursor->at || buffer.iov_len - cursor->at < n)
		return 0;
	address = (uint32_t)buffer.iov_base + cursor->at;
	return cursor->library || emul_user_range(address, n) ? address : 0;
}
