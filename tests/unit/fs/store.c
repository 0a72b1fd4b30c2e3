#include "store.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Where the address sanitizer has nothing. */
#if UINTPTR_MAX > UINT32_MAX
#define START ((char *)0x200000000000)
#else
#define START ((char *)0x60000000)
#endif
#define RANGE (START + STORE_SIZE)

const struct memory_range store_range = { RANGE, RANGE + STORE_SIZE };
bool (*store_in_hole)(void *address, size_t size);
static struct arena arena;
static bool mapped;

void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size);

/* Pages of the range are always there: those of a child process must be seen by its successor. */
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
	if ((char *)address < store_range.start || (char *)address >= store_range.end)
		return __real_mmap(address, size, protection, flags, file, offset);
	memset(address, STORE_HOLE, size);
	if (store_in_hole != NULL && store_in_hole(address, size))
		return MAP_FAILED;
	return memset(address, protection == PROT_NONE ? STORE_RESERVED : 0, size);
}

int __wrap_munmap(void *address, size_t size)
{
	if ((char *)address < store_range.start || (char *)address >= store_range.end)
		return __real_munmap(address, size);
	memset(address, 0xdb, size);
	return 0;
}

struct arena *store_open(void)
{
	if (!mapped && __real_mmap(START, 2 * STORE_SIZE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != START)
		abort();
	mapped = true;
	if (arena_open(&arena, START, STORE_SIZE) != 0)
		abort();
	/* As after many deaths: nothing can be taken for zeros. */
	memset(START, 0xa5, 1 << 20);
	arena.used_before = true;
	return &arena;
}

struct arena *store_find(void)
{
	if (arena_open(&arena, START, STORE_SIZE) != 0)
		abort();
	return &arena;
}

void store_close(void)
{
	arena_close(&arena);
}

char *store_start(void)
{
	return START;
}
