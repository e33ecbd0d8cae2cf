/* SPDX-License-Identifier: MIT */
/*
 * vga.c - the VGA text screen.
 *
 * Owns      nothing; a struct vga belongs to who calls.
 * Offers    vga_attribute, vga_clear, vga_putc, vga_cursor.
 * Stands on io.h.
 * Source    FreeVGA "VGA Text Mode Operation"; see vga.h.
 */
#include <lab0/vga.h>

#include <lab0/io.h>
#include <lab0/todo.h>

/* What a cell holds to show c in the current colours. */
static uint16_t
cell(const struct vga *vga, char c)
{
	return (uint16_t)(vga->attribute << 8 | (uint8_t)c);
}

/* Move every row up by one; the last becomes blank. */
static void
scroll(struct vga *vga)
{
	/* EX 0.3 { a helper of vga_putc: write or delete it */
	for (unsigned i = 0; i < VGA_CELLS - VGA_COLUMNS; i++)
		vga->cells[i] = vga->cells[i + VGA_COLUMNS];
	for (unsigned i = VGA_CELLS - VGA_COLUMNS; i < VGA_CELLS; i++)
		vga->cells[i] = cell(vga, ' ');
	/* EX 0.3 } (void)vga; todo("0.3"); */
}

uint8_t
vga_attribute(unsigned text, unsigned ground)
{
	/* EX 0.3 { see vga_attribute in <lab0/vga.h> */
	return (uint8_t)((ground & 7) << 4 | (text & 15));
	/* EX 0.3 } (void)text; (void)ground; todo("0.3"); */
}

void
vga_clear(struct vga *vga)
{
	/* EX 0.3 { see vga_clear in <lab0/vga.h> */
	for (unsigned i = 0; i < VGA_CELLS; i++)
		vga->cells[i] = cell(vga, ' ');
	vga->column = 0;
	vga->row = 0;
	/* EX 0.3 } (void)vga; todo("0.3"); */
}

void
vga_putc(struct vga *vga, char c)
{
	/* EX 0.3 { see vga_putc in <lab0/vga.h> */
	unsigned row = vga->row * VGA_COLUMNS;

	switch (c) {
	case '\n':
		vga->column = VGA_COLUMNS;
		break;
	case '\r':
		vga->column = 0;
		break;
	case '\b':
		if (vga->column > 0)
			vga->column--;
		break;
	case '\t':
		do
			vga->cells[row + vga->column++] = cell(vga, ' ');
		while (vga->column % VGA_TAB);
		break;
	default:
		vga->cells[row + vga->column++] = cell(vga, c);
	}

	if (vga->column == VGA_COLUMNS) {
		vga->column = 0;
		vga->row++;
	}
	if (vga->row == VGA_ROWS) {
		vga->row--;
		scroll(vga);
	}
	/* EX 0.3 } (void)vga; (void)c; todo("0.3"); */
}

void
vga_cursor(const struct vga *vga)
{
	/* EX 0.3 { see vga_cursor in <lab0/vga.h> */
	unsigned at = vga->row * VGA_COLUMNS + vga->column;

	outb(CRTC_CURSOR_HIGH, VGA_CRTC_INDEX);
	outb(at >> 8, VGA_CRTC_DATA);
	outb(CRTC_CURSOR_LOW, VGA_CRTC_INDEX);
	outb(at & 0xff, VGA_CRTC_DATA);
	/* EX 0.3 } (void)vga; todo("0.3"); */
}
