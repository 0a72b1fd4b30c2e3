/* Thread blocks: what both vectors need. */
#include "vector/thread.h"

#include <masix/mach.h>

#include "mach_i386.h"

struct vector_task vector_task;

mach_port_t mach_task_self(void)
{
	return vector_task.task;
}

mach_port_t mach_host_self(void)
{
	return vector_task.host;
}

kern_return_t vector_set_segment(
	mach_port_t thread, int selector, uint32_t base, uint32_t limit, int limit_in_pages)
{
	/* Present, privilege 3, data, writable, accessed; 32 bits. */
	const uint32_t access = 0xf3, size_32 = 0x4, pages = 0x8;
	struct descriptor descriptor;

	descriptor.low_word = (limit & 0xffff) | base << 16;
	descriptor.high_word = ((base >> 16) & 0xff) | access << 8 | (limit & 0xf0000) |
			       (size_32 | (limit_in_pages ? pages : 0)) << 20 | (base & 0xff000000);
	return i386_set_gdt(thread, &selector, descriptor);
}
