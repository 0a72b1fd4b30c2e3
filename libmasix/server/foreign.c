#include <masix/foreign.h>

#include <masix/copy.h>
#include <masix/error.h>
#include <masix/mach.h>

#include "mach.h"

kern_return_t masix_foreign_copy_to(
	struct masix_foreign *foreign, const void *from, vm_size_t size, void *to)
{
	if (!masix_foreign_enter(foreign))
		return MASIX_E_BUSY;
	kern_return_t result =
		masix_copy(to, from, size) == 0 ? KERN_SUCCESS : KERN_INVALID_ADDRESS;

	masix_foreign_leave(foreign);
	return result;
}

kern_return_t masix_foreign_copy(
	struct masix_foreign *foreign, const void *from, vm_size_t size, void **copy)
{
	vm_address_t own = 0;
	kern_return_t result;

	*copy = NULL;
	if (size == 0)
		return KERN_SUCCESS;
	result = vm_allocate(mach_task_self(), &own, size, TRUE);
	if (result != KERN_SUCCESS)
		return result;
	result = masix_foreign_copy_to(foreign, from, size, (void *)own);
	if (result == KERN_SUCCESS)
		*copy = (void *)own;
	else
		(void)vm_deallocate(mach_task_self(), own, size);
	return result;
}
