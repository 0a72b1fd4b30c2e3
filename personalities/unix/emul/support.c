/* What the rest of the library stands on: locks, memory functions, the log. */
#include "emul.h"
#include "process.h"
#include "vector/bytes.h"
#include "vector/lock.h"
#include <masix/error.h>

_Static_assert(sizeof(struct emul_lock) == sizeof(struct vector_lock), "one word");

void emul_lock(struct emul_lock *lock)
{
	vector_lock((struct vector_lock *)lock);
}

void emul_unlock(struct emul_lock *lock)
{
	vector_unlock((struct vector_lock *)lock);
}

void *memcpy(void *to, const void *from, size_t n)
{
	return vector_copy(to, from, n);
}

void *memset(void *to, int c, size_t n)
{
	return vector_fill(to, c, n);
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = (char *)to + n;
	const char *f = (const char *)from + n;

	if ((uint32_t)to - (uint32_t)from >= n)
		return vector_copy(to, from, n);
	while (n--)
		*--t = *--f;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

void emul_log(const char *text, uint32_t number)
{
	masix_name_t line;
	char digits[12];
	uint32_t length = 0, at = 0;
	unsigned n = 0;

	for (; *text && at < 150; text++)
		line[at++] = *text;
	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (n)
		line[at++] = digits[--n];
	line[at++] = ' ';
	line[at++] = '(';
	for (length = 0; length < sizeof emul_process.comm && emul_process.comm[length]; length++)
		line[at++] = emul_process.comm[length];
	line[at++] = ')';
	(void)process_log(EMUL_PORT_PROCESS, line, at);
}

long emul_private_call(uint32_t which);

/* For programs that speak Mach (libmasix_client) and for benchmarks: 0 = a right for ACS, which the
 * caller owns; 1 = its own process port; 2 = how many messages the process has sent. */
long emul_private_call(uint32_t which)
{
	mach_port_t port;
	long result;

	if (which == 1)
		return EMUL_PORT_PROCESS;
	if (which == 2)
		return (long)(vector_task.messages & 0x7fffffff);
	result = emul_result(process_acs(EMUL_PORT_PROCESS, &port));
	return result ? result : (long)port;
}
