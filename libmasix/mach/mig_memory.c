/* What MIG's stubs call, apart from reply ports.  Nothing of glibc in here. */
#include "mach/mig_support.h"

#include <masix/mach.h>

#include "mach.h"

void mig_put_reply_port(mach_port_t port)
{
	(void)port; /* kept for the next call */
}

vm_size_t mig_strncpy(char *destination, const char *source, vm_size_t size)
{
	vm_size_t length;

	if (size == 0)
		return 0;
	for (length = 0; length < size - 1 && source[length] != '\0'; length++)
		destination[length] = source[length];
	destination[length] = '\0';
	return length;
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
	*address = 0;
	if (vm_allocate(mach_task_self(), address, size, TRUE) != KERN_SUCCESS)
		*address = 0;
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
	(void)vm_deallocate(mach_task_self(), address, size);
}
