/* The measure of an image that the kernel has loaded into a task that has not run yet. */
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>

#include "launch.h"
#include "mach.h"
#include "mach_port.h"
#include "page.h"

#define WINDOW (256u << 10) /* bytes of the task that are mapped here at a time */

/* The task's memory as masix_measure_image wants to read it. */
struct task_reader {
	mach_port_t task;
	const struct masix_elf *elf;
	uint32_t start;	   /* of the window, in the task */
	vm_offset_t bytes; /* of the window, here */
	mach_msg_type_number_t size;
};

static void close_window(struct task_reader *reader)
{
	if (reader->size != 0)
		(void)vm_deallocate(mach_task_self(), reader->bytes, reader->size); /* ours */
	reader->size = 0;
}

/* Map as much as there is from `address` to the end of its segment. */
static kern_return_t open_window(struct task_reader *reader, uint32_t address)
{
	uint32_t start = page_down(address), end = 0;
	unsigned i;

	close_window(reader);
	for (i = 0; i < reader->elf->segment_count; i++) {
		const struct masix_elf_segment *segment = &reader->elf->segments[i];

		if (address - segment->address < segment->file_size)
			end = segment->address + segment->file_size;
	}
	if (end == 0)
		return MASIX_E_BAD_FORMAT;
	end = page_up(end);
	if (end - start > WINDOW)
		end = start + WINDOW;
	reader->start = start;
	return vm_read(reader->task, start, end - start, &reader->bytes, &reader->size);
}

static int read_task(void *context, uint32_t address, void *buffer, size_t size)
{
	struct task_reader *reader = context;
	char *to = buffer;

	while (size != 0) {
		uint32_t offset = address - reader->start;
		size_t part;

		if (reader->size == 0 || offset >= reader->size) {
			if (open_window(reader, address) != KERN_SUCCESS || reader->size == 0)
				return -1;
			offset = address - reader->start;
		}
		part = reader->size - offset < size ? reader->size - offset : size;
		memcpy(to, (const char *)reader->bytes + offset, part);
		to += part;
		address += part;
		size -= part;
	}
	return 0;
}

kern_return_t launch_read_headers(mach_port_t task, struct masix_elf *elf, const char **why)
{
	vm_address_t address = 0;
	vm_size_t size;
	vm_prot_t protection, max_protection;
	vm_inherit_t inheritance;
	boolean_t shared;
	mach_port_t object = MACH_PORT_NULL;
	vm_offset_t offset, page;
	mach_msg_type_number_t count;
	kern_return_t kr;

	*why = "nothing is loaded";
	kr = vm_region(task, &address, &size, &protection, &max_protection, &inheritance, &shared,
		&object, &offset);
	if (kr != KERN_SUCCESS)
		return kr;
	if (MACH_PORT_VALID(object))
		(void)mach_port_deallocate(mach_task_self(), object);
	kr = vm_read(task, address, PAGE, &page, &count);
	if (kr != KERN_SUCCESS)
		return kr;
	/* How long the file was is not known any more; only the loaded part counts. */
	kr = masix_elf_parse((const void *)page, PAGE, UINT32_MAX, elf, why);
	(void)vm_deallocate(mach_task_self(), page, count); /* ours */
	if (kr == KERN_SUCCESS &&
		(elf->segment_count == 0 || elf->is_dynamic ||
			elf->segments[0].address != address || elf->segments[0].file_offset != 0)) {
		*why = "its image is not laid out as a server's";
		kr = MASIX_E_BAD_FORMAT;
	}
	return kr;
}

kern_return_t launch_measure_task(mach_port_t task, uint8_t hash[MASIX_HASH_SIZE], const char **why)
{
	struct masix_elf elf;
	struct task_reader reader = { .task = task, .elf = &elf };
	uint32_t identity;
	kern_return_t kr = launch_read_headers(task, &elf, why);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = masix_measure_image(&elf, read_task, &reader, hash, &identity, why);
	close_window(&reader);
	return kr;
}
