#include "screen.h"

#include <mach.h>
#include <mach_i386.h>
#include <mach_port.h>
#include <stdatomic.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/port_io.h>
#include <masix/server.h>

#include "core/vga.h"

#define VGA_PORTS (0x3b0u << 16 | 0x3df)
#define VGA_PAGES (0xa0u << 16 | 0xbf)
#define ROM_PAGES (0xc0u << 16 | 0xcf)
#define ROM_SIZE 0x10000u
#define CELLS 4000u

static atomic_bool is_taken;
static mach_port_t ports, memory;
static bool is_ready;
static uint8_t font16[VGA_FONT16_SIZE], font8[VGA_FONT8_SIZE], saved_cells[CELLS], saved_cursor[2];
static struct vga vga = { .font16 = font16, .font8 = font8 };

static void out(uint16_t port, uint8_t value)
{
	port_out8(port, value);
}

static uint8_t in(uint16_t port)
{
	return port_in8(port);
}

static kern_return_t map(mach_port_t object, uint32_t size, bool writable, vm_address_t *address)
{
	vm_prot_t protection = VM_PROT_READ | (writable ? VM_PROT_WRITE : 0);

	return vm_map(mach_task_self(), address, size, 0, TRUE, object, 0, FALSE, protection,
		protection, VM_INHERIT_NONE);
}

/* A font of `height` lines in the ROM: its first two characters are an empty one and a face. */
static bool find_font(const uint8_t *rom, const uint8_t *face, unsigned height, uint8_t *font)
{
	static const uint8_t empty[16];

	for (uint32_t at = 0; at + 256 * height <= ROM_SIZE; at++)
		if (memcmp(rom + at, empty, height) == 0 &&
			memcmp(rom + at + height, face, height) == 0) {
			memcpy(font, rom + at, 256 * height);
			return true;
		}
	return false;
}

/* The fonts are in the BIOS of the card: a card without one is none that we can drive. */
static kern_return_t load_fonts(void)
{
	static const uint8_t face16[16] = { 0, 0, 0x7e, 0x81, 0xa5, 0x81, 0x81, 0xbd, 0x99, 0x81,
		0x81, 0x7e },
			     face8[8] = { 0x7e, 0x81, 0xa5, 0x81, 0xbd, 0x99, 0x81, 0x7e };
	mach_port_t object;
	vm_address_t rom = 0;
	bool found;
	kern_return_t kr = masix_right(MASIX_RIGHT_MEMORY, ROM_PAGES, &object);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = map(object, ROM_SIZE, false, &rom);
	(void)mach_port_deallocate(mach_task_self(), object);
	if (kr != KERN_SUCCESS)
		return kr;
	found = find_font((const uint8_t *)rom, face16, 16, font16) &&
		find_font((const uint8_t *)rom, face8, 8, font8);
	(void)vm_deallocate(mach_task_self(), rom, ROM_SIZE);
	return found ? KERN_SUCCESS : MASIX_E_NO_DEVICE;
}

static kern_return_t get_ready(void)
{
	vm_address_t window = 0;
	kern_return_t kr = load_fonts();

	if (kr == KERN_SUCCESS && memory == MACH_PORT_NULL)
		kr = masix_right(MASIX_RIGHT_MEMORY, VGA_PAGES, &memory);
	if (kr == KERN_SUCCESS && ports == MACH_PORT_NULL)
		kr = masix_right(MASIX_RIGHT_IO_PORTS, VGA_PORTS, &ports);
	if (kr == KERN_SUCCESS)
		kr = map(memory, VGA_WINDOW_SIZE, true, &window);
	if (kr != KERN_SUCCESS)
		return kr;
	vga.in = in;
	vga.out = out;
	vga.window = (uint8_t *)window;
	is_ready = true;
	return KERN_SUCCESS;
}

kern_return_t screen_take(void)
{
	kern_return_t kr = KERN_SUCCESS;

	if (atomic_exchange(&is_taken, true))
		return MASIX_E_BUSY;
	if (!is_ready)
		kr = get_ready();
	if (kr != KERN_SUCCESS) {
		atomic_store(&is_taken, false);
		return kr;
	}
	memcpy(saved_cells, vga.window + VGA_TEXT, CELLS);
	saved_cursor[0] = vga_read(&vga, VGA_CRT, 0x0e);
	saved_cursor[1] = vga_read(&vga, VGA_CRT, 0x0f);
	return KERN_SUCCESS;
}

kern_return_t screen_give(mach_port_t task, struct machine_boot *boot)
{
	vm_address_t address = VGA_WINDOW;
	kern_return_t kr = vm_map(task, &address, VGA_WINDOW_SIZE, 0, FALSE, memory, 0, FALSE,
		VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_NONE);

	if (kr == KERN_SUCCESS)
		kr = i386_io_perm_modify(task, ports, TRUE);
	boot->has_screen = true;
	memcpy(boot->font16, font16, sizeof(font16));
	memcpy(boot->font8, font8, sizeof(font8));
	return kr;
}

void screen_put_back(void)
{
	vga_set(&vga, vga_find(3), true);
	memset(vga.window + VGA_TEXT, 0, VGA_TEXT_SIZE);
	memcpy(vga.window + VGA_TEXT, saved_cells, CELLS);
	vga_set_cursor(&vga, (uint16_t)(saved_cursor[0] << 8 | saved_cursor[1]));
	atomic_store(&is_taken, false);
}
