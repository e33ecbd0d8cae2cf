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
	/* Exercise 0.3 (1 of 5): a helper of vga_putc: write or delete it */
	(void)vga; todo("0.3");
}

uint8_t
vga_attribute(unsigned text, unsigned ground)
{
	/* Exercise 0.3 (2 of 5): see vga_attribute in <lab0/vga.h> */
	(void)text; (void)ground; todo("0.3");
}

void
vga_clear(struct vga *vga)
{
	/* Exercise 0.3 (3 of 5): see vga_clear in <lab0/vga.h> */
	(void)vga; todo("0.3");
}

void
vga_putc(struct vga *vga, char c)
{
	/* Exercise 0.3 (4 of 5): see vga_putc in <lab0/vga.h> */
	(void)vga; (void)c; todo("0.3");
}

void
vga_cursor(const struct vga *vga)
{
	/* Exercise 0.3 (5 of 5): see vga_cursor in <lab0/vga.h> */
	(void)vga; todo("0.3");
}
