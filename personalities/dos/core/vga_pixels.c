/* Pixels and characters of the graphics modes. */
#include "vga.h"

#define COLORS_XOR 0x80 /* of a color that is given to INT 10h */

static volatile uint8_t *byte_of(
	const struct vga *vga, const struct vga_mode *mode, unsigned x, unsigned y)
{
	return vga->window + (mode->kind == VGA_BYTES ? y * 320 + x : y * mode->columns + x / 8);
}

static bool is_on_screen(const struct vga_mode *mode, unsigned x, unsigned y)
{
	return x < mode->columns * 8u && y < (unsigned)mode->rows * mode->height;
}

/* The bits of `mask` become `color`, or are mixed with it. */
static void put_bits(
	const struct vga *vga, volatile uint8_t *at, uint8_t mask, uint8_t color, bool mix)
{
	vga_write(vga, VGA_GRAPHICS, 0, color & 0x0f);
	vga_write(vga, VGA_GRAPHICS, 1, 0x0f); /* all planes from there */
	vga_write(vga, VGA_GRAPHICS, 3, mix ? 0x18 : 0);
	vga_write(vga, VGA_GRAPHICS, 5, 0);
	vga_write(vga, VGA_GRAPHICS, 8, mask);
	(void)*at; /* the other bits into the latches */
	*at = 0;
	vga_write(vga, VGA_GRAPHICS, 1, 0);
	vga_write(vga, VGA_GRAPHICS, 3, 0);
	vga_write(vga, VGA_GRAPHICS, 8, 0xff);
}

void vga_put_pixel(
	const struct vga *vga, const struct vga_mode *mode, unsigned x, unsigned y, uint8_t color)
{
	if (!is_on_screen(mode, x, y))
		return;
	if (mode->kind == VGA_BYTES)
		*byte_of(vga, mode, x, y) = color;
	else
		put_bits(vga, byte_of(vga, mode, x, y), (uint8_t)(0x80 >> x % 8), color,
			color & COLORS_XOR);
}

uint8_t vga_get_pixel(const struct vga *vga, const struct vga_mode *mode, unsigned x, unsigned y)
{
	uint8_t color = 0;

	if (!is_on_screen(mode, x, y))
		return 0;
	if (mode->kind == VGA_BYTES)
		return *byte_of(vga, mode, x, y);
	vga_write(vga, VGA_GRAPHICS, 5, 0);
	for (uint8_t plane = 0; plane < 4; plane++) {
		vga_write(vga, VGA_GRAPHICS, 4, plane);
		color |= (uint8_t)((*byte_of(vga, mode, x, y) >> (7 - x % 8) & 1) << plane);
	}
	return color;
}

void vga_put_glyph(const struct vga *vga, const struct vga_mode *mode, unsigned row,
	unsigned column, uint8_t c, uint8_t color)
{
	const uint8_t *glyph = mode->height == 8 ? vga->font8 + c * 8 : vga->font16 + c * 16;
	unsigned x = column * 8, y = row * mode->height;

	if (!is_on_screen(mode, x, y))
		return;
	if (mode->height == 14)
		glyph++; /* the font of 16 lines has an empty one above and below */
	for (unsigned line = 0; line < mode->height; line++) {
		volatile uint8_t *at = byte_of(vga, mode, x, y + line);

		if (mode->kind == VGA_BYTES) {
			for (unsigned i = 0; i < 8; i++)
				at[i] = glyph[line] & 0x80 >> i ? color : 0;
		} else if (color & COLORS_XOR) {
			put_bits(vga, at, glyph[line], color, true);
		} else {
			put_bits(vga, at, 0xff, 0, false);
			put_bits(vga, at, glyph[line], color, false);
		}
	}
}

/* One line of pixels of a window, from another one or of one color. */
static void copy_line(const struct vga *vga, const struct vga_mode *mode, const uint8_t corners[4],
	unsigned to, unsigned from)
{
	unsigned width = (corners[2] - corners[0] + 1u) * (mode->kind == VGA_BYTES ? 8 : 1);
	volatile uint8_t *target = byte_of(vga, mode, corners[0] * 8u, to),
			 *source = byte_of(vga, mode, corners[0] * 8u, from);

	if (mode->kind == VGA_PLANES)
		vga_write(vga, VGA_GRAPHICS, 5, 1); /* all planes by the latches */
	while (width--)
		*target++ = *source++;
	if (mode->kind == VGA_PLANES)
		vga_write(vga, VGA_GRAPHICS, 5, 0);
}

static void fill_line(const struct vga *vga, const struct vga_mode *mode, const uint8_t corners[4],
	unsigned to, uint8_t color)
{
	unsigned width = (corners[2] - corners[0] + 1u) * (mode->kind == VGA_BYTES ? 8 : 1);
	volatile uint8_t *target = byte_of(vga, mode, corners[0] * 8u, to);

	for (; width--; target++) {
		if (mode->kind == VGA_BYTES)
			*target = color;
		else
			put_bits(vga, target, 0xff, color, false);
	}
}

void vga_scroll(const struct vga *vga, const struct vga_mode *mode, bool up, unsigned lines,
	const uint8_t corners[4], uint8_t color)
{
	unsigned top = corners[1] * mode->height,
		 height = (corners[3] - corners[1] + 1u) * mode->height,
		 moved = height - lines * mode->height;

	for (unsigned i = 0; i < moved; i++) {
		unsigned to = up ? top + i : top + height - 1 - i;

		copy_line(vga, mode, corners, to,
			up ? to + lines * mode->height : to - lines * mode->height);
	}
	for (unsigned i = moved; i < height; i++)
		fill_line(vga, mode, corners, up ? top + i : top + height - 1 - i, color);
}
