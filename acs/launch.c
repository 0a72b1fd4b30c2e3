/* Tasks from images. */
#include <mach/machine/thread_status.h>
#include <mach/task_special_ports.h>
#include <mach/vm_inherit.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <stdio.h>
#include <string.h>

#include "gnumach.h"
#include "launch.h"
#include "mach.h"
#include "mach_port.h"
#include "page.h"

#define USER_TOP 0xc0000000u
#define STACK_SIZE (USER_TOP - LAUNCH_STACK_BOTTOM)

kern_return_t launch_check_image(
	const uint8_t *image, size_t size, const struct manifest *manifest, const char **why)
{
	struct masix_elf elf;
	struct masix_image_file file = { &elf, image, size };
	uint8_t hash[MASIX_HASH_SIZE];
	uint32_t identity;
	int error;

	error = masix_elf_parse(image, size, size, &elf, why);
	if (error == 0)
		error = masix_measure_image(
			&elf, masix_image_file_read, &file, hash, &identity, why);
	if (error == 0 && memcmp(hash, manifest->image_hash, sizeof hash) != 0) {
		*why = "image does not match its manifest";
		error = MASIX_E_DENIED;
	}
	return error;
}

/* One segment, through a copy of whole pages in our own memory. */
static kern_return_t load_segment(
	mach_port_t task, const struct masix_elf_segment *segment, const uint8_t *image)
{
	vm_address_t start = page_down(segment->address), copy = 0;
	vm_size_t filled = page_up(segment->address + segment->file_size) - start;
	vm_size_t size = page_up(segment->address + segment->memory_size) - start;
	kern_return_t kr;

	kr = vm_allocate(task, &start, size, FALSE);
	if (kr == KERN_SUCCESS && segment->file_size != 0) {
		kr = vm_allocate(mach_task_self(), &copy, filled, TRUE);
		if (kr == KERN_SUCCESS) {
			memcpy((void *)(copy + segment->address - start),
				image + segment->file_offset, segment->file_size);
			kr = vm_write(task, start, copy, filled);
			(void)vm_deallocate(mach_task_self(), copy, filled); /* it is ours */
		}
	}
	if (kr == KERN_SUCCESS)
		kr = vm_protect(task, start, size, FALSE, segment->protection);
	return kr;
}

/* What main finds: written by us as the kernel does it for boot modules. */
static kern_return_t make_stack(
	mach_port_t task, const struct manifest *manifest, uint32_t *pointer)
{
	vm_address_t stack = LAUNCH_STACK_BOTTOM, copy = 0;
	const unsigned argc = 1 + manifest->argument_count;
	uint32_t *words;
	char *strings, *end;
	kern_return_t kr;
	unsigned i;

	_Static_assert((1 + MANIFEST_ARGUMENTS) * (MANIFEST_ARGUMENT_SIZE + 4) + 16 < PAGE,
		"arguments fit into a page");
	kr = vm_allocate(task, &stack, STACK_SIZE, FALSE);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = vm_allocate(mach_task_self(), &copy, PAGE, TRUE);
	if (kr != KERN_SUCCESS)
		return kr;
	words = (uint32_t *)copy;
	strings = (char *)(words + 1 + argc + 2);
	end = (char *)copy + PAGE;
	*words++ = argc;
	for (i = 0; i < argc; i++) {
		*words++ = USER_TOP - PAGE + (uint32_t)(strings - (char *)copy);
		strings = stpncpy(strings, i == 0 ? manifest->name : manifest->arguments[i - 1],
				  end - strings - 1) +
			  1;
	}
	kr = vm_write(task, USER_TOP - PAGE, copy, PAGE);
	(void)vm_deallocate(mach_task_self(), copy, PAGE); /* it is ours */
	*pointer = USER_TOP - PAGE;
	return kr;
}

static kern_return_t make_thread(mach_port_t task, uint32_t entry, uint32_t stack)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
	mach_port_t thread;
	kern_return_t kr = thread_create(task, &thread);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, &count);
	if (kr == KERN_SUCCESS) {
		state.eip = entry;
		state.uesp = stack;
		kr = thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state, count);
	}
	if (kr == KERN_SUCCESS)
		kr = thread_resume(thread); /* the task is still suspended */
	(void)mach_port_deallocate(mach_task_self(), thread);
	return kr;
}

/* What a task inherits from ACS and must not have. */
static kern_return_t cut_inheritance(mach_port_t task)
{
	kern_return_t kr = task_set_special_port(task, TASK_EXCEPTION_PORT, MACH_PORT_NULL);

	if (kr == KERN_SUCCESS)
		kr = task_set_special_port(task, TASK_BOOTSTRAP_PORT, MACH_PORT_NULL);
	return kr;
}

/* An empty task, or one that has the kept pages of its parent. */
static kern_return_t make_task(const struct launch_parent *parent, mach_port_t *task)
{
	uint32_t end;
	kern_return_t kr;

	if (parent == NULL)
		return task_create(mach_task_self(), FALSE, task);
	end = parent->address + parent->size;
	kr = vm_inherit(parent->task, 0, parent->address, VM_INHERIT_NONE);
	if (kr == KERN_SUCCESS)
		kr = vm_inherit(parent->task, end, USER_TOP - end, VM_INHERIT_NONE);
	if (kr == KERN_SUCCESS)
		kr = vm_inherit(parent->task, parent->address, parent->size, VM_INHERIT_SHARE);
	return kr != KERN_SUCCESS ? kr : task_create(parent->task, TRUE, task);
}

kern_return_t launch_task(const uint8_t *image, size_t size, const struct manifest *manifest,
	const struct launch_parent *parent, mach_port_t *task, const char **why)
{
	struct masix_elf elf;
	uint32_t stack = 0;
	unsigned i;
	kern_return_t kr = masix_elf_parse(image, size, size, &elf, why);

	if (kr != KERN_SUCCESS)
		return kr;
	*why = "a server is a static program below the stack";
	if (elf.is_dynamic || elf.interpreter_size != 0 || elf.high > LAUNCH_STACK_BOTTOM)
		return MASIX_E_BAD_FORMAT;
	*why = "no task for it";
	kr = make_task(parent, task);
	if (kr != KERN_SUCCESS)
		return kr;
	*why = "its image does not load";
	kr = task_suspend(*task);
	if (kr == KERN_SUCCESS)
		kr = cut_inheritance(*task);
	for (i = 0; kr == KERN_SUCCESS && i < elf.segment_count; i++)
		kr = load_segment(*task, &elf.segments[i], image);
	if (kr == KERN_SUCCESS)
		kr = make_stack(*task, manifest, &stack);
	if (kr == KERN_SUCCESS)
		kr = make_thread(*task, elf.entry, stack);
	if (kr == KERN_SUCCESS) {
		/* The name helps a debugger only. */
		(void)task_set_name(*task, manifest->name);
		return KERN_SUCCESS;
	}
	(void)task_terminate(*task);
	(void)mach_port_deallocate(mach_task_self(), *task);
	return kr;
}
