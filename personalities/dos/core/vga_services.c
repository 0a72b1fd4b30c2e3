#include "vga_services.h"

#include "vga.h"

#define BDA_COLUMNS 0x4a
#define BDA_CURSOR 0x50
#define BDA_SHAPE 0x60
#define BDA_LAST_ROW 0x84
#define BDA_HEIGHT 0x85
#define OVERSCAN 0x11

void vga_services_cursor(struct dos *dos)
{
	const struct vga *vga = dos->world->vga;
	const uint8_t *at = dos_bios_data(dos, BDA_CURSOR), *shape = dos_bios_data(dos, BDA_SHAPE);
	uint8_t first = shape[1], last = shape[0];

	if (dos->vga_mode->kind != VGA_CELLS)
		return;
	if (last < 8 &&
		first <=
			last) { /* given for characters of 8 lines; the last two are the low ones */
		first = (uint8_t)(first * 2);
		last = (uint8_t)(last * 2 + 1);
	}
	vga_set_cursor_shape(vga, first, last);
	vga_set_cursor(vga, (uint16_t)(at[1] * dos->vga_mode->columns + at[0]));
}

static void set_dac(const struct vga *vga, uint8_t n, uint8_t r, uint8_t g, uint8_t b)
{
	vga->out(VGA_DAC_WRITE, n);
	vga->out(VGA_DAC, r);
	vga->out(VGA_DAC, g);
	vga->out(VGA_DAC, b);
}

static void get_dac(const struct vga *vga, uint8_t n, uint8_t rgb[3])
{
	vga->out(VGA_DAC_READ, n);
	for (unsigned i = 0; i < 3; i++)
		rgb[i] = vga->in(VGA_DAC);
}

/* Functions 1012h and 1017h: cx colors from bx on at es:dx. */
static void block_of_colors(struct dos *dos, bool set)
{
	const struct vga *vga = dos->world->vga;
	const struct cpu *cpu = &dos->cpu;
	unsigned count = cpu->cx < 256 ? cpu->cx : 256;
	uint8_t *p = dos_block(dos, cpu->es, cpu->dx, 3 * count);

	for (unsigned i = 0; p && i < count; i++, p += 3) {
		if (set)
			set_dac(vga, (uint8_t)(cpu->bx + i), p[0], p[1], p[2]);
		else
			get_dac(vga, (uint8_t)(cpu->bx + i), p);
	}
}

/* Functions 1002h and 1009h: 16 registers and the overscan at es:dx. */
static void block_of_registers(struct dos *dos, bool set)
{
	uint8_t *p = dos_block(dos, dos->cpu.es, dos->cpu.dx, 17);

	for (uint8_t i = 0; p && i < 17; i++) {
		if (set)
			vga_write_attribute(dos->world->vga, i < 16 ? i : OVERSCAN, p[i]);
		else
			p[i] = vga_read_attribute(dos->world->vga, i < 16 ? i : OVERSCAN);
	}
}

static void palette(struct dos *dos)
{
	const struct vga *vga = dos->world->vga;
	struct cpu *cpu = &dos->cpu;
	uint8_t rgb[3];

	switch (cpu->al) {
	case 0x00:
		if (cpu->bl < 0x15)
			vga_write_attribute(vga, cpu->bl, cpu->bh);
		break;
	case 0x01:
		vga_write_attribute(vga, OVERSCAN, cpu->bh);
		break;
	case 0x02:
		block_of_registers(dos, true);
		break;
	case 0x03: /* bit 3 of the mode register: blinking, or bright backgrounds */
		vga_write_attribute(vga, 0x10,
			(uint8_t)((vga_read_attribute(vga, 0x10) & ~8) | (cpu->bl & 1) << 3));
		break;
	case 0x07:
		if (cpu->bl < 0x15)
			cpu->bh = vga_read_attribute(vga, cpu->bl);
		break;
	case 0x08:
		cpu->bh = vga_read_attribute(vga, OVERSCAN);
		break;
	case 0x09:
		block_of_registers(dos, false);
		break;
	case 0x10:
		set_dac(vga, cpu->bl, cpu->dh, cpu->ch, cpu->cl);
		break;
	case 0x12:
		block_of_colors(dos, true);
		break;
	case 0x15:
		get_dac(vga, cpu->bl, rgb);
		cpu->dh = rgb[0];
		cpu->ch = rgb[1];
		cpu->cl = rgb[2];
		break;
	case 0x17:
		block_of_colors(dos, false);
		break;
	case 0x18:
		vga->out(VGA_DAC_MASK, cpu->bl);
		break;
	case 0x19:
		cpu->bl = vga->in(VGA_DAC_MASK);
		break;
	default: /* pages of colors, shades of gray */
		break;
	}
}

/* Where programs find the fonts. */
static void tell_font(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;

	cpu->cx = *dos_bios_data(dos, BDA_HEIGHT);
	cpu->dl = *dos_bios_data(dos, BDA_LAST_ROW);
	switch (cpu->bh) {
	case 0x00:
	case 0x04:
		cpu->es = SEGMENT_ROM;
		cpu->bp = ROM_FONT8 + (cpu->bh == 0 ? 1024 : 0);
		break;
	case 0x03:
		cpu->es = SEGMENT_ROM;
		cpu->bp = ROM_FONT8;
		break;
	default:
		cpu->es = SEGMENT_ROM;
		cpu->bp = ROM_FONT16;
	}
}

static void fonts(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *font;

	switch (cpu->al) {
	case 0x00:
	case 0x10:
		font = dos_block(dos, cpu->es, cpu->bp, (uint32_t)cpu->cx * cpu->bh);
		if (font && cpu->bh <= 32 && dos->vga_mode->kind == VGA_CELLS)
			vga_load_font(dos->world->vga, cpu->bl, font, cpu->bh, cpu->dx, cpu->cx);
		break;
	case 0x04:
	case 0x14:
		if (dos->vga_mode->kind == VGA_CELLS)
			vga_load_font(
				dos->world->vga, cpu->bl, dos->world->vga->font16, 16, 0, 256);
		break;
	case 0x30:
		tell_font(dos);
		break;
	default: /* other heights of characters */
		break;
	}
}

void vga_services(struct dos *dos)
{
	const struct vga *vga = dos->world->vga;
	struct cpu *cpu = &dos->cpu;

	switch (cpu->ah) {
	case 0x0b:
		if (cpu->bh == 0)
			vga_write_attribute(vga, OVERSCAN, cpu->bl);
		break;
	case 0x0c:
		if (dos->vga_mode->kind != VGA_CELLS)
			vga_put_pixel(vga, dos->vga_mode, cpu->cx, cpu->dx, cpu->al);
		break;
	case 0x0d:
		if (dos->vga_mode->kind != VGA_CELLS)
			cpu->al = vga_get_pixel(vga, dos->vga_mode, cpu->cx, cpu->dx);
		break;
	case 0x10:
		palette(dos);
		break;
	case 0x11:
		fonts(dos);
		break;
	default: /* the registers as they were say that it is not there */
		break;
	}
}
