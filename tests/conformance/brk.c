/* The heap: brk, and malloc on top of it. */
#include "check.h"

#include <setjmp.h>
#include <sys/mman.h>

#define PAGE 4096

static sigjmp_buf escape;

static void leave(int number)
{
	siglongjmp(escape, number);
}

static int faults(volatile char *address)
{
	set_handler(SIGSEGV, leave, 0);
	if (sigsetjmp(escape, 1))
		return 1;
	/* cppcheck-suppress selfAssignment; the access is what is tested */
	*address = *address;
	return 0;
}

/* The system call itself, which returns the end of the heap whether or not it moved. */
static char *set_end(const char *end)
{
	return (char *)syscall(SYS_brk, end);
}

static char *page_end(void)
{
	return set_end((char *)(((uintptr_t)set_end(NULL) + PAGE - 1) / PAGE * PAGE));
}

CASE(asking_returns_the_end)
{
	char *end = set_end(NULL);

	CHECK(end != NULL);
	CHECK(set_end(NULL) == end);
	CHECK(set_end((char *)1) == end);
	CHECK(set_end((char *)0xfffff000) == end);
}

CASE(grows_with_zeros)
{
	char *end = page_end();

	CHECK(set_end(end + 20 * PAGE) == end + 20 * PAGE);
	for (int i = 0; i < 20 * PAGE; i++)
		EQUAL(end[i], 0);
	memset(end, 'x', 20 * PAGE);
	CHECK(faults(end + 20 * PAGE));
}

CASE(shrinks_and_grows_again_with_zeros)
{
	char *end = page_end();

	CHECK(set_end(end + 4 * PAGE) == end + 4 * PAGE);
	memset(end, 'x', 4 * PAGE);
	CHECK(set_end(end + PAGE) == end + PAGE);
	CHECK(faults(end + PAGE));
	EQUAL(end[PAGE - 1], 'x');
	CHECK(set_end(end + 4 * PAGE) == end + 4 * PAGE);
	EQUAL(end[PAGE], 0);
	EQUAL(end[4 * PAGE - 1], 0);
}

CASE(any_byte_can_be_the_end)
{
	char *end = page_end();

	CHECK(set_end(end + 1) == end + 1);
	end[0] = 1;
	CHECK(set_end(end + PAGE + 17) == end + PAGE + 17);
	end[PAGE + 16] = 1;
	EQUAL(end[0], 1);
}

CASE(does_not_run_into_a_mapping)
{
	char *end = page_end();
	char *wall = OK(mmap(
		end + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));

	CHECK(wall == end + 4 * PAGE);
	CHECK(set_end(end + 8 * PAGE) == end);
	CHECK(set_end(end + 2 * PAGE) == end + 2 * PAGE);
	EQUAL(*wall, 0);
}

CASE(is_copied_by_fork)
{
	char *end = page_end();
	pid_t child;

	CHECK(set_end(end + PAGE) == end + PAGE);
	end[0] = 'p';
	child = OK(fork());
	if (child == 0) {
		CHECK(set_end(NULL) == end + PAGE);
		CHECK(set_end(end + 3 * PAGE) == end + 3 * PAGE);
		end[0] = end[2 * PAGE] = 'c';
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(end[0], 'p');
	CHECK(set_end(NULL) == end + PAGE);
}

CASE(sixteen_mebibytes)
{
	char *end = page_end();

	for (int i = 1; i <= 64; i++) {
		CHECK(set_end(end + i * 64 * PAGE) == end + i * 64 * PAGE);
		end[i * 64 * PAGE - 1] = (char)i;
	}
	for (int i = 1; i <= 64; i++)
		EQUAL(end[i * 64 * PAGE - 1], i);
	CHECK(set_end(end) == end);
}

CASE(sbrk)
{
	char *before = sbrk(0);

	CHECK(sbrk(1000) == before);
	CHECK(sbrk(-1000) == before + 1000);
	CHECK(sbrk(0) == before);
}

CASE(malloc_of_all_sizes)
{
	enum { BLOCKS = 300 };
	static unsigned char *blocks[BLOCKS];
	static size_t sizes[BLOCKS];
	uint32_t random = 1;

	for (int i = 0; i < 5000; i++) {
		int at;

		random = random * 1664525 + 1013904223;
		at = (int)(random >> 16) % BLOCKS;
		if (blocks[at]) {
			EQUAL(blocks[at][0], (unsigned char)at);
			EQUAL(blocks[at][sizes[at] - 1], (unsigned char)at);
			free(blocks[at]);
		}
		sizes[at] = 1 + (random >> 8) % (i % 50 == 0 ? 400000 : 2000);
		blocks[at] = malloc(sizes[at]);
		CHECK(blocks[at]);
		memset(blocks[at], at, sizes[at]);
	}
}
