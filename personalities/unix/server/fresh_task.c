#include "fresh_task.h"

#include <mach.h>
#include <mach/task_special_ports.h>
#include <mach_port.h>
#include <stddef.h>

#include <masix/error.h>
#include <masix/mach.h>

#include "../emul/boot.h"

/* The kernel gives a child its parent's table of emulated calls: places in the program to which it diverts
 * kernel calls.  It has no call that takes it back. */
static kern_return_t check_emulation(mach_port_t task)
{
	emulation_vector_t vector;
	mach_msg_type_number_t count;
	int start;
	kern_return_t kr = task_get_emulation_vector(task, &start, &vector, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	if (count > 0)
		vm_deallocate(mach_task_self(), (vm_address_t)vector, count * sizeof(*vector));
	return count == 0 ? KERN_SUCCESS : MASIX_E_PERMISSION;
}

/* What a child inherits beside memory.  Through the exception port its holder would get the task. */
static kern_return_t forget_ports(mach_port_t task)
{
	kern_return_t kr = task_set_special_port(task, TASK_EXCEPTION_PORT, MACH_PORT_NULL);

	if (kr == KERN_SUCCESS)
		kr = task_set_special_port(task, TASK_BOOTSTRAP_PORT, MACH_PORT_NULL);
	if (kr == KERN_SUCCESS)
		kr = mach_ports_register(task, NULL, 0);
	return kr;
}

/* The library makes nothing shared but pages of positions; what else a hostile program shared there is memory
 * that its library will not use. */
static kern_return_t keep_shared_pages(mach_port_t task)
{
	vm_address_t address = EMUL_MEMORY;

	while (address < EMUL_END) {
		vm_prot_t protection, max_protection;
		vm_inherit_t inheritance;
		boolean_t shared;
		mach_port_t name;
		vm_offset_t offset;
		vm_size_t size;
		kern_return_t kr = vm_region(task, &address, &size, &protection, &max_protection,
			&inheritance, &shared, &name, &offset);

		if (kr == KERN_NO_SPACE)
			break;
		if (kr != KERN_SUCCESS)
			return kr;
		if (name != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), name);
		if (inheritance != VM_INHERIT_SHARE)
			kr = vm_deallocate(task, address, size);
		if (kr != KERN_SUCCESS)
			return kr;
		address += size;
	}
	return KERN_SUCCESS;
}

kern_return_t fresh_task_create(mach_port_t old, mach_port_t *task)
{
	kern_return_t kr = task_create(old, TRUE, task);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = check_emulation(*task);
	if (kr == KERN_SUCCESS)
		kr = forget_ports(*task);
	if (kr == KERN_SUCCESS)
		kr = vm_deallocate(*task, 0, EMUL_MEMORY);
	if (kr == KERN_SUCCESS)
		kr = keep_shared_pages(*task);
	if (kr != KERN_SUCCESS) {
		kern_return_t ignored = task_terminate(*task); /* ours, without a thread */

		(void)ignored;
		mach_port_deallocate(mach_task_self(), *task);
		*task = MACH_PORT_NULL;
	}
	return kr;
}
