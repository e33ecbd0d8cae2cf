/* SPDX-License-Identifier: MIT */
/*
 * vga_test.c - exercise 0.3 on a screen in ordinary memory.
 *
 * Stands on vga.h only.
 */
#include <lab0/vga.h>

#include <lab0/ktest.h>
#include <lab0/string.h>

enum {
	GUARD = VGA_COLUMNS,		/* cells around the screen */
	GUARD_CELL = 0xbeef,
	ATTRIBUTE = 0x1e,
};

static uint16_t memory[GUARD + VGA_CELLS + GUARD];

static struct vga
fresh(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(memory); i++)
		memory[i] = GUARD_CELL;

	struct vga vga = { .cells = &memory[GUARD], .attribute = ATTRIBUTE };
	vga_clear(&vga);
	return vga;
}

static void
type(struct vga *vga, const char *text)
{
	for (; *text; text++)
		vga_putc(vga, *text);
}

/* The characters of a row without the blanks at its end. */
static const char *
row(const struct vga *vga, unsigned number)
{
	static char text[VGA_COLUMNS + 1];
	unsigned end = 0;

	for (unsigned i = 0; i < VGA_COLUMNS; i++) {
		text[i] = (char)vga->cells[number * VGA_COLUMNS + i];
		if (text[i] != ' ')
			end = i + 1;
	}
	text[end] = '\0';
	return text;
}

static bool
guards_are_whole(void)
{
	for (unsigned i = 0; i < GUARD; i++)
		if (memory[i] != GUARD_CELL ||
		    memory[GUARD + VGA_CELLS + i] != GUARD_CELL)
			return false;
	return true;
}

/* Text goes into the cells from the top left on, with its attribute, and a
 * newline starts the next row. */
KTEST(vga_shows_text_and_starts_rows, .exercise = "0.3", .weight = 5,
    .plain = true)
{
	struct vga vga = fresh();

	expect_eq(vga.cells[0], ATTRIBUTE << 8 | ' ');
	expect_eq(vga.cells[VGA_CELLS - 1], ATTRIBUTE << 8 | ' ');
	type(&vga, "first\nsecond row\n\nfourth");
	expect_eq(vga.cells[0], ATTRIBUTE << 8 | 'f');
	expect_streq(row(&vga, 0), "first");
	expect_streq(row(&vga, 1), "second row");
	expect_streq(row(&vga, 2), "");
	expect_streq(row(&vga, 3), "fourth");
	expect_eq(vga.row, 3);
	expect_eq(vga.column, 6);

	vga.attribute = vga_attribute(15, 4);
	expect_eq(vga.attribute, 0x4f);
	vga_putc(&vga, '!');
	expect_eq(vga.cells[3 * VGA_COLUMNS + 6], 0x4f00 | '!');
	expect_eq(vga.cells[3 * VGA_COLUMNS + 5], ATTRIBUTE << 8 | 'h');
}

/* Below the last row everything moves up by one row, colours too, and the new
 * row is blank in the current attribute. */
KTEST(vga_scrolls_by_one_row, .exercise = "0.3", .weight = 1)
{
	struct vga vga = fresh();
	char line[] = "row ?\n";

	for (unsigned i = 0; i < VGA_ROWS; i++) {
		line[4] = (char)('a' + i);
		vga.attribute = (uint8_t)(0x10 + i % 8);
		type(&vga, line);
	}
	expect_streq(row(&vga, 0), "row b");
	expect_streq(row(&vga, VGA_ROWS - 2), "row y");
	expect_streq(row(&vga, VGA_ROWS - 1), "");
	expect_eq(vga.row, VGA_ROWS - 1);
	expect_eq(vga.column, 0);
	expect_eq(vga.cells[0] >> 8, 0x11);
	expect_eq(vga.cells[VGA_COLUMNS * 2] >> 8, 0x13);
	vga.attribute = 0x2a;
	vga_putc(&vga, '\n');
	expect_eq(vga.cells[VGA_CELLS - 1], 0x2a00 | ' ');
	expect_streq(row(&vga, 0), "row c");
	expect(guards_are_whole());
}

/* After the last column the next row begins at once; in the last row that
 * scrolls. Nothing outside the screen is written. */
KTEST(vga_wraps_at_the_last_column, .exercise = "0.3", .weight = 1)
{
	struct vga vga = fresh();

	for (unsigned i = 0; i < VGA_COLUMNS; i++)
		vga_putc(&vga, '-');
	expect_eq(vga.row, 1);
	expect_eq(vga.column, 0);
	vga_putc(&vga, '+');
	expect_eq((char)vga.cells[VGA_COLUMNS], '+');

	vga = fresh();
	for (unsigned i = 0; i < VGA_CELLS - 1; i++)
		vga_putc(&vga, 'x');
	expect_eq((char)vga.cells[0], 'x');
	expect_eq(vga.column, VGA_COLUMNS - 1);
	vga_putc(&vga, 'y');
	expect_eq(vga.row, VGA_ROWS - 1);
	expect_eq(vga.column, 0);
	expect_eq((char)vga.cells[VGA_CELLS - VGA_COLUMNS - 1], 'y');
	expect_streq(row(&vga, VGA_ROWS - 1), "");
	expect(guards_are_whole());
}

/* \r, \b and \t move as the header says, and any other byte is shown. */
KTEST(vga_obeys_control_characters, .exercise = "0.3", .weight = 1)
{
	struct vga vga = fresh();

	type(&vga, "hello\rJ");
	expect_streq(row(&vga, 0), "Jello");
	type(&vga, "\b\b\b");
	expect_eq(vga.column, 0);
	expect_eq(vga.row, 0);
	expect_streq(row(&vga, 0), "Jello");

	type(&vga, "ab\tc");
	ktest_note("\"ab\" and a tab over \"Jello\": columns 2..7 turn blank");
	expect_streq(row(&vga, 0), "ab      c");
	type(&vga, "\n12345678\tx\n\ty");
	expect_streq(row(&vga, 1), "12345678        x");
	expect_streq(row(&vga, 2), "        y");

	type(&vga, "\r\n");
	for (unsigned i = 0; i < VGA_COLUMNS - 1; i++)
		vga_putc(&vga, '.');
	vga_putc(&vga, '\t');
	expect_eq(vga.row, 4);
	expect_eq(vga.column, 0);
	vga_putc(&vga, (char)0xfe);
	vga_putc(&vga, '\a');
	expect_eq(vga.cells[4 * VGA_COLUMNS], ATTRIBUTE << 8 | 0xfe);
	expect_eq(vga.cells[4 * VGA_COLUMNS + 1], ATTRIBUTE << 8 | 7);
	expect(guards_are_whole());
}

/* The ground has eight colours: a ninth would make the text blink. */
KTEST(vga_attribute_never_blinks, .exercise = "0.3", .weight = 1)
{
	ktest_note("of a ground from 8 on the low three bits count: bit 7 of "
	    "an attribute makes its text blink");
	for (unsigned text = 0; text < 16; text++)
		for (unsigned ground = 0; ground < 16; ground++)
			expect_eq(vga_attribute(text, ground),
			    (ground % 8) * 16 + text);
}
