/* SPDX-License-Identifier: MIT */
/*
 * vga.c - the VGA text screen.
 *
 * Owns      nothing; a struct vga belongs to who calls.
 * Offers    vga_attribute, vga_clear, vga_putc, vga_cursor.
 * Stands on io.h.
 * Source    FreeVGA "VGA Text Mode Operation"; see vga.h.
 *
 * Row and column are taken together as one cell number, 0..1999, as the
 * hardware does; a number behind the last cell asks for a scroll. The width is
 * a multiple of VGA_TAB, so tab stops are a matter of that number, too.
 */
#include <lab0/vga.h>

#include <lab0/io.h>

static_assert(VGA_COLUMNS % VGA_TAB == 0, "each row begins at a tab stop");

/* What a cell holds to show c in the current colours. */
static uint16_t
cell(const struct vga *vga, char c)
{
	return (uint16_t)(vga->attribute << 8 | (uint8_t)c);
}

/* Number of the cell where the next character goes. */
static unsigned
position(const struct vga *vga)
{
	return vga->row * VGA_COLUMNS + vga->column;
}

/* Let every cell show what stands `count` cells further on, blanks at last. */
static void
pull_up(struct vga *vga, unsigned count)
{
	for (unsigned to = 0, from = count; to < VGA_CELLS; to++, from++)
		vga->cells[to] = from < VGA_CELLS ? vga->cells[from] :
		    cell(vga, ' ');
}

/* Write c at a cell; returns the number of the cell to go on at. */
static unsigned
write_at(struct vga *vga, unsigned at, char c)
{
	switch (c) {
	case '\n':
		return at - at % VGA_COLUMNS + VGA_COLUMNS;
	case '\r':
		return at - at % VGA_COLUMNS;
	case '\b':
		return at % VGA_COLUMNS ? at - 1 : at;
	case '\t':
		do
			vga->cells[at++] = cell(vga, ' ');
		while (at % VGA_TAB);
		return at;
	default:
		vga->cells[at] = cell(vga, c);
		return at + 1;
	}
}

uint8_t
vga_attribute(unsigned text, unsigned ground)
{
	return (uint8_t)((ground % 8) * 16 + text % 16);
}

void
vga_clear(struct vga *vga)
{
	pull_up(vga, VGA_CELLS);
	vga->row = vga->column = 0;
}

void
vga_putc(struct vga *vga, char c)
{
	unsigned at = write_at(vga, position(vga), c);

	if (at >= VGA_CELLS) {
		pull_up(vga, VGA_COLUMNS);
		at -= VGA_COLUMNS;
	}
	vga->row = at / VGA_COLUMNS;
	vga->column = at % VGA_COLUMNS;
}

/* One word written to INDEX is a byte for it and one for DATA behind it. */
void
vga_cursor(const struct vga *vga)
{
	unsigned at = position(vga);

	outw((uint16_t)(at << 8 | CRTC_CURSOR_LOW), VGA_CRTC_INDEX);
	outw((uint16_t)((at & 0xff00) | CRTC_CURSOR_HIGH), VGA_CRTC_INDEX);
}
