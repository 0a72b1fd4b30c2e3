/* Tasks from images. */
#include <mach/machine/thread_status.h>
#include <mach/task_special_ports.h>
#include <mach/vm_inherit.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/types.h>
#include <string.h>

#include "gnumach.h"
#include "launch.h"
#include "mach.h"
#include "mach_port.h"

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
	unsigned i;
	kern_return_t kr;

	if (parent == NULL)
		return task_create(mach_task_self(), FALSE, task);
	kr = vm_inherit(parent->task, 0, IMAGE_USER_TOP, VM_INHERIT_NONE);
	for (i = 0; i < parent->kept->count && kr == KERN_SUCCESS; i++)
		kr = vm_inherit(parent->task, parent->kept->ranges[i].address,
			parent->kept->ranges[i].size, VM_INHERIT_SHARE);
	return kr != KERN_SUCCESS ? kr : task_create(parent->task, TRUE, task);
}

kern_return_t launch_task(const struct image *image, const char *name,
	const struct launch_parent *parent, mach_port_t *task, const char **why)
{
	kern_return_t kr;

	*why = "no task for it";
	kr = make_task(parent, task);
	if (kr != KERN_SUCCESS)
		return kr;
	*why = "its image does not load";
	kr = task_suspend(*task);
	if (kr == KERN_SUCCESS)
		kr = cut_inheritance(*task);
	if (kr == KERN_SUCCESS)
		kr = image_load(image, *task);
	if (kr == KERN_SUCCESS)
		kr = make_thread(*task, image->entry, image->stack);
	if (kr == KERN_SUCCESS) {
		/* The name helps a debugger only. */
		(void)task_set_name(*task, (char *)name);
		return KERN_SUCCESS;
	}
	(void)task_terminate(*task);
	(void)mach_port_deallocate(mach_task_self(), *task);
	return kr;
}
