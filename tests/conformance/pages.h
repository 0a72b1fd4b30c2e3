/* What the programs about mapped memory share. */
#ifndef PAGES_H
#define PAGES_H

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
static inline int touch(volatile char *address, int write)
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

static inline char *map_anonymous(size_t size, int protection, int flags)
{
	return OK(mmap(NULL, size, protection, flags | MAP_ANONYMOUS, -1, 0));
}

static inline char *map_private(size_t size)
{
	return map_anonymous(size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

/* A file of that many pages; every byte of page n is 'a' + n. */
static inline int open_pages(int pages, int flags)
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

#endif
