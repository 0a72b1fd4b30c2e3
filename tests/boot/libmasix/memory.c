/* malloc, mmap, mprotect, mremap, madvise, brk. */
#include "boot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <masix/mach.h>

#include "mach.h"
#include "vector/region.h"

static unsigned free_pages(void)
{
	vm_statistics_data_t statistics;

	CHECK(vm_statistics(mach_task_self(), &statistics) == KERN_SUCCESS);
	return (unsigned)statistics.free_count;
}

static void test_malloc(void)
{
	char *blocks[64];
	unsigned i, j, round;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < 64; i++) {
			blocks[i] = malloc(1000 + i * i * 100);
			CHECK(blocks[i] != NULL);
			memset(blocks[i], (int)i, 1000 + i * i * 100);
		}
		for (i = 0; i < 64; i++) {
			for (j = 0; j < 1000 + i * i * 100; j += 997)
				CHECK(blocks[i][j] == (char)i);
			free(blocks[i]);
		}
	}
}

static void test_mapping(void)
{
	const size_t size = 1 << 20;
	char *a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *b;

	CHECK(a != MAP_FAILED);
	memset(a, 1, size);
	CHECK(mprotect(a, size / 2, PROT_READ) == 0);
	CHECK(a[0] == 1);
	CHECK(mprotect(a, size / 2, PROT_READ | PROT_WRITE) == 0);
	b = mmap(a + 4096, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		-1, 0);
	CHECK(b == a + 4096 && b[0] == 0 && a[0] == 1 && a[12288] == 1);
	CHECK(madvise(a + 65536, 65536, MADV_DONTNEED) == 0);
	CHECK(a[65536] == 0 && a[131071] == 0 && a[131072] == 1);
	b = mremap(a, size, 2 * size, MREMAP_MAYMOVE);
	CHECK(b != MAP_FAILED && b[0] == 1 && b[size - 1] == 1 && b[2 * size - 1] == 0);
	b[size] = 2;
	CHECK(mremap(b, 2 * size, size, 0) == b);
	CHECK(munmap(b, size) == 0);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) == MAP_FAILED && errno == EBADF);
	CHECK(munmap(b + 1, size) == -1 && errno == EINVAL);
}

/* What is unmapped must come back to the system, also the tail of something larger. */
static void test_returned(void)
{
	const size_t size = 16 << 20;
	unsigned before, used, after;
	char *a;

	before = free_pages();
	a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(a != MAP_FAILED);
	memset(a, 1, size);
	used = free_pages();
	CHECK(munmap(a + 4096, size - 4096) == 0);
	after = free_pages();
	masix_log("free pages: %u, with 16 MiB in use %u, tail unmapped %u", before, used, after);
	CHECK(before - used >= size / 4096 * 9 / 10 && before - after < 64);
	CHECK(munmap(a, 4096) == 0);

	a = sbrk(0);
	CHECK(sbrk(8 << 20) == a);
	memset(a, 1, 8 << 20);
	CHECK(sbrk(-(8 << 20)) != (void *)-1);
	after = free_pages();
	CHECK(before - after < 64);
}

static void test_random(void)
{
	unsigned char a[64] = { 0 }, b[64] = { 0 };

	CHECK(getrandom(a, sizeof a, 0) == sizeof a);
	CHECK(getrandom(b, sizeof b, 0) == sizeof b);
	CHECK(memcmp(a, b, sizeof a) != 0);
}

/* Memory in objects of bounded size, as tasks that fork want it: a space of our own. */
static void test_object_size(void)
{
	struct region_space space = {
		.low = 0x60000000,
		.limit = 0x70000000,
		.heap = 0x68000000,
		.brk = 0x68000000,
		.object_size = 1 << 20,
	};
	struct region_request request = { .length = 5 << 20, .protection = 3 };
	struct region_entry entry;
	uint32_t address, at, pieces = 0, grown;

	CHECK(region_map(&space, &request, &address) == 0 && address == 0x60000000);
	memset((void *)address, 1, 5 << 20);
	for (at = address; region_find(at, &entry) && entry.address < space.heap;
		at = entry.address + entry.size) {
		CHECK(entry.size <= 1 << 20 && entry.protection == 3 && entry.inheritance == 1);
		pieces++;
	}
	CHECK(pieces == 5);
	for (grown = 0x68000000; grown < 0x68400000; grown += 0x21000) {
		CHECK(region_break(&space, grown) == grown);
		if (grown > 0x68000000)
			memset((void *)(grown - 0x21000), 1, 0x21000);
	}
	for (at = 0x68000000, pieces = 0; region_find(at, &entry) && entry.address < grown;
		at = entry.address + entry.size) {
		CHECK(entry.address == at && entry.size <= 1 << 20);
		pieces++;
	}
	CHECK(pieces == 4);
	CHECK(region_break(&space, 0x68000000) == 0x68000000);
	CHECK(region_unmap(&space, address, 5 << 20) == 0);
	CHECK(!region_find(0x60000000, &entry) || entry.address >= space.limit);
}

/* First fit from `low`; holes are found again. */
static void test_placement(void)
{
	struct region_space space = { .low = 0x60000000, .limit = 0x60010000 };
	struct region_request request = { .length = 0x4000, .protection = 3 };
	uint32_t a, b, c, d, e;

	CHECK(region_map(&space, &request, &a) == 0 && a == 0x60000000);
	CHECK(region_map(&space, &request, &b) == 0 && b == 0x60004000);
	CHECK(region_map(&space, &request, &c) == 0 && c == 0x60008000);
	CHECK(region_unmap(&space, b, 0x4000) == 0);
	request.length = 0x5000;
	CHECK(region_map(&space, &request, &d) == -ENOMEM);
	request.length = 0x1000;
	CHECK(region_map(&space, &request, &d) == 0 && d == 0x60004000);
	request.length = 0x4000;
	CHECK(region_map(&space, &request, &e) == 0 && e == 0x6000c000);
	request.length = 0x3000;
	CHECK(region_map(&space, &request, &b) == 0 && b == 0x60005000);
	CHECK(region_map(&space, &request, &d) == -ENOMEM);
	request.address = 0x60008000;
	request.flags = REGION_NO_REPLACE;
	CHECK(region_map(&space, &request, &d) == -EEXIST);
	request.flags = 0;
	CHECK(region_unmap(&space, c, 0x4000) == 0);
	CHECK(region_map(&space, &request, &d) == 0 && d == 0x60008000);
	CHECK(region_unmap(&space, 0x60000000, 0x10000) == 0);
	CHECK(region_unmap(&space, 0x60000000, 0x11000) == -EINVAL);
}

void test_memory(void)
{
	test_object_size();
	test_placement();
	test_malloc();
	test_mapping();
	test_returned();
	test_random();
	masix_log("memory done");
}
