/* Mapped memory: anonymous and of files, private and shared, protection, growing and moving. */
#include "check.h"

#include <setjmp.h>
#include <sys/mman.h>

#define PAGE 4096

static sigjmp_buf escape;
static volatile int fault_signal, fault_code;
static void *volatile fault_address;

static void note_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	fault_signal = number;
	fault_code = info->si_code;
	fault_address = info->si_addr;
	siglongjmp(escape, 1);
}

/* The signal that touching gives, 0 if none. */
static int touch(volatile char *address, int write)
{
	set_info_handler(SIGSEGV, note_fault, 0);
	set_info_handler(SIGBUS, note_fault, 0);
	fault_signal = 0;
	if (sigsetjmp(escape, 1) == 0) {
		char byte = *address;

		if (write)
			*address = byte;
	}
	if (fault_signal)
		CHECK(fault_address == address);
	return fault_signal;
}

static char *map_anonymous(size_t size, int protection, int flags)
{
	return OK(mmap(NULL, size, protection, flags | MAP_ANONYMOUS, -1, 0));
}

static char *map_private(size_t size)
{
	return map_anonymous(size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

/* A file of that many pages; every byte of page n is 'a' + n. */
static int open_pages(int pages, int flags)
{
	char page[PAGE];
	int fd = OK(open("file", O_RDWR | O_CREAT | O_TRUNC, 0644));

	for (int i = 0; i < pages; i++) {
		memset(page, 'a' + i, PAGE);
		EQUAL(write(fd, page, PAGE), PAGE);
	}
	OK(close(fd));
	return OK(open("file", flags));
}

CASE(anonymous_memory_is_zero_and_writable)
{
	char *area = map_private(64 * PAGE);

	for (int i = 0; i < 64 * PAGE; i++)
		EQUAL(area[i], 0);
	memset(area, 1, 64 * PAGE);
	EQUAL((uintptr_t)area % PAGE, 0);
	OK(munmap(area, 64 * PAGE));
	EQUAL(touch(area, 0), SIGSEGV);
	EQUAL(fault_code, SEGV_MAPERR);
}

CASE(sizes_are_rounded_up)
{
	char *area = map_private(1);

	area[PAGE - 1] = 1;
	EQUAL(touch(area, 1), 0);
	OK(munmap(area, 1));
	EQUAL(touch(area + PAGE - 1, 0), SIGSEGV);
}

CASE(bad_arguments)
{
	int reading, writing;

	FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(mmap((void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0), EBADF);
	reading = open_pages(1, O_RDONLY);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reading, 100), EINVAL);
	FAILS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reading, 0), EACCES);
	OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reading, 0));
	writing = OK(open("file", O_WRONLY));
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writing, 0), EACCES);
	FAILS(munmap((void *)1, PAGE), EINVAL);
	FAILS(munmap((void *)PAGE, 0), EINVAL);
	FAILS(mmap(NULL, 0xf0000000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
}

CASE(what_cannot_be_mapped)
{
	int ends[2], folder = OK(open(".", O_RDONLY));

	OK(pipe(ends));
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0), ENODEV);
}

CASE(fixed_replaces_what_was_there)
{
	char *area = map_private(4 * PAGE), *got;
	int fd = open_pages(1, O_RDONLY);

	memset(area, 'x', 4 * PAGE);
	got = OK(mmap(area + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CHECK(got == area + PAGE);
	EQUAL(area[PAGE - 1], 'x');
	EQUAL(area[PAGE], 0);
	EQUAL(area[2 * PAGE], 'x');
	got = OK(mmap(area + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0));
	EQUAL(area[2 * PAGE], 'a');
	EQUAL(area[3 * PAGE], 'x');
}

CASE(fixed_without_replacing)
{
	char *area = map_private(PAGE), *got;

	FAILS(mmap(area, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	OK(munmap(area, PAGE));
	got = OK(mmap(area, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	CHECK(got == area);
}

CASE(hint_is_used_when_free)
{
	char *area = map_private(16 * PAGE), *got;

	OK(munmap(area, 16 * PAGE));
	got = OK(mmap(area + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(got == area + 4 * PAGE);
	got = OK(mmap(area + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(got != area + 4 * PAGE);
}

CASE(unmapping_the_middle)
{
	char *area = map_private(5 * PAGE);

	memset(area, 'x', 5 * PAGE);
	OK(munmap(area + 2 * PAGE, PAGE));
	EQUAL(touch(area + 2 * PAGE - 1, 0), 0);
	EQUAL(touch(area + 2 * PAGE, 0), SIGSEGV);
	EQUAL(touch(area + 3 * PAGE - 1, 0), SIGSEGV);
	EQUAL(touch(area + 3 * PAGE, 0), 0);
	/* What is not mapped may be unmapped. */
	OK(munmap(area, 5 * PAGE));
	OK(munmap(area, 5 * PAGE));
}

CASE(many_small_ones)
{
	static char *areas[500];

	for (int i = 0; i < 500; i++) {
		areas[i] = map_anonymous(PAGE * (1 + (size_t)i % 3), i % 2 ? PROT_READ : PROT_READ | PROT_WRITE,
					 MAP_PRIVATE);
		for (int j = 0; j < i; j += 37)
			CHECK(areas[i] != areas[j]);
	}
	for (int i = 0; i < 500; i++)
		OK(munmap(areas[i], PAGE * (1 + (size_t)i % 3)));
}

CASE(repeated_mapping_does_not_use_up_memory)
{
	for (int i = 0; i < 200; i++) {
		char *area = map_private(8 << 20);

		memset(area, 1, 256 * 1024);
		area[(8 << 20) - 1] = 1;
		OK(munmap(area, 8 << 20));
	}
}

/* --- Files --------------------------------------------------------------------------------------- */

CASE(file_contents)
{
	int fd = open_pages(5, O_RDONLY);
	char *area = OK(mmap(NULL, 5 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0)), *part;

	part = OK(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 3 * PAGE));
	OK(close(fd));
	for (int i = 0; i < 5 * PAGE; i++)
		EQUAL(area[i], 'a' + i / PAGE);
	EQUAL(part[0], 'd');
	EQUAL(part[2 * PAGE - 1], 'e');
}

CASE(last_page_is_filled_with_zeros)
{
	char *area;
	int fd;

	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDWR));
	area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	EQUAL(area[4], '5');
	EQUAL(area[5], 0);
	EQUAL(area[PAGE - 1], 0);
	/* What is written behind the end never reaches the file. */
	area[5] = 'x';
	OK(msync(area, PAGE, MS_SYNC));
	EQUAL(lseek(fd, 0, SEEK_END), 5);
}

CASE(behind_the_end_of_the_file)
{
	int fd = open_pages(1, O_RDWR);
	char *area = OK(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	EQUAL(touch(area, 1), 0);
	EQUAL(touch(area + PAGE, 0), SIGBUS);
	EQUAL(fault_code, BUS_ADRERR);
	EQUAL(touch(area + 2 * PAGE, 1), SIGBUS);
	OK(ftruncate(fd, 2 * PAGE));
	EQUAL(touch(area + PAGE, 1), 0);
	EQUAL(area[PAGE], 0);
}

CASE(truncated_while_mapped)
{
	int fd = open_pages(3, O_RDWR);
	char *area = OK(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	EQUAL(area[2 * PAGE], 'c');
	OK(ftruncate(fd, PAGE + 10));
	EQUAL(touch(area + 2 * PAGE, 0), SIGBUS);
	EQUAL(area[PAGE + 9], 'b');
	EQUAL(area[PAGE + 10], 0);
	OK(ftruncate(fd, 3 * PAGE));
	EQUAL(touch(area + 2 * PAGE, 0), 0);
	EQUAL(area[2 * PAGE], 0);
}

CASE(private_changes_stay_private)
{
	char text[4];
	int fd = open_pages(2, O_RDWR);
	char *area = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));

	area[0] = 'X';
	EQUAL(pread(fd, text, 4, 0), 4);
	EQUAL(text[0], 'a');
	EQUAL(area[1], 'a');
	/* What was written is kept, whatever happens to the file. */
	EQUAL(pwrite(fd, "YYYY", 4, 0), 4);
	EQUAL(area[0], 'X');
	EQUAL(area[1], 'a');
}

CASE(shared_changes_reach_the_file)
{
	char text[4];
	int fd = open_pages(2, O_RDWR);
	char *area = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	memcpy(area + PAGE - 2, "1234", 4);
	EQUAL(pread(fd, text, 4, PAGE - 2), 4);
	CHECK(!memcmp(text, "1234", 4));
	OK(munmap(area, 2 * PAGE));
	OK(close(fd));
	fd = OK(open("file", O_RDONLY));
	EQUAL(pread(fd, text, 4, PAGE - 2), 4);
	CHECK(!memcmp(text, "1234", 4));
}

CASE(writes_are_seen_in_shared_mappings)
{
	int fd = open_pages(2, O_RDWR);
	char *one = OK(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	char *two = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	EQUAL(one[0], 'a');
	EQUAL(pwrite(fd, "12345678", 8, PAGE - 4), 8);
	CHECK(!memcmp(one + PAGE - 4, "12345678", 8));
	two[5] = 'T';
	EQUAL(one[5], 'T');
}

CASE(shared_file_between_processes)
{
	int fd = open_pages(1, O_RDWR);
	struct gate go = gate_new();
	pid_t child = OK(fork());
	char *area;

	if (child == 0) {
		/* Opened and mapped apart from the parent. */
		fd = OK(open("file", O_RDWR));
		area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
		gate_pass(go);
		EQUAL(area[0], 'P');
		area[1] = 'C';
		_exit(0);
	}
	area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	area[0] = 'P';
	gate_open(go);
	EXITS(child, 0);
	EQUAL(area[1], 'C');
}

CASE(removed_file_stays_mapped)
{
	int fd = open_pages(2, O_RDWR);
	char *area = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	OK(close(fd));
	OK(unlink("file"));
	EQUAL(area[PAGE], 'b');
	area[PAGE] = 'x';
	EQUAL(area[PAGE], 'x');
	OK(munmap(area, 2 * PAGE));
}

CASE(growing_a_mapped_file)
{
	enum { PAGES = 200 };
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));
	char *area = OK(mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)), text[4];

	OK(ftruncate(fd, PAGES * PAGE));
	for (int i = 0; i < PAGES; i++)
		memcpy(area + i * PAGE + 100, &i, sizeof i);
	OK(msync(area, PAGES * PAGE, MS_SYNC));
	for (int i = 0; i < PAGES; i++) {
		EQUAL(pread(fd, text, 4, i * PAGE + 100), 4);
		CHECK(!memcmp(text, &i, 4));
	}
}

CASE(msync_arguments)
{
	char *area = map_private(2 * PAGE);

	OK(msync(area, 2 * PAGE, MS_SYNC));
	OK(msync(area, 2 * PAGE, MS_ASYNC));
	FAILS(msync(area, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	FAILS(msync(area + 1, PAGE, MS_SYNC), EINVAL);
	OK(munmap(area + PAGE, PAGE));
	FAILS(msync(area, 2 * PAGE, MS_SYNC), ENOMEM);
}

/* --- Relatives ----------------------------------------------------------------------------------- */

CASE(shared_memory_of_relatives)
{
	volatile int *numbers = (int *)map_anonymous(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t child;

	numbers[0] = 1;
	child = OK(fork());
	if (child == 0) {
		pid_t grandchild = OK(fork());

		EQUAL(numbers[0], 1);
		if (grandchild == 0) {
			/* A page that nobody touched before the forks. */
			numbers[PAGE / 4] = 3;
			_exit(0);
		}
		EXITS(grandchild, 0);
		numbers[1] = 2;
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(numbers[1], 2);
	EQUAL(numbers[PAGE / 4], 3);
}

CASE(private_file_pages_of_relatives)
{
	int fd = open_pages(1, O_RDONLY);
	char *area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	struct gate go = gate_new();
	pid_t child;

	area[0] = '1';
	child = OK(fork());
	if (child == 0) {
		gate_pass(go);
		EQUAL(area[0], '1');
		EQUAL(area[1], 'a');
		area[2] = '3';
		_exit(0);
	}
	area[0] = area[1] = '2';
	gate_open(go);
	EXITS(child, 0);
	EQUAL(area[2], 'a');
}

CASE(atomic_counting_in_shared_memory)
{
	enum { PROCESSES = 4, TIMES = 20000 };
	int *counter = (int *)map_anonymous(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t children[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			for (int j = 0; j < TIMES; j++)
				__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		EXITS(children[i], 0);
	EQUAL(*counter, PROCESSES * TIMES);
}

/* --- Protection ---------------------------------------------------------------------------------- */

CASE(protection_changes)
{
	char *area = map_private(3 * PAGE);

	memset(area, 'x', 3 * PAGE);
	OK(mprotect(area + PAGE, PAGE, PROT_READ));
	EQUAL(touch(area + PAGE, 0), 0);
	EQUAL(touch(area + PAGE, 1), SIGSEGV);
	EQUAL(fault_code, SEGV_ACCERR);
	EQUAL(touch(area, 1), 0);
	EQUAL(touch(area + 2 * PAGE, 1), 0);
	OK(mprotect(area + PAGE, PAGE, PROT_NONE));
	EQUAL(touch(area + PAGE, 0), SIGSEGV);
	EQUAL(fault_code, SEGV_ACCERR);
	OK(mprotect(area, 3 * PAGE, PROT_READ | PROT_WRITE));
	EQUAL(touch(area + PAGE, 1), 0);
	EQUAL(area[PAGE], 'x');
}

CASE(protection_errors)
{
	int fd = open_pages(1, O_RDONLY);
	char *area = map_private(3 * PAGE), *shared = OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));

	FAILS(mprotect(area + 1, PAGE, PROT_READ), EINVAL);
	OK(munmap(area + PAGE, PAGE));
	FAILS(mprotect(area, 3 * PAGE, PROT_READ), ENOMEM);
	FAILS(mprotect(shared, PAGE, PROT_READ | PROT_WRITE), EACCES);
	OK(mprotect(area, 0, PROT_READ));
}

CASE(no_access_at_first)
{
	char *area = map_anonymous(2 * PAGE, PROT_NONE, MAP_PRIVATE);

	EQUAL(touch(area, 0), SIGSEGV);
	EQUAL(fault_code, SEGV_ACCERR);
	OK(mprotect(area, PAGE, PROT_READ | PROT_WRITE));
	EQUAL(touch(area, 1), 0);
	EQUAL(touch(area + PAGE, 0), SIGSEGV);
}

CASE(reserving_a_gibibyte)
{
	char *area = OK(mmap(NULL, 1 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

	OK(mprotect(area + (1 << 29), PAGE, PROT_READ | PROT_WRITE));
	area[1 << 29] = 1;
	OK(munmap(area, 1 << 30));
}

CASE(code_written_and_run)
{
	/* mov $42,%eax; ret */
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
	char *area = map_private(PAGE);
	int (*function)(void);

	memcpy(area, code, sizeof code);
	OK(mprotect(area, PAGE, PROT_READ | PROT_EXEC));
	memcpy(&function, &area, sizeof function);
	EQUAL(function(), 42);
	EQUAL(touch(area, 1), SIGSEGV);
	OK(mprotect(area, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	area[1] = 43;
	EQUAL(function(), 43);
}

CASE(protection_is_inherited)
{
	char *area = map_private(PAGE);
	pid_t child;

	area[0] = 1;
	OK(mprotect(area, PAGE, PROT_READ));
	child = OK(fork());
	if (child == 0) {
		EQUAL(touch(area, 0), 0);
		EQUAL(touch(area, 1), SIGSEGV);
		OK(mprotect(area, PAGE, PROT_READ | PROT_WRITE));
		EQUAL(touch(area, 1), 0);
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(touch(area, 1), SIGSEGV);
}

CASE(calls_see_the_protection)
{
	char *area = map_private(2 * PAGE);
	int fd = open_pages(1, O_RDONLY);

	OK(mprotect(area + PAGE, PAGE, PROT_READ));
	FAILS(read(fd, area + PAGE, 10), EFAULT);
	EQUAL(read(fd, area, 10), 10);
}

/* --- Moving and growing --------------------------------------------------------------------------- */

CASE(mremap_grows_and_shrinks)
{
	char *area = map_private(4 * PAGE), *moved;

	for (int i = 0; i < 4; i++)
		area[i * PAGE] = (char)('a' + i);
	moved = OK(mremap(area, 4 * PAGE, 2 * PAGE, 0));
	CHECK(moved == area);
	EQUAL(touch(area + 2 * PAGE, 0), SIGSEGV);
	moved = OK(mremap(area, 2 * PAGE, 512 * PAGE, MREMAP_MAYMOVE));
	EQUAL(moved[0], 'a');
	EQUAL(moved[PAGE], 'b');
	EQUAL(moved[2 * PAGE], 0);
	EQUAL(moved[512 * PAGE - 1], 0);
	moved[512 * PAGE - 1] = 1;
	if (moved != area)
		EQUAL(touch(area, 0), SIGSEGV);
}

CASE(mremap_that_must_move)
{
	char *area = map_private(3 * PAGE), *moved;

	area[0] = 'a';
	/* The page behind is taken. */
	FAILS(mremap(area, PAGE, 2 * PAGE, 0), ENOMEM);
	moved = OK(mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	CHECK(moved != area);
	EQUAL(moved[0], 'a');
	EQUAL(moved[PAGE], 0);
	EQUAL(touch(area, 0), SIGSEGV);
	EQUAL(touch(area + PAGE, 0), 0);
}

CASE(mremap_to_a_place)
{
	char *area = map_private(2 * PAGE), *place = map_private(4 * PAGE), *moved;

	area[0] = 'a';
	place[3 * PAGE] = 'p';
	moved = OK(mremap(area, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + PAGE));
	CHECK(moved == place + PAGE);
	EQUAL(place[PAGE], 'a');
	EQUAL(place[3 * PAGE], 'p');
	EQUAL(touch(area, 0), SIGSEGV);
	FAILS(mremap(place, PAGE, PAGE, MREMAP_FIXED, area), EINVAL);
	FAILS(mremap(place + 1, PAGE, PAGE, 0), EINVAL);
	FAILS(mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

CASE(mremap_of_a_file)
{
	int fd = open_pages(4, O_RDWR);
	char *area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE)), byte;

	area = OK(mremap(area, PAGE, 3 * PAGE, MREMAP_MAYMOVE));
	EQUAL(area[0], 'b');
	EQUAL(area[2 * PAGE], 'd');
	area[2 * PAGE] = 'D';
	EQUAL(pread(fd, &byte, 1, 3 * PAGE), 1);
	EQUAL(byte, 'D');
}

CASE(advice)
{
	char *area = map_private(4 * PAGE);

	memset(area, 'x', 4 * PAGE);
	OK(madvise(area, 4 * PAGE, MADV_NORMAL));
	OK(madvise(area, 4 * PAGE, MADV_WILLNEED));
	OK(madvise(area + PAGE, PAGE, MADV_DONTNEED));
	EQUAL(area[0], 'x');
	EQUAL(area[PAGE], 0);
	EQUAL(area[2 * PAGE], 'x');
	FAILS(madvise(area + 1, PAGE, MADV_NORMAL), EINVAL);
	FAILS(madvise(area, PAGE, 12345), EINVAL);
	OK(munmap(area, PAGE));
	FAILS(madvise(area, 4 * PAGE, MADV_WILLNEED), ENOMEM);
}

CASE(dontneed_of_a_private_file)
{
	int fd = open_pages(1, O_RDONLY);
	char *area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));

	area[0] = 'X';
	OK(madvise(area, PAGE, MADV_DONTNEED));
	EQUAL(area[0], 'a');
}

CASE(locking_and_residency)
{
	unsigned char resident[2];
	char *area = map_private(2 * PAGE);

	area[0] = 1;
	OK(mlock(area, PAGE));
	OK(mincore(area, PAGE, resident));
	EQUAL(resident[0] & 1, 1);
	OK(munlock(area, PAGE));
	FAILS(mincore(area + 1, PAGE, resident), EINVAL);
}
