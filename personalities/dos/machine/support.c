/* What the compiler and the core expect of a C library. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vector/bytes.h"

void *memcpy(void *to, const void *from, size_t n)
{
	return vector_copy(to, from, n);
}

void *memset(void *to, int byte, size_t n)
{
	return vector_fill(to, byte, n);
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = (char *)to + n;
	const char *f = (const char *)from + n;

	if ((uintptr_t)to - (uintptr_t)from >= n)
		return vector_copy(to, from, n);
	while (n-- > 0)
		*--t = *--f;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n > 0; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *at = s;

	for (; n > 0; n--, at++)
		if (*at == (unsigned char)c)
			return (void *)(uintptr_t)at;
	return NULL;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

size_t strnlen(const char *s, size_t most)
{
	size_t n = 0;

	while (n < most && s[n] != '\0')
		n++;
	return n;
}

char *strcpy(char *to, const char *from)
{
	return memcpy(to, from, strlen(from) + 1);
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (*s == '\0')
			return NULL;
	return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (; *s != '\0'; s++)
		if (*s == (char)c)
			found = s;
	return (char *)(uintptr_t)found;
}

int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	while (n > 0 && *a != '\0' && *a == *b) {
		a++;
		b++;
		n--;
	}
	return n > 0 ? (unsigned char)*a - (unsigned char)*b : 0;
}

size_t strcspn(const char *s, const char *reject)
{
	size_t n = 0;

	while (s[n] != '\0' && strchr(reject, s[n]) == NULL)
		n++;
	return n;
}
