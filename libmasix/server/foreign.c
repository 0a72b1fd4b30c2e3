#include <masix/foreign.h>

#include <masix/copy.h>
#include <masix/error.h>
#include <masix/mach.h>

#include "mach.h"

kern_return_t masix_foreign_copy(
	struct masix_foreign *foreign, const void *from, vm_size_t size, void **copy)
{
	vm_address_t own = 0;
	kern_return_t result;

	*copy = NULL;
	if (size == 0)
		return KERN_SUCCESS;
	if (!masix_foreign_enter(foreign))
		return MASIX_E_BUSY;
	result = vm_allocate(mach_task_self(), &own, size, TRUE);
	if (result == KERN_SUCCESS && masix_copy((void *)own, from, size) != 0) {
		(void)vm_deallocate(mach_task_self(), own, size);
		result = KERN_INVALID_ADDRESS;
	}
	masix_foreign_leave(foreign);
	if (result == KERN_SUCCESS)
		*copy = (void *)own;
	return result;
}
