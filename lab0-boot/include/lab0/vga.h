/* SPDX-License-Identifier: MIT */
/*
 * vga.h - the VGA text screen, 80 columns by 25 rows (exercise 0.3).
 *
 * The screen is an array of cells in memory, row by row; a cell is a character
 * in its low byte and an attribute in its high byte:
 *
 *	 15  14..12   11..8    7..0
 *	[blink ground  text | character]
 *
 * The functions work on a struct vga, so that a test can hand them an array of
 * its own instead of the screen.
 *
 * Source    IBM PS/2 Hardware Interface Technical Reference, "Video
 *           Subsystem"; FreeVGA "VGA Text Mode Operation".
 */
#ifndef LAB0_VGA_H
#define LAB0_VGA_H

#include <lab0/types.h>

enum {
	VGA_COLUMNS = 80,
	VGA_ROWS = 25,
	VGA_CELLS = VGA_COLUMNS * VGA_ROWS,
	VGA_TEXT_PADDR = 0xb8000,	/* physical address of the cells */
	VGA_TAB = 8,			/* a tab stop every 8 columns */
};

/* The CRT controller: write a register's number to INDEX, its byte to DATA. */
enum {
	VGA_CRTC_INDEX = 0x3d4,
	VGA_CRTC_DATA = 0x3d5,
	CRTC_CURSOR_HIGH = 0x0e,	/* cell number of the cursor */
	CRTC_CURSOR_LOW = 0x0f,
};

/* A text screen. All fields belong to the caller; no lock. */
struct vga {
	volatile uint16_t *cells;	/* VGA_CELLS of them */
	unsigned	column;		/* where the next character goes: */
	unsigned	row;		/* 0..79, 0..24 */
	uint8_t		attribute;	/* of the cells written from now on */
};

/*
 * The attribute byte of two colours.
 *
 * text      0..15
 * ground    0..7 (of larger numbers the low three bits count: the fourth bit
 *           would make the text blink)
 */
uint8_t vga_attribute(unsigned text, unsigned ground);

/* Fill the screen with blanks in the current attribute; cursor top left. */
void vga_clear(struct vga *vga);

/*
 * Write one character at the cursor and move on.
 *
 * c         '\n' goes to the start of the next row, '\r' to the start of this
 *           one, '\b' one column back (not beyond the first; erases nothing),
 *           '\t' to the next tab stop, writing blanks on its way (in columns
 *           72..79: to the end of the row, so on to the next one); any other
 *           byte is shown as it is.
 *
 * After column 79 comes column 0 of the next row, at once. Moving below the
 * last row scrolls: every row moves up by one, the last becomes blanks in the
 * current attribute, and the cursor stays on it. Touches the cells only, not
 * the hardware cursor.
 */
void vga_putc(struct vga *vga, char c);

/* Show the hardware cursor where the next character goes. */
void vga_cursor(const struct vga *vga);

#endif
