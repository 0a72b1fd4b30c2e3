/* The modes by what IBM's BIOS writes into the registers for them. */
#include <stddef.h>
#include <string.h>

#include "vga.h"

#define EGA_COLORS                                                                                 \
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e,  \
		0x3f
#define LOW_COLORS                                                                                 \
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,  \
		0x17
#define PLAIN_COLORS                                                                               \
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,  \
		0x0f
#define PLANAR_GRAPHICS                                                                            \
	{                                                                                          \
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff                               \
	}

static const struct vga_mode modes[] = {
	{ 0x03, VGA_CELLS, 80, 25, 16, 4096, 0x67, { 0x03, 0x00, 0x03, 0x00, 0x02 },
		{ 0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00,
			0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff },
		{ 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff },
		{ EGA_COLORS, 0x0c, 0x00, 0x0f, 0x08, 0x00 } },
	{ 0x0d, VGA_PLANES, 40, 25, 8, 0x2000, 0x63, { 0x03, 0x09, 0x0f, 0x00, 0x06 },
		{ 0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc0, 0x00, 0x00, 0x00,
			0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xe3, 0xff },
		PLANAR_GRAPHICS, { LOW_COLORS, 0x01, 0x00, 0x0f, 0x00, 0x00 } },
	{ 0x0e, VGA_PLANES, 80, 25, 8, 0x4000, 0x63, { 0x03, 0x01, 0x0f, 0x00, 0x06 },
		{ 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0xc0, 0x00, 0x00, 0x00,
			0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x00, 0x96, 0xb9, 0xe3, 0xff },
		PLANAR_GRAPHICS, { LOW_COLORS, 0x01, 0x00, 0x0f, 0x00, 0x00 } },
	{ 0x10, VGA_PLANES, 80, 25, 14, 0x8000, 0xa3, { 0x03, 0x01, 0x0f, 0x00, 0x06 },
		{ 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x40, 0x00, 0x00, 0x00,
			0x00, 0x00, 0x00, 0x83, 0x85, 0x5d, 0x28, 0x0f, 0x63, 0xba, 0xe3, 0xff },
		PLANAR_GRAPHICS, { EGA_COLORS, 0x01, 0x00, 0x0f, 0x00, 0x00 } },
	{ 0x12, VGA_PLANES, 80, 30, 16, 0xa000, 0xe3, { 0x03, 0x01, 0x0f, 0x00, 0x06 },
		{ 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00, 0x40, 0x00, 0x00, 0x00,
			0x00, 0x00, 0x00, 0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff },
		PLANAR_GRAPHICS, { EGA_COLORS, 0x01, 0x00, 0x0f, 0x00, 0x00 } },
	{ 0x13, VGA_BYTES, 40, 25, 8, 0xfa00, 0x63, { 0x03, 0x01, 0x0f, 0x00, 0x0e },
		{ 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0x00, 0x00, 0x00,
			0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff },
		{ 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff },
		{ PLAIN_COLORS, 0x41, 0x00, 0x0f, 0x00, 0x00 } },
};

const struct vga_mode *vga_find(uint8_t number)
{
	if (number == 2) /* the shades of gray that it has on other displays */
		number = 3;
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].number == number)
			return &modes[i];
	return NULL;
}

uint8_t vga_read(const struct vga *vga, uint16_t port, uint8_t index)
{
	vga->out(port, index);
	return vga->in((uint16_t)(port + 1));
}

void vga_write(const struct vga *vga, uint16_t port, uint8_t index, uint8_t value)
{
	vga->out(port, index);
	vga->out((uint16_t)(port + 1), value);
}

uint8_t vga_read_attribute(const struct vga *vga, uint8_t index)
{
	uint8_t value;

	(void)vga->in(VGA_STATUS); /* the next access is the index */
	vga->out(VGA_ATTRIBUTE, index | 0x20);
	value = vga->in(VGA_ATTRIBUTE + 1);
	(void)vga->in(VGA_STATUS);
	return value;
}

void vga_write_attribute(const struct vga *vga, uint8_t index, uint8_t value)
{
	(void)vga->in(VGA_STATUS);
	vga->out(VGA_ATTRIBUTE,
		index | 0x20); /* 20h: the screen takes its colors from the palette */
	vga->out(VGA_ATTRIBUTE, value);
}

void vga_set_cursor(const struct vga *vga, uint16_t cell)
{
	vga_write(vga, VGA_CRT, 0x0e, (uint8_t)(cell >> 8));
	vga_write(vga, VGA_CRT, 0x0f, (uint8_t)cell);
}

void vga_set_cursor_shape(const struct vga *vga, uint8_t first, uint8_t last)
{
	vga_write(vga, VGA_CRT, 0x0a, first);
	vga_write(vga, VGA_CRT, 0x0b, last);
}

/* --- Colors --- */

/* A step of the circle from blue over red, yellow, green, cyan back to blue: red, green, blue from 0 to 4. */
static void hue(unsigned n, uint8_t levels[3])
{
	static const uint8_t rise[24] = { 0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 2, 1 };

	levels[0] = rise[n];
	levels[1] = rise[(n + 16) % 24];
	levels[2] = rise[(n + 8) % 24];
}

void vga_color(unsigned n, uint8_t rgb[3])
{
	static const uint8_t grays[16] = { 0x00, 0x05, 0x08, 0x0b, 0x0e, 0x11, 0x14, 0x18, 0x1c,
		0x20, 0x24, 0x28, 0x2d, 0x32, 0x38, 0x3f };
	/* Of each of three intensities, three saturations. */
	static const uint8_t ramps[9][5] = { { 0x00, 0x10, 0x1f, 0x2f, 0x3f },
		{ 0x1f, 0x27, 0x2f, 0x37, 0x3f }, { 0x2d, 0x31, 0x36, 0x3a, 0x3f },
		{ 0x00, 0x07, 0x0e, 0x15, 0x1c }, { 0x0e, 0x11, 0x15, 0x18, 0x1c },
		{ 0x14, 0x16, 0x18, 0x1a, 0x1c }, { 0x00, 0x04, 0x08, 0x0c, 0x10 },
		{ 0x08, 0x0a, 0x0c, 0x0e, 0x10 }, { 0x0b, 0x0c, 0x0d, 0x0f, 0x10 } };
	uint8_t levels[3];

	memset(rgb, 0, 3);
	if (n < 16) {
		for (unsigned i = 0; i < 3; i++)
			rgb[i] = (uint8_t)((n >> (2 - i) & 1 ? 0x2a : 0) + (n & 8 ? 0x15 : 0));
		if (n == 6)
			rgb[1] = 0x15; /* brown, not dark yellow */
	} else if (n < 32) {
		memset(rgb, grays[n - 16], 3);
	} else if (n < 248) {
		hue((n - 32) % 24, levels);
		for (unsigned i = 0; i < 3; i++)
			rgb[i] = ramps[(n - 32) / 24][levels[i]];
	}
}

/* The palette of 64 colors, by two bits for each of red, green and blue, that other modes choose 16 of. */
static void ega_color(unsigned n, uint8_t rgb[3])
{
	for (unsigned i = 0; i < 3; i++)
		rgb[i] = (uint8_t)((n >> (2 - i) & 1 ? 0x2a : 0) + (n >> (5 - i) & 1 ? 0x15 : 0));
}

static void load_colors(const struct vga *vga, const struct vga_mode *mode)
{
	uint8_t rgb[3];

	vga->out(VGA_DAC_MASK, 0xff);
	vga->out(VGA_DAC_WRITE, 0);
	for (unsigned n = 0; n < 256; n++) {
		if (mode->kind == VGA_BYTES)
			vga_color(n, rgb);
		else if (mode->attribute[8] == 0x10) /* 16 colors in their CGA places */
			vga_color((n & 7) | (n >> 1 & 8), rgb);
		else
			ega_color(n & 63, rgb);
		for (unsigned i = 0; i < 3; i++)
			vga->out(VGA_DAC, rgb[i]);
	}
}

/* --- Modes --- */

void vga_load_font(const struct vga *vga, unsigned block, const uint8_t *font, unsigned height,
	unsigned first, unsigned count)
{
	static const uint8_t offsets[8] = { 0, 16, 32, 48, 8, 24, 40, 56 }; /* KiB */
	uint8_t mask = vga_read(vga, VGA_SEQUENCER, 2), memory = vga_read(vga, VGA_SEQUENCER, 4);
	uint8_t plane = vga_read(vga, VGA_GRAPHICS, 4), mode = vga_read(vga, VGA_GRAPHICS, 5),
		map = vga_read(vga, VGA_GRAPHICS, 6);
	uint8_t *to = vga->window + offsets[block & 7] * 1024u;

	vga_write(vga, VGA_SEQUENCER, 2, 0x04);
	vga_write(vga, VGA_SEQUENCER, 4, 0x07);
	vga_write(vga, VGA_GRAPHICS, 4, 2);
	vga_write(vga, VGA_GRAPHICS, 5, 0);
	vga_write(vga, VGA_GRAPHICS, 6, 0x04);
	for (unsigned i = first; i < first + count && i < 256; i++)
		for (unsigned line = 0; line < 32; line++)
			((volatile uint8_t *)to)[i * 32 + line] =
				line < height ? font[(i - first) * height + line] : 0;
	vga_write(vga, VGA_SEQUENCER, 2, mask);
	vga_write(vga, VGA_SEQUENCER, 4, memory);
	vga_write(vga, VGA_GRAPHICS, 4, plane);
	vga_write(vga, VGA_GRAPHICS, 5, mode);
	vga_write(vga, VGA_GRAPHICS, 6, map);
}

static void clear(const struct vga *vga, const struct vga_mode *mode)
{
	volatile uint16_t *to =
		(volatile uint16_t *)(vga->window + (mode->kind == VGA_CELLS ? VGA_TEXT : 0));
	unsigned n = (mode->kind == VGA_CELLS ? VGA_TEXT_SIZE : 0x10000) / 2;

	while (n--)
		*to++ = mode->kind == VGA_CELLS ? 0x0720 : 0;
}

void vga_set(const struct vga *vga, const struct vga_mode *mode, bool keep)
{
	(void)vga->in(VGA_STATUS);
	vga->out(VGA_ATTRIBUTE, 0); /* dark until all is set */
	vga->out(VGA_MISC_WRITE, mode->misc);
	vga_write(vga, VGA_SEQUENCER, 0, 0x01); /* halted while the clock changes */
	for (uint8_t i = 1; i < 5; i++)
		vga_write(vga, VGA_SEQUENCER, i, mode->sequencer[i]);
	vga_write(vga, VGA_SEQUENCER, 0, mode->sequencer[0]);
	vga_write(vga, VGA_CRT, 0x11, 0); /* registers 0 to 7 may be written */
	for (uint8_t i = 0; i < 25; i++)
		vga_write(vga, VGA_CRT, i, mode->crt[i]);
	for (uint8_t i = 0; i < 9; i++)
		vga_write(vga, VGA_GRAPHICS, i, mode->graphics[i]);
	load_colors(vga, mode);
	if (mode->kind == VGA_CELLS)
		vga_load_font(vga, 0, vga->font16, 16, 0, 256);
	if (!keep)
		clear(vga, mode);
	for (uint8_t i = 0; i < 21; i++) {
		(void)vga->in(VGA_STATUS);
		vga->out(VGA_ATTRIBUTE, i);
		vga->out(VGA_ATTRIBUTE, mode->attribute[i]);
	}
	(void)vga->in(VGA_STATUS);
	vga->out(VGA_ATTRIBUTE, 0x20);
}
