/* Included before every source of the server: its memory comes from the kept heap (kept.h), and what the C library writes
 * for it into kept memory can be undone. */
#ifndef UNIX_KEPT_MEMORY_H
#define UNIX_KEPT_MEMORY_H
#ifndef __ASSEMBLER__

#include <stdlib.h>
#include <string.h>

void *kept_malloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *kept_calloc(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void *kept_realloc(void *block, size_t size) __attribute__((alloc_size(2)));
char *kept_strdup(const char *text) __attribute__((malloc));
char *kept_strndup(const char *text, size_t most) __attribute__((malloc));
void kept_free(void *block);

/* These bytes are about to be written by code that the compiler did not prepare for it (kept_log.c). */
void kept_note(const void *to, size_t size) __attribute__((access(none, 1)));

static inline void *kept_memcpy(void *to, const void *from, size_t size)
{
	kept_note(to, size);
	return memcpy(to, from, size);
}

static inline void *kept_memmove(void *to, const void *from, size_t size)
{
	kept_note(to, size);
	return memmove(to, from, size);
}

static inline void *kept_memset(void *to, int byte, size_t size)
{
	kept_note(to, size);
	return memset(to, byte, size);
}

static inline char *kept_strcpy(char *to, const char *from)
{
	kept_note(to, strlen(from) + 1);
	return strcpy(to, from);
}

static inline char *kept_strncpy(char *to, const char *from, size_t size)
{
	kept_note(to, size);
	return strncpy(to, from, size);
}

/* Bytes that nobody looks at before something else is stored, which says that they are there. */
static inline void *plain_memcpy(void *to, const void *from, size_t size)
{
	return memcpy(to, from, size);
}

/* Memory that dies with the task. */
static inline void *plain_malloc(size_t size)
{
	return malloc(size);
}

static inline void plain_free(void *block)
{
	free(block);
}

#define malloc kept_malloc
#define calloc kept_calloc
#define realloc kept_realloc
#define free kept_free
#undef strdup
#define strdup kept_strdup
#undef strndup
#define strndup kept_strndup
#define memcpy kept_memcpy
#define memmove kept_memmove
#define memset kept_memset
#undef strcpy
#define strcpy kept_strcpy
#undef strncpy
#define strncpy kept_strncpy

#endif
#endif
