#include "image.h"

#include <mach.h>
#include <mach/thread_status.h>
#include <string.h>

#include <masix/elf.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#define PAGE 4096u

/* machine.S */
extern const char machine_image[];
extern const uint32_t machine_image_size;

static struct masix_elf elf;
static vm_address_t laid_out; /* as it will lie in the tasks: elf.low to elf.high */

kern_return_t image_init(void)
{
	const char *why;
	kern_return_t kr =
		masix_elf_parse(machine_image, machine_image_size, machine_image_size, &elf, &why);

	if (kr != KERN_SUCCESS) {
		masix_log("the machine's image: %s", why);
		return kr;
	}
	if (elf.low < MACHINE_IMAGE || elf.high > MACHINE_BOOT)
		return MASIX_E_BAD_FORMAT;
	kr = vm_allocate(mach_task_self(), &laid_out, elf.high - elf.low, TRUE);
	for (unsigned i = 0; i < elf.segment_count && kr == KERN_SUCCESS; i++) {
		const struct masix_elf_segment *s = &elf.segments[i];

		memcpy((char *)laid_out + (s->address - elf.low), machine_image + s->file_offset,
			s->file_size);
	}
	return kr;
}

static uint32_t whole_pages(uint32_t size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

/* The pages of a segment that come from the file; the rest of it is zeros, which need no copy. */
static kern_return_t load_segment(mach_port_t task, const struct masix_elf_segment *s)
{
	uint32_t start = s->address / PAGE * PAGE,
		 size = whole_pages(s->address - start + s->file_size);

	if (s->file_size == 0)
		return KERN_SUCCESS;
	return vm_write(task, start, laid_out + (start - elf.low), size);
}

static kern_return_t load_code(mach_port_t task)
{
	vm_address_t address = elf.low;
	kern_return_t kr = vm_allocate(task, &address, elf.high - elf.low, FALSE);

	for (unsigned i = 0; i < elf.segment_count && kr == KERN_SUCCESS; i++)
		kr = load_segment(task, &elf.segments[i]);
	for (unsigned i = 0; i < elf.segment_count && kr == KERN_SUCCESS; i++)
		kr = vm_protect(task, elf.segments[i].address, elf.segments[i].memory_size, FALSE,
			elf.segments[i].protection);
	return kr;
}

static kern_return_t enter(mach_port_t thread)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
	kern_return_t kr =
		thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	state.eip = elf.entry;
	state.uesp = MACHINE_STACK - 16;
	return thread_set_state(
		thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, i386_THREAD_STATE_COUNT);
}

kern_return_t image_load(mach_port_t task, mach_port_t thread, const struct machine_boot *boot)
{
	vm_address_t place = MACHINE_BOOT, stack = MACHINE_STACK - MACHINE_STACK_SIZE;
	uint32_t size = whole_pages(sizeof(*boot));
	kern_return_t kr = load_code(task);

	if (kr == KERN_SUCCESS)
		kr = vm_allocate(task, &place, size, FALSE);
	if (kr == KERN_SUCCESS)
		kr = vm_write(task, place, (vm_address_t)boot, size);
	if (kr == KERN_SUCCESS)
		kr = vm_allocate(task, &stack, MACHINE_STACK_SIZE, FALSE);
	if (kr == KERN_SUCCESS)
		kr = enter(thread);
	return kr;
}
