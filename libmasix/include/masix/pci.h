/* Finding a device on PCI bus 0 by configuration mechanism 1. */
#ifndef MASIX_PCI_H
#define MASIX_PCI_H

#include <mach/kern_return.h>
#include <stdint.h>

#define PCI_CONFIG_FIRST 0xcf8 /* the I/O ports of the mechanism */
#define PCI_CONFIG_LAST 0xcff

struct pci_device {
	unsigned slot;
	uint16_t io_base; /* base address register 0 */
	uint8_t irq_line;
};

/* The caller's task has the ports PCI_CONFIG_FIRST..LAST; it is at start-up, when no other
 * task uses them (address and data are two accesses).  The device may be bus master
 * afterwards.  MASIX_E_NO_DEVICE: none with this id, or its BAR 0 is not I/O space. */
kern_return_t pci_find(uint16_t vendor, uint16_t device, struct pci_device *found)
	__attribute__((warn_unused_result));

#endif
