#include <string.h>

#include <masix/dma.h>
#include <masix/mach.h>

#include "gnumach.h"
#include "mach.h"

#define PAGE 4096
#define PHYSICAL_LIMIT 0xfffff000u /* odd limits can panic the kernel */

kern_return_t dma_allocate(mach_port_t host_priv, size_t size, struct dma *dma)
{
	vm_address_t address = 0;
	rpc_phys_addr_t physical;
	kern_return_t kr;

	size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	kr = vm_allocate_contiguous(
		host_priv, mach_task_self(), &address, &physical, size, 0, PHYSICAL_LIMIT, 0);
	if (kr)
		return kr;
	/* The kernel hands out what was there before. */
	memset((void *)address, 0, size);
	*dma = (struct dma){
		.address = (void *)address, .physical = (uint32_t)physical, .size = size
	};
	return KERN_SUCCESS;
}

void dma_free(struct dma *dma)
{
	(void)vm_deallocate(mach_task_self(), (vm_address_t)dma->address, dma->size);
	*dma = (struct dma){ 0 };
}
