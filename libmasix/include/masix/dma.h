/* Memory that a device reads and writes. */
#ifndef MASIX_DMA_H
#define MASIX_DMA_H

#include <mach/mach_types.h>
#include <stddef.h>
#include <stdint.h>

struct dma {
	void *address;
	uint32_t physical;
	size_t size;
};

/* Contiguous, wired, zeroed pages below 4 GiB. */
kern_return_t dma_allocate(mach_port_t host_priv, size_t size, struct dma *dma)
	__attribute__((warn_unused_result));
void dma_free(struct dma *dma);

#endif
