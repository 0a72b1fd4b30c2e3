/* mincore(2): the kernel tells of each memory object which pages it holds. */
#include <asm/errno.h>

#include "calls.h"
#include "kernel.h"
#include "mach.h"
#include "mach_debug.h"
#include "space.h"

#define CHUNK 256u /* pages looked at together */
#define NOT_THERE (VPI_STATE_ABSENT | VPI_STATE_FICTITIOUS | VPI_STATE_ERROR)

/* Mark those of `count` pages, from `offset` in the object on, that the object holds. */
static kern_return_t mark_held(
	mach_port_t object, uint32_t offset, uint32_t count, unsigned char *marks)
{
	vm_page_info_t few[32], *pages = few;
	mach_msg_type_number_t got = sizeof few / sizeof few[0];
	kern_return_t kr = mach_vm_object_pages(object, &pages, &got);

	if (kr)
		return kr;
	for (mach_msg_type_number_t i = 0; i < got; i++) {
		uint32_t page = ((uint32_t)pages[i].vpi_offset - offset) / SPACE_PAGE;

		if (pages[i].vpi_offset >= offset && page < count &&
			!(pages[i].vpi_state & NOT_THERE))
			marks[page] = 1;
	}
	if (pages != few)
		(void)vm_deallocate(EMUL_PORT_TASK, (vm_address_t)pages, got * sizeof *pages);
	return KERN_SUCCESS;
}

/* The same for the object and those behind it, of which it is a changed copy; the right goes. */
static kern_return_t mark_chain(
	mach_port_t object, uint32_t offset, uint32_t count, unsigned char *marks)
{
	kern_return_t kr = KERN_SUCCESS;

	while (object != MACH_PORT_NULL && !kr) {
		mach_port_t shadow = MACH_PORT_NULL, copy = MACH_PORT_NULL;
		vm_object_info_t info;

		kr = mark_held(object, offset, count, marks);
		if (!kr)
			kr = mach_vm_object_info(object, &info, &shadow, &copy);
		port_drop(object);
		if (kr)
			return kr;
		port_drop(copy);
		offset += (uint32_t)info.voi_shadow_offset;
		object = shadow;
	}
	return kr;
}

/* The next region in [start, end): marks its pages, which ends at *part_end. */
static long mark_region(uint32_t start, uint32_t end, unsigned char *marks, uint32_t *part_end)
{
	vm_region_info_t region;
	mach_port_t object;

	if (mach_vm_region_info(EMUL_PORT_TASK, start, &region, &object))
		return -ENOMEM;
	*part_end = region.vri_end < end ? (uint32_t)region.vri_end : end;
	if (region.vri_start > start) {
		port_drop(object);
		return -ENOMEM;
	}
	if (mark_chain(object, (uint32_t)(region.vri_offset + (start - region.vri_start)),
		    (*part_end - start) / SPACE_PAGE, marks))
		return -EAGAIN;
	return 0;
}

long sys_mincore(const uint32_t *a)
{
	uint32_t at = a[0], size = page_up(a[1]), end = at + size;
	unsigned char marks[CHUNK];
	char *out = (char *)a[2];

	if (at % SPACE_PAGE)
		return -EINVAL;
	if (size < a[1] || !emul_user_range(at, size))
		return -ENOMEM;
	while (at < end) {
		uint32_t start = at,
			 stop = end - at > CHUNK * SPACE_PAGE ? at + CHUNK * SPACE_PAGE : end;

		memset(marks, 0, sizeof marks);
		while (at < stop) {
			long result = mark_region(at, stop, marks + (at - start) / SPACE_PAGE, &at);

			if (result)
				return result;
		}
		if (!emul_user_range((uint32_t)out, (stop - start) / SPACE_PAGE) ||
			emul_copy(out, marks, (stop - start) / SPACE_PAGE))
			return -EFAULT;
		out += (stop - start) / SPACE_PAGE;
	}
	return 0;
}
