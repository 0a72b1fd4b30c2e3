#include <masix/error.h>
#include <masix/pci.h>
#include <masix/port_io.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u
#define SLOTS 32

#define REGISTER_ID 0x00
#define REGISTER_COMMAND 0x04
#define REGISTER_BAR0 0x10
#define REGISTER_INTERRUPT 0x3c

#define COMMAND_IO 1u
#define COMMAND_BUS_MASTER 4u

static uint32_t config_read(unsigned slot, unsigned reg)
{
	port_out32(CONFIG_ADDRESS, CONFIG_ENABLE | slot << 11 | reg);
	return port_in32(CONFIG_DATA);
}

static void config_write(unsigned slot, unsigned reg, uint32_t value)
{
	port_out32(CONFIG_ADDRESS, CONFIG_ENABLE | slot << 11 | reg);
	port_out32(CONFIG_DATA, value);
}

kern_return_t pci_find(uint16_t vendor, uint16_t device, struct pci_device *found)
{
	uint32_t id = (uint32_t)device << 16 | vendor;

	for (unsigned slot = 0; slot < SLOTS; slot++) {
		uint32_t bar, command;

		if (config_read(slot, REGISTER_ID) != id)
			continue;
		bar = config_read(slot, REGISTER_BAR0);
		if (!(bar & 1))
			return MASIX_E_NO_DEVICE;
		/* The upper half is the status register, where ones clear: write zeros. */
		command = config_read(slot, REGISTER_COMMAND) & 0xffff;
		config_write(slot, REGISTER_COMMAND, command | COMMAND_IO | COMMAND_BUS_MASTER);
		found->slot = slot;
		found->io_base = (uint16_t)(bar & ~3u);
		found->irq_line = (uint8_t)config_read(slot, REGISTER_INTERRUPT);
		return KERN_SUCCESS;
	}
	return MASIX_E_NO_DEVICE;
}
