#include "video.h"

#include <string.h>

#include "vga.h"
#include "vga_services.h"

#define CELLS 0xb8000u
#define NORMAL 0x07

/* Places in the BIOS data area. */
#define BDA_MODE 0x49
#define BDA_COLUMNS 0x4a
#define BDA_PAGE_SIZE 0x4c
#define BDA_CURSOR 0x50
#define BDA_SHAPE 0x60
#define BDA_PAGE 0x62
#define BDA_PORT 0x63
#define BDA_LAST_ROW 0x84
#define BDA_HEIGHT 0x85

static uint8_t *cell(struct dos *dos, unsigned row, unsigned column)
{
	return dos->memory + CELLS + 2 * (row * VIDEO_COLUMNS + column);
}

static uint8_t *cursor(struct dos *dos)
{
	return dos_bios_data(dos, BDA_CURSOR); /* column, row of page 0 */
}

static void show(struct dos *dos, const char *text)
{
	if (!dos->world->vga)
		dos->world->show(dos->world->context, text, (unsigned)strlen(text));
}

static unsigned columns(const struct dos *dos)
{
	return dos->vga_mode ? dos->vga_mode->columns : VIDEO_COLUMNS;
}

static unsigned rows(const struct dos *dos)
{
	return dos->vga_mode ? dos->vga_mode->rows : VIDEO_ROWS;
}

static bool is_graphics(const struct dos *dos)
{
	return dos->vga_mode && dos->vga_mode->kind != VGA_CELLS;
}

static char *number(char *to, unsigned n)
{
	if (n >= 100)
		*to++ = (char)('0' + n / 100 % 10);
	if (n >= 10)
		*to++ = (char)('0' + n / 10 % 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

static void show_position(struct dos *dos, unsigned row, unsigned column)
{
	char text[16] = "\033[", *s = number(text + 2, row + 1);

	*s++ = ';';
	s = number(s, column + 1);
	*s++ = 'H';
	*s = '\0';
	show(dos, text);
}

static void show_attribute(struct dos *dos, uint8_t attribute)
{
	static const char ansi[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };
	char text[24] = "\033[0;", *s = text + 4;

	if (attribute != NORMAL) {
		s = number(s, (attribute & 8 ? 90u : 30u) + (unsigned)ansi[attribute & 7]);
		*s++ = ';';
		s = number(s, 40u + (unsigned)ansi[attribute >> 4 & 7]);
	} else {
		s--;
	}
	*s++ = 'm';
	*s = '\0';
	show(dos, text);
}

static void clear(struct dos *dos, unsigned row, unsigned column, unsigned last_row,
	unsigned last_column, uint8_t attribute)
{
	for (; row <= last_row; row++)
		for (unsigned i = column; i <= last_column; i++) {
			cell(dos, row, i)[0] = ' ';
			cell(dos, row, i)[1] = attribute;
		}
}

static void set_mode(struct dos *dos, uint8_t mode, bool keep)
{
	if (dos->world->vga) {
		dos->vga_mode = vga_find(mode);
		vga_set(dos->world->vga, dos->vga_mode, keep);
	}
	*dos_bios_data(dos, BDA_MODE) = mode;
	put16(dos_bios_data(dos, BDA_COLUMNS), (uint16_t)columns(dos));
	put16(dos_bios_data(dos, BDA_PAGE_SIZE), dos->vga_mode ? dos->vga_mode->page : 4096);
	*dos_bios_data(dos, BDA_HEIGHT) = dos->vga_mode ? dos->vga_mode->height : 16;
	put16(dos_bios_data(dos, BDA_SHAPE), 0x0607);
	put16(dos_bios_data(dos, BDA_PORT), 0x3d4);
	*dos_bios_data(dos, BDA_PAGE) = 0;
	*dos_bios_data(dos, BDA_LAST_ROW) = (uint8_t)(rows(dos) - 1);
	memset(cursor(dos), 0, 16);
	if (!dos->vga_mode && !keep)
		clear(dos, 0, 0, VIDEO_ROWS - 1, VIDEO_COLUMNS - 1, NORMAL);
}

static void note_shown(struct dos *dos)
{
	memcpy(dos->shown, dos->memory + CELLS, sizeof(dos->shown));
}

void video_init(struct dos *dos)
{
	set_mode(dos, 3, false);
	if (dos->world->vga) {
		dos->is_screen = true;
		memcpy(dos_at(dos, SEGMENT_ROM, ROM_FONT16), dos->world->vga->font16,
			VGA_FONT16_SIZE);
		memcpy(dos_at(dos, SEGMENT_ROM, ROM_FONT8), dos->world->vga->font8, VGA_FONT8_SIZE);
	} else {
		note_shown(dos);
	}
}

static void become_screen(struct dos *dos)
{
	if (dos->is_screen)
		return;
	dos->is_screen = true;
	show(dos, "\033[0m\033[2J");
	for (unsigned i = 0; i < sizeof(dos->shown); i += 2) {
		dos->shown[i] = ' ';
		dos->shown[i + 1] = NORMAL;
	}
}

static void scroll(
	struct dos *dos, bool up, unsigned lines, const uint8_t *corners, uint8_t attribute)
{
	unsigned left = corners[0], top = corners[1], right = corners[2], bottom = corners[3],
		 height;

	if (right >= columns(dos))
		right = columns(dos) - 1;
	if (bottom >= rows(dos))
		bottom = rows(dos) - 1;
	if (left > right || top > bottom)
		return;
	height = bottom - top + 1;
	if (lines == 0 || lines > height)
		lines = height;
	if (is_graphics(dos)) {
		const uint8_t cut[4] = { (uint8_t)left, (uint8_t)top, (uint8_t)right,
			(uint8_t)bottom };

		vga_scroll(dos->world->vga, dos->vga_mode, up, lines, cut, attribute);
		return;
	}
	for (unsigned i = 0; i < height - lines; i++) {
		unsigned to = up ? top + i : bottom - i, from = up ? to + lines : to - lines;

		memmove(cell(dos, to, left), cell(dos, from, left), 2 * (right - left + 1));
	}
	if (up)
		clear(dos, bottom - lines + 1, left, bottom, right, attribute);
	else
		clear(dos, top, left, top + lines - 1, right, attribute);
}

static void new_line(struct dos *dos)
{
	static const uint8_t all[4] = { 0, 0, 0xff, 0xff };
	uint8_t *at = cursor(dos);

	if (at[1] < rows(dos) - 1)
		at[1]++;
	else
		scroll(dos, true, 1, all, is_graphics(dos) ? 0 : NORMAL);
}

/* `color`: of a graphics mode. */
static void put(struct dos *dos, uint8_t c, uint8_t color)
{
	uint8_t *at = cursor(dos);
	char text[4];
	unsigned n = 1;

	if (at[0] >= columns(dos) || at[1] >= rows(dos))
		at[0] = at[1] = 0;
	switch (c) {
	case '\a':
		show(dos, "\a");
		return;
	case '\b':
		at[0] = (uint8_t)(at[0] ? at[0] - 1 : 0);
		text[0] = '\b';
		break;
	case '\r':
		at[0] = 0;
		text[0] = '\r';
		break;
	case '\n':
		new_line(dos);
		text[0] = '\n';
		break;
	default:
		if (is_graphics(dos))
			vga_put_glyph(dos->world->vga, dos->vga_mode, at[1], at[0], c, color);
		else
			cell(dos, at[1], at[0])[0] = c;
		n = code_page_to_utf8(c, text);
		if (++at[0] == columns(dos)) {
			at[0] = 0;
			new_line(dos);
		}
	}
	if (!dos->is_screen) {
		dos->world->show(dos->world->context, text, n);
		note_shown(dos);
	}
}

void video_put(struct dos *dos, uint8_t c)
{
	put(dos, c, NORMAL);
}

void video_refresh(struct dos *dos)
{
	unsigned next = ~0u;
	int attribute = -1;
	const uint8_t *at = cursor(dos);
	uint8_t *cells = dos->memory + CELLS;

	if (dos->world->vga) {
		vga_services_cursor(dos);
		return;
	}
	if (memcmp(cells, dos->shown, sizeof(dos->shown)) != 0)
		become_screen(dos);
	if (!dos->is_screen)
		return;
	for (unsigned i = 0; i < sizeof(dos->shown) / 2; i++) {
		char text[4];
		unsigned n;

		if (memcmp(cells + 2 * i, dos->shown + 2 * i, 2) == 0)
			continue;
		if (i != next || i % VIDEO_COLUMNS == 0)
			show_position(dos, i / VIDEO_COLUMNS, i % VIDEO_COLUMNS);
		if (attribute != cells[2 * i + 1])
			show_attribute(dos, cells[2 * i + 1]);
		attribute = cells[2 * i + 1];
		n = code_page_to_utf8(cells[2 * i], text);
		dos->world->show(dos->world->context, text, n);
		next = i + 1;
	}
	note_shown(dos);
	if (next != ~0u || dos->shown_cursor[0] != at[0] || dos->shown_cursor[1] != at[1]) {
		if (attribute > 0 && attribute != NORMAL)
			show(dos, "\033[0m");
		show_position(dos, at[1], at[0]);
		memcpy(dos->shown_cursor, at, 2);
	}
}

void video_end(struct dos *dos)
{
	video_refresh(dos);
	if (!dos->is_screen || dos->world->vga)
		return;
	show_position(dos, VIDEO_ROWS - 1, 0);
	show(dos, "\033[0m\n");
	dos->is_screen = false;
}

/* Functions 09h and 0Ah: cx times the character from the cursor on, which stays. */
static void repeat(struct dos *dos, bool with_attribute)
{
	const uint8_t *at = cursor(dos);
	unsigned i = at[1] * columns(dos) + at[0];

	for (unsigned n = dos->cpu.cx; n > 0 && i < columns(dos) * rows(dos); n--, i++) {
		uint8_t *c = cell(dos, 0, 0) + 2 * i;

		if (is_graphics(dos)) {
			vga_put_glyph(dos->world->vga, dos->vga_mode, i / columns(dos),
				i % columns(dos), dos->cpu.al, dos->cpu.bl);
			continue;
		}

		c[0] = dos->cpu.al;
		if (with_attribute)
			c[1] = dos->cpu.bl;
	}
}

/* Function 13h. */
static void write_string(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	unsigned step = cpu->al & 2 ? 2 : 1;
	const uint8_t *s = dos_block(dos, cpu->es, cpu->bp, cpu->cx * step);
	uint8_t *at = cursor(dos), saved[2];

	memcpy(saved, at, 2);
	at[0] = cpu->dl;
	at[1] = cpu->dh;
	for (unsigned i = 0; s && i < cpu->cx; i++, s += step) {
		uint8_t attribute = step == 2 ? s[1] : cpu->bl;

		if (!is_graphics(dos) && at[0] < VIDEO_COLUMNS && at[1] < VIDEO_ROWS && *s >= ' ')
			cell(dos, at[1], at[0])[1] = attribute;
		put(dos, *s, attribute);
	}
	if (!(cpu->al & 1))
		memcpy(at, saved, 2);
}

static void set_cursor(struct dos *dos, uint8_t row, uint8_t column)
{
	cursor(dos)[0] = (uint8_t)(column < columns(dos) ? column : columns(dos) - 1);
	cursor(dos)[1] = (uint8_t)(row < rows(dos) ? row : rows(dos) - 1);
}

/* Those that place something. */
static void place(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t corners[4] = { cpu->cl, cpu->ch, cpu->dl, cpu->dh };

	become_screen(dos);
	switch (cpu->ah) {
	case 0x02:
		set_cursor(dos, cpu->dh, cpu->dl);
		break;
	case 0x06:
	case 0x07:
		scroll(dos, cpu->ah == 6, cpu->al, corners, cpu->bh);
		break;
	case 0x09:
	case 0x0a:
		repeat(dos, cpu->ah == 9);
		break;
	default:
		write_string(dos);
	}
}

void video_interrupt(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *at = cursor(dos);

	switch (cpu->ah) {
	case 0x00:
		/* Graphics modes have no terminal to be on: the mode stays what it was, as the program can see. */
		if (dos->world->vga) {
			if (vga_find(cpu->al & 0x7f))
				set_mode(dos, cpu->al & 0x7f, cpu->al & 0x80);
		} else if ((cpu->al & 0x7f) == 2 || (cpu->al & 0x7f) == 3 ||
			   (cpu->al & 0x7f) == 7) {
			become_screen(dos);
			set_mode(dos, cpu->al & 0x7f, cpu->al & 0x80);
		}
		break;
	case 0x01:
		put16(dos_bios_data(dos, BDA_SHAPE), cpu->cx);
		break;
	case 0x02:
	case 0x06:
	case 0x07:
	case 0x09:
	case 0x0a:
	case 0x13:
		place(dos);
		break;
	case 0x03:
		cpu->cx = get16(dos_bios_data(dos, BDA_SHAPE));
		cpu->dl = at[0];
		cpu->dh = at[1];
		break;
	case 0x08:
		if (is_graphics(dos)) /* the glyph would have to be known again */
			cpu->ax = 0x0700;
		else
			cpu->al = cell(dos, at[1], at[0])[0];
		if (!is_graphics(dos))
			cpu->ah = cell(dos, at[1], at[0])[1];
		break;
	case 0x0e:
		put(dos, cpu->al, cpu->bl);
		break;
	case 0x0f:
		cpu->al = *dos_bios_data(dos, BDA_MODE);
		cpu->ah = (uint8_t)columns(dos);
		cpu->bh = 0;
		break;
	case 0x12:
		if (cpu->bl == 0x10)
			cpu->bx = 0x0003;
		break;
	case 0x1a:
		if (cpu->al == 0)
			cpu->bx = 0x0008;
		cpu->al = 0x1a;
		break;
	default: /* the registers as they were say that it is not there */
		if (dos->world->vga)
			vga_services(dos);
	}
	if (dos->world->vga)
		vga_services_cursor(dos);
}
