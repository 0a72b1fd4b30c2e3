/* Stopping the machine: power off where we know how, else the kernel's own halt. */
#include <masix/mach.h>
#include <masix/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/io.h>
#include <unistd.h>

#include "mach_host.h"
#include "mach_i386.h"
#include "machine.h"

#define DRAIN_US 100000
#define KERNEL_REBOOT 0
#define KERNEL_HALT 8 /* RB_HALT of host_reboot */

/* PCI configuration mechanism 1. */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc

/* The power management function of Intel's PIIX4 south bridge (its data sheet, section 7): the base of
 * its registers, the control register in them, and the command for soft off. */
#define PIIX4_POWER 0x71138086u /* device and vendor */
#define PIIX4_BASE 0x40
#define PIIX4_CONTROL 4
#define PIIX4_SOFT_OFF 0x2000 /* suspend enable, type 0 */

static bool use_ports(struct acs *acs, unsigned from, unsigned to)
{
	mach_port_t permission;

	return i386_io_perm_create(acs->device_master, from, to, &permission) == KERN_SUCCESS &&
	       i386_io_perm_modify(mach_task_self(), permission, TRUE) == KERN_SUCCESS;
}

static uint32_t pci_read(unsigned slot, unsigned function, unsigned offset)
{
	outl(0x80000000u | slot << 11 | function << 8 | offset, PCI_ADDRESS);
	return inl(PCI_DATA);
}

static void power_off(struct acs *acs)
{
	unsigned slot, function;

	if (!use_ports(acs, PCI_ADDRESS, PCI_DATA + 3))
		return;
	for (slot = 0; slot < 32; slot++)
		for (function = 0; function < 8; function++) {
			unsigned base;

			if (pci_read(slot, function, 0) != PIIX4_POWER)
				continue;
			base = pci_read(slot, function, PIIX4_BASE) & 0xffc0;
			if (base == 0 || !use_ports(acs, base, base + 0x3f))
				return;
			outw(PIIX4_SOFT_OFF, base + PIIX4_CONTROL);
		}
}

void machine_stop(struct acs *acs, int how)
{
	acs->stopping = true; /* a hint for the other threads; the end is near */
	log_flush(&acs->log);
	/* The kernel sends the last of it at the pace of the serial line. */
	(void)usleep(DRAIN_US);
	if (how != MASIX_REBOOT)
		power_off(acs);
	(void)host_reboot(acs->host_priv, how == MASIX_REBOOT ? KERNEL_REBOOT : KERNEL_HALT);
	/* The kernel does not return from it; if it did, there would be nothing left to do. */
	for (;;)
		pause();
}

void machine_fail(struct acs *acs, const char *format, ...)
{
	char reason[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	log_line(&acs->log, "%s; stopping", reason);
	machine_stop(acs, MASIX_HALT);
}
