/* SPDX-License-Identifier: MIT */
/*
 * vga_console.c - the VGA text screen as a console.
 *
 * Owns      the text screen at VGA_TEXT_PADDR.
 * Stands on vga.h (exercise 0.3), the boot facts.
 */
#include <lab0/vga.h>

#include <lab0/bootfacts.h>
#include <lab0/console.h>
#include <lab0/errno.h>
#include <lab0/memory_layout.h>

static struct vga screen;

/* Without a screen in text mode, no memory answers there. */
static bool
cells_answer(volatile uint16_t *cell)
{
	uint16_t before = *cell;

	*cell = 0x0755;
	bool answers = *cell == 0x0755;
	*cell = 0x07aa;
	answers = answers && *cell == 0x07aa;
	*cell = before;
	return answers;
}

static int
vga_probe(void)
{
	if (boot_facts()->framebuffer.kind == FRAMEBUFFER_RGB)
		return -ENODEV;		/* in graphics: fbcon.c has it */
	screen.cells = phys_to_virt(VGA_TEXT_PADDR);
	if (!cells_answer(&screen.cells[VGA_CELLS - 1]))
		return -ENODEV;

	screen.attribute = vga_attribute(COLOR_GREY, COLOR_BLACK);
	vga_clear(&screen);
	vga_cursor(&screen);
	return 0;
}

static void
vga_write(const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++)
		vga_putc(&screen, text[i]);
	vga_cursor(&screen);
}

/* A new ground on an empty screen covers all of it. */
static void
vga_color(enum console_color text, enum console_color ground)
{
	screen.attribute = vga_attribute(text, ground);
	if (screen.row == 0 && screen.column == 0)
		vga_clear(&screen);
}

static const struct console vga_console = {
	.name = "vga",
	.exercise = "0.3",
	.probe = vga_probe,
	.write = vga_write,
	.color = vga_color,
};
CONSOLE_ADD(vga_console);
