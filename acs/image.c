/* Images of servers. */
#include "image.h"

#include <mach/machine/thread_status.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"
#include "mach.h"
#include "mach_port.h"
#include "page.h"

void image_free(struct image *image)
{
	unsigned i;

	if (image == NULL)
		return;
	for (i = 0; i < image->count; i++)
		if (image->parts[i].contents_size != 0)
			(void)vm_deallocate(mach_task_self(), image->parts[i].contents,
				image->parts[i].contents_size); /* ours */
	free(image);
}

/* Where a segment belongs: a new part of the image. */
static struct image_part *add_segment(struct image *image, const struct masix_elf_segment *segment)
{
	struct image_part *part = &image->parts[image->count++];

	part->start = page_down(segment->address);
	part->size = page_up(segment->address + segment->memory_size) - part->start;
	part->protection = segment->protection;
	part->contents_at = part->start;
	return part;
}

/* Its contents are `size` bytes of whole pages, zeros at first.  They count as soon as they are there. */
static kern_return_t make_contents(struct image_part *part, uint32_t size)
{
	kern_return_t kr = KERN_SUCCESS;

	if (size != 0)
		kr = vm_allocate(mach_task_self(), &part->contents, size, TRUE);
	if (kr == KERN_SUCCESS)
		part->contents_size = size;
	return kr;
}

static kern_return_t copy_segment(
	struct image *image, const struct masix_elf_segment *segment, const uint8_t *file)
{
	struct image_part *part = add_segment(image, segment);
	uint32_t end = page_up(segment->address + segment->file_size);
	kern_return_t kr = make_contents(part, segment->file_size != 0 ? end - part->start : 0);

	if (kr == KERN_SUCCESS && segment->file_size != 0)
		memcpy((void *)(part->contents + segment->address - part->start),
			file + segment->file_offset, segment->file_size);
	return kr;
}

static struct image_part *add_stack(struct image *image, uint32_t contents_at)
{
	struct image_part *part = &image->parts[image->count++];

	part->start = IMAGE_STACK_BOTTOM;
	part->size = IMAGE_USER_TOP - IMAGE_STACK_BOTTOM;
	part->protection = VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE;
	part->contents_at = contents_at;
	return part;
}

/* What main finds, in the uppermost page. */
static kern_return_t write_stack(struct image *image, const struct manifest *manifest)
{
	const unsigned argc = 1 + manifest->argument_count;
	const uint32_t page = IMAGE_USER_TOP - PAGE;
	struct image_part *part = add_stack(image, page);
	uint32_t *words;
	char *strings, *end;
	kern_return_t kr = make_contents(part, PAGE);
	unsigned i;

	_Static_assert((1 + MANIFEST_ARGUMENTS) * (MANIFEST_ARGUMENT_SIZE + 4) + 16 < PAGE,
		"arguments fit into a page");
	if (kr != KERN_SUCCESS)
		return kr;
	words = (uint32_t *)part->contents;
	strings = (char *)(words + 1 + argc + 2);
	end = (char *)part->contents + PAGE;
	*words++ = argc;
	for (i = 0; i < argc; i++) {
		*words++ = page + (uint32_t)(strings - (char *)part->contents);
		strings = stpncpy(strings, i == 0 ? manifest->name : manifest->arguments[i - 1],
				  end - strings - 1) +
			  1;
	}
	image->stack = page;
	return KERN_SUCCESS;
}

static kern_return_t check_layout(const struct masix_elf *elf, const char **why)
{
	*why = "a server is a static program below the stack";
	if (elf->is_dynamic || elf->interpreter_size != 0 || elf->high > IMAGE_STACK_BOTTOM)
		return MASIX_E_BAD_FORMAT;
	return KERN_SUCCESS;
}

kern_return_t image_of_file(const uint8_t *file, size_t size, const struct manifest *manifest,
	struct image **image, const char **why)
{
	struct masix_elf elf;
	struct image *new;
	unsigned i;
	kern_return_t kr = masix_elf_parse(file, size, size, &elf, why);

	if (kr == KERN_SUCCESS)
		kr = check_layout(&elf, why);
	if (kr != KERN_SUCCESS)
		return kr;
	*why = "out of memory";
	new = calloc(1, sizeof *new);
	if (new == NULL)
		return KERN_RESOURCE_SHORTAGE;
	new->entry = elf.entry;
	for (i = 0; i < elf.segment_count && kr == KERN_SUCCESS; i++)
		kr = copy_segment(new, &elf.segments[i], file);
	if (kr == KERN_SUCCESS)
		kr = write_stack(new, manifest);
	if (kr != KERN_SUCCESS) {
		image_free(new);
		return kr;
	}
	*image = new;
	return KERN_SUCCESS;
}

/* The contents of a part as they are in the task. */
static kern_return_t read_part(struct image_part *part, mach_port_t task, uint32_t end)
{
	mach_msg_type_number_t size;
	vm_offset_t bytes;
	kern_return_t kr;

	if (end <= part->contents_at)
		return KERN_SUCCESS;
	kr = vm_read(task, part->contents_at, end - part->contents_at, &bytes, &size);
	if (kr == KERN_SUCCESS) {
		part->contents = bytes;
		part->contents_size = size;
	}
	return kr;
}

/* The stack pointer of its only thread. */
static kern_return_t read_stack_pointer(mach_port_t task, uint32_t *pointer)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t size = i386_THREAD_STATE_COUNT, count, i;
	mach_port_t *threads;
	kern_return_t kr = task_threads(task, &threads, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = count != 1 ? KERN_FAILURE
			: thread_get_state(
				  threads[0], i386_REGS_SEGS_STATE, (thread_state_t)&state, &size);
	for (i = 0; i < count; i++)
		(void)mach_port_deallocate(mach_task_self(), threads[i]);
	if (count != 0)
		(void)vm_deallocate(
			mach_task_self(), (vm_address_t)threads, count * sizeof *threads);
	*pointer = state.uesp;
	if (kr == KERN_SUCCESS && (*pointer < IMAGE_STACK_BOTTOM || *pointer >= IMAGE_USER_TOP))
		kr = MASIX_E_BAD_FORMAT;
	return kr;
}

kern_return_t image_of_task(mach_port_t task, struct image **image, const char **why)
{
	struct masix_elf elf;
	struct image *new;
	unsigned i;
	kern_return_t kr = launch_read_headers(task, &elf, why);

	if (kr == KERN_SUCCESS)
		kr = check_layout(&elf, why);
	if (kr != KERN_SUCCESS)
		return kr;
	*why = "no copy of it can be made";
	new = calloc(1, sizeof *new);
	if (new == NULL)
		return KERN_RESOURCE_SHORTAGE;
	new->entry = elf.entry;
	for (i = 0; i < elf.segment_count && kr == KERN_SUCCESS; i++) {
		const struct masix_elf_segment *segment = &elf.segments[i];

		kr = read_part(add_segment(new, segment), task,
			segment->file_size != 0 ? page_up(segment->address + segment->file_size)
						: 0);
	}
	if (kr == KERN_SUCCESS)
		kr = read_stack_pointer(task, &new->stack);
	if (kr == KERN_SUCCESS)
		kr = read_part(add_stack(new, page_down(new->stack)), task, IMAGE_USER_TOP);
	if (kr != KERN_SUCCESS) {
		image_free(new);
		return kr;
	}
	*image = new;
	return KERN_SUCCESS;
}

kern_return_t image_load(const struct image *image, mach_port_t task)
{
	kern_return_t kr = KERN_SUCCESS;
	unsigned i;

	for (i = 0; i < image->count && kr == KERN_SUCCESS; i++) {
		const struct image_part *part = &image->parts[i];
		vm_address_t start = part->start;

		kr = vm_allocate(task, &start, part->size, FALSE);
		if (kr == KERN_SUCCESS && part->contents_size != 0)
			kr = vm_write(task, part->contents_at, part->contents, part->contents_size);
		if (kr == KERN_SUCCESS)
			kr = vm_protect(task, start, part->size, FALSE, part->protection);
	}
	return kr;
}
