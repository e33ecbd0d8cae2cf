/* SPDX-License-Identifier: MIT */
/*
 * fbcon.c - text on a linear framebuffer, for machines without VGA text.
 *
 * A copy of what every cell shows is kept in ordinary memory, and a cell is
 * drawn only when it changes: scrolling a screen of short lines costs few
 * pixels, and the framebuffer, which is slow to read, is only written.
 *
 * Owns      the framebuffer that the boot loader set up.
 * Stands on the boot facts, font.h.
 * Source    Multiboot2 Specification 3.6.12 "Framebuffer info".
 */
#include <lab0/bootfacts.h>
#include <lab0/console.h>
#include <lab0/errno.h>
#include <lab0/font.h>
#include <lab0/memory_layout.h>

enum {
	FBCON_COLUMNS_MAX = 240,	/* 1920 x 1080; the rest of a larger */
	FBCON_ROWS_MAX = 67,		/* screen stays black */
	FBCON_TAB = 8,
	FBCON_CURSOR_ROW = FONT_HEIGHT - 2,
};

static struct {
	uint8_t		*pixels;
	uint32_t	pitch_bytes;
	unsigned	pixel_bytes;	/* 2, 3 or 4 */
	unsigned	columns, rows;
	unsigned	column, row;	/* where the next character goes */
	uint8_t		attribute;	/* ground << 4 | text */
	uint32_t	palette[16];	/* as pixels */
	uint16_t	cells[FBCON_ROWS_MAX * FBCON_COLUMNS_MAX];
} fb;

/* The VGA's 16 colours, 0xrrggbb. */
static const uint32_t vga_palette[16] = {
	0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500,
	0xaaaaaa, 0x555555, 0x5555ff, 0x55ff55, 0x55ffff, 0xff5555, 0xff55ff,
	0xffff55, 0xffffff,
};

static uint32_t
color_bits(uint32_t value, struct color_field field)
{
	uint32_t scaled = field.size <= 8 ? value >> (8 - field.size)
	    : value << (field.size - 8);

	return scaled << field.position;
}

static void
make_palette(const struct boot_framebuffer *info)
{
	for (unsigned i = 0; i < ARRAY_SIZE(vga_palette); i++)
		fb.palette[i] =
		    color_bits(vga_palette[i] >> 16 & 0xff, info->red) |
		    color_bits(vga_palette[i] >> 8 & 0xff, info->green) |
		    color_bits(vga_palette[i] & 0xff, info->blue);
}

static inline void
put_pixel(uint8_t *at, uint32_t pixel)
{
	if (fb.pixel_bytes == 4) {
		*(volatile uint32_t *)at = pixel;
	} else if (fb.pixel_bytes == 2) {
		*(volatile uint16_t *)at = (uint16_t)pixel;
	} else {
		((volatile uint8_t *)at)[0] = pixel & 0xff;
		((volatile uint8_t *)at)[1] = pixel >> 8 & 0xff;
		((volatile uint8_t *)at)[2] = pixel >> 16 & 0xff;
	}
}

static uint8_t *
cell_pixels(unsigned index)
{
	return fb.pixels +
	    index / fb.columns * FONT_HEIGHT * (size_t)fb.pitch_bytes +
	    index % fb.columns * FONT_WIDTH * fb.pixel_bytes;
}

static const uint8_t *
glyph_of(uint8_t c)
{
	if (c < FONT_FIRST || c >= FONT_FIRST + FONT_GLYPHS)
		return font_glyphs[FONT_GLYPHS - 1];
	return font_glyphs[c - FONT_FIRST];
}

static void
draw_cell(unsigned index)
{
	const uint8_t *glyph = glyph_of(fb.cells[index] & 0xff);
	uint32_t text = fb.palette[fb.cells[index] >> 8 & 15];
	uint32_t ground = fb.palette[fb.cells[index] >> 12];
	uint8_t *line = cell_pixels(index);

	for (unsigned y = 0; y < FONT_HEIGHT; y++) {
		uint8_t *at = line;

		for (unsigned bit = 0x80; bit; bit >>= 1) {
			put_pixel(at, glyph[y] & bit ? text : ground);
			at += fb.pixel_bytes;
		}
		line += fb.pitch_bytes;
	}
}

static inline void
set_cell(unsigned index, uint16_t value)
{
	if (fb.cells[index] == value)
		return;
	fb.cells[index] = value;
	draw_cell(index);
}

static void
draw_cursor(void)
{
	unsigned index = fb.row * fb.columns + fb.column;
	uint32_t pixel = fb.palette[fb.attribute & 15];
	uint8_t *at = cell_pixels(index) +
	    FBCON_CURSOR_ROW * (size_t)fb.pitch_bytes;

	for (unsigned x = 0; x < FONT_WIDTH; x++) {
		put_pixel(at, pixel);
		put_pixel(at + fb.pitch_bytes, pixel);
		at += fb.pixel_bytes;
	}
}

static void
next_row(void)
{
	unsigned kept = (fb.rows - 1) * fb.columns;

	fb.column = 0;
	if (fb.row + 1 < fb.rows) {
		fb.row++;
		return;
	}
	for (unsigned i = 0; i < kept; i++)
		set_cell(i, fb.cells[i + fb.columns]);
	for (unsigned i = kept; i < kept + fb.columns; i++)
		set_cell(i, (uint16_t)(fb.attribute << 8 | ' '));
}

static void
put_cell(char c)
{
	set_cell(fb.row * fb.columns + fb.column,
	    (uint16_t)(fb.attribute << 8 | (uint8_t)c));
	if (++fb.column == fb.columns)
		next_row();
}

/* The same control characters as vga_putc. */
static void
put_char(char c)
{
	switch (c) {
	case '\n':
		next_row();
		break;
	case '\r':
		fb.column = 0;
		break;
	case '\b':
		if (fb.column > 0)
			fb.column--;
		break;
	case '\t':
		do
			put_cell(' ');
		while (fb.column % FBCON_TAB);
		break;
	default:
		put_cell(c);
	}
}

static void
fb_write(const char *text, size_t len_bytes)
{
	draw_cell(fb.row * fb.columns + fb.column);	/* hide the cursor */
	for (size_t i = 0; i < len_bytes; i++)
		put_char(text[i]);
	draw_cursor();
}

static void
clear(void)
{
	unsigned n = fb.rows * fb.columns;

	for (unsigned i = 0; i < n; i++) {
		fb.cells[i] = (uint16_t)(fb.attribute << 8 | ' ');
		draw_cell(i);
	}
	fb.column = 0;
	fb.row = 0;
	draw_cursor();
}

static void
fb_color(enum console_color text, enum console_color ground)
{
	uint8_t before = fb.attribute;

	fb.attribute = (uint8_t)((ground & 7) << 4 | text);
	if (fb.row == 0 && fb.column == 0 && fb.attribute != before)
		clear();
}

static bool
field_fits(struct color_field field, unsigned depth_bits)
{
	return field.size <= 16 && field.position + field.size <= depth_bits;
}

/* Whether the loader's words make sense and the direct map shows it all. */
static bool
usable(const struct boot_framebuffer *info)
{
	unsigned depth = info->depth_bits;
	unsigned pixel_bytes = (depth + 7) / 8;
	unsigned unit = pixel_bytes == 3 ? 1 : pixel_bytes;

	return info->kind == FRAMEBUFFER_RGB && depth >= 15 && depth <= 32 &&
	    info->width >= FONT_WIDTH && info->height >= FONT_HEIGHT &&
	    info->width <= 0xffff && info->height <= 0xffff &&
	    info->pitch_bytes >= info->width * pixel_bytes &&
	    info->pitch_bytes % unit == 0 && info->address % unit == 0 &&
	    direct_map_shows(info->address,
	    (uint64_t)info->pitch_bytes * info->height) &&
	    field_fits(info->red, depth) && field_fits(info->green, depth) &&
	    field_fits(info->blue, depth);
}

static int
fb_probe(void)
{
	const struct boot_framebuffer *info = &boot_facts()->framebuffer;

	if (!usable(info))
		return -ENODEV;

	fb.pixels = phys_to_virt(info->address);
	fb.pitch_bytes = info->pitch_bytes;
	fb.pixel_bytes = (info->depth_bits + 7) / 8;
	fb.columns = MIN(info->width / FONT_WIDTH, FBCON_COLUMNS_MAX);
	fb.rows = MIN(info->height / FONT_HEIGHT, FBCON_ROWS_MAX);
	fb.attribute = COLOR_BLACK << 4 | COLOR_GREY;
	make_palette(info);
	clear();
	return 0;
}

static const struct console fb_console = {
	.name = "fb",
	.probe = fb_probe,
	.write = fb_write,
	.color = fb_color,
};
CONSOLE_ADD(fb_console);
