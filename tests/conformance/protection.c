/* Protection of mapped memory. */
#include "pages.h"

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
	char *area = map_private(3 * PAGE),
	     *shared = OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));

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
	char *area = OK(
		mmap(NULL, 1 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

	OK(mprotect(area + (1 << 29), PAGE, PROT_READ | PROT_WRITE));
	area[1 << 29] = 1;
	OK(munmap(area, 1 << 30));
}

CASE(code_written_and_run)
{
	/* mov $42,%eax; ret */
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
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
