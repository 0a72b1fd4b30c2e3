/* Memory calls of a server. */
#include "start/calls.h"

#include <asm-generic/errno-base.h>
#include <linux/mman.h>

int call_brk(const struct vector_registers *r)
{
	return (int)region_break(&start.space, A1);
}

int call_mmap2(const struct vector_registers *r)
{
	struct region_request request = {
		.address = A1,
		.length = A2,
		.protection = (int)A3,
	};
	uint32_t flags = A4, address;
	int result;

	if (!(flags & MAP_ANONYMOUS))
		return -EBADF; /* no files here */
	if (flags & MAP_FIXED)
		request.flags |= REGION_FIXED;
	if (flags & MAP_FIXED_NOREPLACE)
		request.flags |= REGION_NO_REPLACE;
	if (flags & MAP_SHARED)
		request.flags |= REGION_SHARED;
	result = region_map(&start.space, &request, &address);
	return result != 0 ? result : (int)address;
}

int call_munmap(const struct vector_registers *r)
{
	return region_unmap(&start.space, A1, A2);
}

int call_mprotect(const struct vector_registers *r)
{
	return region_protect(&start.space, A1, A2, (int)A3);
}

int call_mremap(const struct vector_registers *r)
{
	uint32_t address;
	int result = region_remap(&start.space, A1, A2, A3, (int)A4, A5, &address);

	return result != 0 ? result : (int)address;
}

int call_madvise(const struct vector_registers *r)
{
	switch (A3) {
	case MADV_DONTNEED:
		return region_discard(&start.space, A1, A2);
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
		return 0; /* advice, and nobody takes it */
	default:
		return -EINVAL;
	}
}

/* Anonymous memory is never paged out: this kernel has no default pager. */
int call_mlock(const struct vector_registers *r)
{
	(void)r;
	return 0;
}
