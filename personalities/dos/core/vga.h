/* The VGA itself, for a machine that has the screen: its modes by their registers, its fonts, its pixels.  Needs nothing of the
 * rest, so that the server can put the screen right with it when a machine is gone. */
#ifndef DOS_VGA_H
#define DOS_VGA_H

#include <stdbool.h>
#include <stdint.h>

#define VGA_WINDOW 0xa0000u
#define VGA_WINDOW_SIZE 0x20000u
#define VGA_TEXT 0x18000u /* of the window: B8000h */
#define VGA_TEXT_SIZE 0x8000u
#define VGA_FONT16_SIZE 4096u /* 256 characters */
#define VGA_FONT8_SIZE 2048u

struct vga {
	uint8_t (*in)(uint16_t port);
	void (*out)(uint16_t port, uint8_t value);
	uint8_t *window; /* what the processor sees at A0000h */
	const uint8_t *font16, *font8;
};

enum vga_kind {
	VGA_CELLS,  /* characters and attributes at B8000h */
	VGA_PLANES, /* a bit of each of four planes is a pixel */
	VGA_BYTES,
};

struct vga_mode {
	uint8_t number;
	enum vga_kind kind;
	uint8_t columns, rows, height; /* of characters */
	uint16_t page;		       /* bytes from one page to the next */
	uint8_t misc, sequencer[5], crt[25], graphics[9], attribute[21];
};

/* NULL: there is no such mode. */
const struct vga_mode *vga_find(uint8_t number);
/* Into the mode; with `keep` the memory stays as it is. */
void vga_set(const struct vga *vga, const struct vga_mode *mode, bool keep);

/* `count` characters of a font, from the character `first` on, into font `block` of the text modes. */
void vga_load_font(const struct vga *vga, unsigned block, const uint8_t *font, unsigned height,
	unsigned first, unsigned count);

uint8_t vga_read(const struct vga *vga, uint16_t port, uint8_t index);
void vga_write(const struct vga *vga, uint16_t port, uint8_t index, uint8_t value);
/* Palette registers (0 to 15), overscan (17) and the like; the screen stays on. */
uint8_t vga_read_attribute(const struct vga *vga, uint8_t index);
void vga_write_attribute(const struct vga *vga, uint8_t index, uint8_t value);

void vga_set_cursor(const struct vga *vga, uint16_t cell);
void vga_set_cursor_shape(const struct vga *vga, uint8_t first, uint8_t last);

/* Graphics modes.  A place that is not on the screen stays as it is, and is 0. */
void vga_put_pixel(
	const struct vga *vga, const struct vga_mode *mode, unsigned x, unsigned y, uint8_t color);
uint8_t vga_get_pixel(const struct vga *vga, const struct vga_mode *mode, unsigned x, unsigned y);
void vga_put_glyph(const struct vga *vga, const struct vga_mode *mode, unsigned row,
	unsigned column, uint8_t c, uint8_t color);
/* Rows of characters from `top` to `bottom` move up or down by `lines`, and what comes is of one color. */
void vga_scroll(const struct vga *vga, const struct vga_mode *mode, bool up, unsigned lines,
	const uint8_t corners[4], uint8_t color);

/* The 256 colors of mode 13h as red, green, blue of 6 bits. */
void vga_color(unsigned n, uint8_t rgb[3]);

#define VGA_SEQUENCER 0x3c4
#define VGA_GRAPHICS 0x3ce
#define VGA_CRT 0x3d4
#define VGA_ATTRIBUTE 0x3c0
#define VGA_DAC_MASK 0x3c6
#define VGA_DAC_READ 0x3c7
#define VGA_DAC_WRITE 0x3c8
#define VGA_DAC 0x3c9
#define VGA_MISC_READ 0x3cc
#define VGA_MISC_WRITE 0x3c2
#define VGA_STATUS 0x3da

#endif
